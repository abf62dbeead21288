"""Poison between good mails, with the real process: three tries, quarantine, and nobody waits for it (F29, R4)."""

from collections import Counter
from typing import Any

import pytest

from tests import poison
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import must_hold
from tests.servers.letters import letter
from tests.servers.logs import events

pytestmark = pytest.mark.dovecot

#: The real program whose parser processes meet poison; its limits are short, and one rule chokes on one subject.
_POISONED = """
from functools import partial
from mailcase import bench, house
from mailcase.intake import reader
from tests import poison
reader._CHUNK_SECONDS = 2.0
house.Reader = partial(reader.Reader, timeout=4.0, memory=64 << 20)
house.read_all = poison.read_all
decide = bench.decide
def choking(email, *rest):
    if "choke" in email.subject:
        raise RecursionError("a rule has a fault")
    return decide(email, *rest)
bench.decide = choking
from mailcase.cli.main import main
main()
"""
GOOD = 12
DEADLY = {
    "raises": (poison.RAISE, "a parser has a fault"),
    "hangs": (poison.HANG, "not read within"),
    "eats memory": (poison.MEMORY, "MemoryError"),
    "kills its process": (poison.ABORT, "died"),
}


class PoisonedDesk:
    """A desk whose program meets poison."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.desk._command = self._command  # type: ignore[method-assign]  # of this one desk

    def _command(self, *args: str) -> list[str]:
        return ["-c", _POISONED, "--config", str(self.desk.config), *args]

    def events(self, *words: str) -> list[dict[str, Any]]:
        """What the daemon wrote of these kinds, in order."""
        return events(self.desk.dir / "daemon.log", *words)


def poisoned(name: str) -> bytes:
    """A letter whose reading ends as its name says."""
    word, _ = DEADLY[name]
    return word + b"\r\n" + letter(name.replace(" ", "-"))


def between_good_ones(bad: list[bytes]) -> list[bytes]:
    """Good mails with the bad ones at even distance among them."""
    step = GOOD // (len(bad) + 1)
    mails = [letter(number) for number in range(GOOD)]
    for place, one in enumerate(bad, 1):
        mails.insert(place * step + place - 1, one)
    return mails


def test_poison_of_every_kind_is_shunted_after_three_tries_and_the_good_are_decided_before(
    open_desk: OpenDesk,
) -> None:
    desk = open_desk()
    mad = PoisonedDesk(desk)
    assert desk.once() == 0
    mails = between_good_ones([*map(poisoned, DEADLY), letter("choke", subject="choke on this")])
    for one in mails:
        desk.put(one)
    daemon = desk.run()
    desk.wait(lambda: len(mad.events("quarantined")) == len(mails) - GOOD, "all poison is shunted", seconds=60)
    desk.wait(lambda: len(desk.sink.mails) == GOOD, "the good ones are answered")
    assert desk.stop(daemon) == 0

    outcomes = Counter(one["outcome"] for one in desk.deliveries())
    assert outcomes == {"created": GOOD, "quarantined": len(mails) - GOOD}
    assert sorted(desk.sink.to) == sorted(f"c{number}@visitor.example" for number in range(GOOD))
    told = {one["error"]: one["attempts"] for one in desk.json("quarantine", "list")}
    for error in ("a rule has a fault", *(why for _, why in DEADLY.values())):
        assert [tries for one, tries in told.items() if error in one] == [3], told
    killed = [one["error"] for one in mad.events("parser_killed")]
    for ended in ("not read within", "died"):  # on a busy machine not each end is told: the pool breaks with it
        assert any(ended in one for one in killed), killed
    assert len([one for one in mad.events("delivery_retry") if "a rule has a fault" in one["error"]]) == 3

    order = [one["event"] for one in mad.events("delivery", "quarantined")]
    hung = [one["error"] for one in mad.events("quarantined") if "not read within" in one["error"]]
    assert hung
    last_good = max(place for place, event in enumerate(order) if event == "delivery")
    unreadable = [
        place
        for place, one in enumerate(mad.events("delivery", "quarantined"))
        if one["event"] == "quarantined" and one["reason"] == "unreadable"
    ]
    assert last_good < min(unreadable), order
    must_hold(desk, mails)


def test_every_poisoned_mail_can_be_tried_again_when_the_fault_is_mended(open_desk: OpenDesk) -> None:
    desk = open_desk()
    mad = PoisonedDesk(desk)
    assert desk.once() == 0
    bad = [poisoned("raises"), poisoned("kills its process"), letter("choke", subject="choke on this")]
    for one in bad:
        desk.put(one)
    desk.once()
    waiting = desk.json("quarantine", "list")
    assert [len(waiting), desk.cases()] == [len(bad), []]
    desk._command = lambda *args: Desk._command(desk, *args)  # type: ignore[method-assign]  # the mended program
    assert mad.desk.call("quarantine", "retry").returncode == 0
    assert {one["outcome"] for one in desk.deliveries()} == {"created"}
    assert len(desk.cases()) == len(bad)

"""A Maildir mailbox with the real program: mail becomes cases, answered once, whatever is killed (P1-P3)."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import desk_scene, findings, must_hold
from tests.servers.letters import letter
from tests.servers.maildir import Maildir

pytestmark = pytest.mark.dovecot  # the desk has one, which is not used here

Opened = Callable[[], tuple[Desk, Maildir]]


@pytest.fixture
def opened(open_desk: OpenDesk) -> Opened:
    """A desk whose mailbox is a Maildir; decided mail is moved to Done."""

    def make() -> tuple[Desk, Maildir]:
        desk = open_desk()
        section = '[mailbox.maildir]\npath = "Maildir"\npoll = "1s"\nafter = "move:Done"\n'
        text = re.sub(r"\[mailbox\.imap\].*?(?=\[mailbox\.smtp\])", section, desk.config.read_text(), flags=re.S)
        desk.config.write_text(text)
        return desk, Maildir(desk.dir / "Maildir")

    return make


def log(desk: Desk) -> str:
    return Path(desk.dir / "daemon.log").read_text()


def test_what_is_dropped_becomes_a_case_and_what_lay_there_is_left_alone(opened: Opened) -> None:
    desk, box = opened()
    old = box.put(letter(0))
    daemon = desk.run()
    desk.wait(lambda: "baseline_set" in log(desk), "it has looked")
    new = box.put(letter(1))
    desk.wait(lambda: desk.sink.to == ["c1@visitor.example"], "the answer left")
    desk.wait(lambda: box.places() == [f"new/{old.name}"], "the file is moved")
    assert desk.stop(daemon) == 0
    assert box.places(".Done") == [f"new/{new.name}"]
    assert desk.once() == 0
    assert [one["outcome"] for one in desk.deliveries()] == ["created"]
    assert desk.states() == {"sent": 1}
    (taken,) = desk.json("ingest", str(box.path / ".Done" / "new" / new.name), "--mailbox", "support")
    assert taken["outcome"] == "duplicate"


#: Where it is killed, and how many mails are dropped before; in this order none is under way at three kills.
PLAN = (
    ("after_fetch", 2), ("after_journal", 0), ("before_commit", 1), ("after_commit", 0),
    ("before_mark", 0), ("after_move", 0), ("after_mark", 0), ("", 0),
)  # fmt: skip


def test_killed_anywhere_nothing_is_lost_and_nothing_is_doubled(opened: Opened) -> None:
    desk, box = opened()
    assert desk.once() == 0
    put: list[bytes] = []
    for point, new in PLAN:
        for _ in range(new):
            put.append(letter(len(put)))
            box.put(put[-1])
        assert desk.once(fault=point) == (-signal.SIGKILL if point else 0), point
        assert findings(desk_scene(desk, (), shelf=None, call=None, may_wait=True)) == [], point
        if point == "after_move":
            assert (len(box.places()), len(box.places(".Done"))) == (2, 1)
    must_hold(desk, put, shelf=box)
    assert [one["outcome"] for one in desk.deliveries()] == ["created"] * len(put)
    assert (len(desk.cases()), box.places(), len(box.places(".Done"))) == (len(put), [], len(put))
    assert sorted(desk.sink.to) == [f"c{number}@visitor.example" for number in range(len(put))]

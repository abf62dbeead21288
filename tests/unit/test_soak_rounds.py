"""BURST, CLOCK, RELAY and DAEMONS after an interruption: what had ended stays, and only the rest is done again."""

from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from soak import burst, clock, daemons, relay
from soak._rounds import Round, outcome
from soak.part import Outcome, Part, Work
from soak.running import Asked, run
from tests.servers.burst import Burst
from tests.servers.desk import Desk
from tests.servers.letters import letter


def again(name: str, part: object, folder: Path) -> Outcome:
    """Interrupted once, then to its end; what came of it."""
    asked = Asked(name, cast(Part, part), folder)
    with pytest.raises(KeyboardInterrupt):
        run(asked, lambda _: None, lambda _: None)
    return run(asked, lambda _: None, lambda _: None)


def a_round(seed: int = 7, **over: Any) -> Round:
    numbers = {"laid": 5, "lmtp": 4, "customer": 2, "agent": 1, "threads": 6, "cases": 6, "relay": 9, "bytes": 100}
    fine = {"outbox": {"reply sent": 1}, "outcomes": {"created": 6}, "troubles": {"kill": 2}, "found": []}
    rest = {"audit": "sound", "sound": True, "quarantined": [], "settled": 3.0, "stuck": "", "statuses": [0, 0, 0]}
    return {"seed": seed, "numbers": numbers, **fine, **rest, **over}


def test_an_interrupted_round_of_daemons_is_done_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(_work: Work, mails: int, _seconds: float) -> Round:
        asked.append(mails)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return a_round(len(asked), settled=float(len(asked)))

    asked: list[int] = []
    monkeypatch.setattr(daemons, "_round", one)
    monkeypatch.setenv("SOAK_MAILS", "1000")
    found = again("daemons", daemons, tmp_path)
    assert asked == [333, 333, 333, 334]
    assert found.held
    assert "3 rounds, seeds 1, 3, 4: 27 mails (15 in Maildirs, 12 LMTP" in found.lines[0]
    assert "settled 4 s after the last trouble at most; databases 300 bytes" in found.lines[3]


@pytest.mark.parametrize(
    "wrong", [{"found": ["a case too many"]}, {"stuck": "1 undecided"}, {"statuses": [0, 1, 0]}, {"sound": False}]
)
def test_one_bad_round_is_a_failure(wrong: dict[str, Any]) -> None:
    assert outcome([a_round(), a_round()]).good
    told = outcome([a_round(), a_round(8, **wrong)])
    assert not told.good
    named = [*wrong.get("found", []), *([wrong["stuck"]] if "stuck" in wrong else [])]
    assert all(f"seed 8: {one}" in "\n".join(told.lines) for one in named)


def test_a_relay_that_was_waited_for_is_not_waited_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(_stack: ExitStack, _timeout: int) -> object:
        begun.append(1)
        return SimpleNamespace(desk=SimpleNamespace(states=dict))

    def ended(_one: object, wanted: str, seconds: int) -> dict[str, Any]:
        looked.append(wanted)
        if looked == ["sent", "uncertain"]:
            raise KeyboardInterrupt
        return {"good": True, "states": {wanted: 1}, "mails": 1, "found": [], "after": seconds}

    begun: list[int] = []
    looked: list[str] = []
    monkeypatch.setattr(relay, "_waiting", waits)
    monkeypatch.setattr(relay, "_ended", ended)
    monkeypatch.setattr("soak.relay.time.sleep", lambda _: None)
    found = again("relay", relay, tmp_path)
    assert (len(begun), looked) == (3, ["sent", "uncertain", "uncertain"])
    assert found.held
    assert found.lines[0] == "answer after 540 s: {'sent': 1}; no answer after 660 s: {'uncertain': 1}"


def test_a_row_of_clock_jumps_that_ended_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def row(_work: Work, jumps: dict[str, Any], _library: Path) -> dict[str, list[str]]:
        tried.append(next(iter(jumps)))
        if len(tried) == 2:
            raise KeyboardInterrupt
        return {"lines": list(jumps), "found": []}

    tried: list[str] = []
    (tmp_path / "libfaketimeMT.so.1").touch()
    monkeypatch.setattr(clock, "_LIBRARIES", (str(tmp_path),))
    monkeypatch.setattr(clock, "_row", row)
    found = again("clock", clock, tmp_path)
    firsts = [next(iter(jumps)) for jumps in clock.ROWS.values()]
    assert tried == [firsts[0], firsts[1], *firsts[1:]]
    assert found.held
    assert found.lines == tuple(name for jumps in clock.ROWS.values() for name in jumps)


def test_a_flood_that_lies_there_is_gone_on_with_unless_the_servers_were_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst, "_PLACES", tmp_path)
    work = Work(tmp_path / "burst", 1.0)
    first = burst.place_of(work)
    second = burst.place_of(work)  # nothing lay in the first one yet
    assert (first.exists(), second.exists()) == (False, True)
    work.keep("known", {"flood": 500})
    (second / "left").touch()
    assert burst.place_of(work) == second
    (second / "left").unlink()  # nobody wrote down what the relay had got
    third = burst.place_of(work)
    assert (second.exists(), third.exists(), work.kept("known", {})) == (False, True, {})


@pytest.mark.parametrize("name", ["", ".", "..", "mc-soak-burst-x/..", "somebody", "below/mc-soak-burst-x"])
def test_no_folder_but_one_of_a_burst_is_ever_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    taken: list[Path] = []
    monkeypatch.setattr(burst, "_PLACES", tmp_path)
    monkeypatch.setattr("soak.burst.shutil.rmtree", lambda place, **_: taken.append(place))
    for place in (Path(name), tmp_path / name):
        with pytest.raises(ValueError, match="no folder of a burst"):
            burst.forget(place)
    burst.forget(tmp_path / "mc-soak-burst-x")
    assert taken == [tmp_path / "mc-soak-burst-x"]


def test_mail_that_came_just_before_an_interruption_is_known_again(tmp_path: Path) -> None:
    config = tmp_path / "mailcase.toml"
    config.write_text('[[mailbox]]\nname = "support"\naddress = "support@x"\nuser = "user"\n')
    there = {"user": [letter(0)], "small0": [letter(1), letter(2)]}
    dovecot = SimpleNamespace(mails=lambda user: there.get(user, []))
    flood = Burst(cast(Desk, SimpleNamespace(config=config, dovecot=dovecot)))
    lost, kept, late = (f"<m{number}@visitor.example>" for number in (9, 1, 2))
    known = {"put": {**flood.put, "support": [lost], "small0": [kept]}, "delays": [1.5], "trickled": 3, "overtaken": 8}
    burst.go_on(flood, known)
    assert flood.put["small0"] == [kept, late]
    assert flood.put["support"] == [lost, "<m0@visitor.example>"]  # what was put and is no longer there is missed
    assert (flood.delays, flood.trickled, flood.overtaken, next(flood._numbers)) == ([1.5], 3, 8, 4)

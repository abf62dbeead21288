"""Who is still heard of: a daemon that was killed is not taken for one that runs, nor a slow one for gone."""

from datetime import timedelta
from typing import Any

import pytest

from mailcase.health.heard import heard
from mailcase.health.situation import DaemonTold, Facts
from tests.builders import NOW

SECOND = timedelta(seconds=1)


def row(owner: str, *, seen: float, started: float = 3600, host: str = "host", config: str = "/x.toml") -> DaemonTold:
    """A daemon that was started and last told something so many seconds ago."""
    return DaemonTold(owner, host, 7, "1.2", NOW - started * SECOND, NOW - seen * SECOND, Facts(config=config))


@pytest.mark.parametrize(
    ("rows", "alone", "wanted"),
    [
        ([row("a", seen=20)], False, [("runs", None)]),
        ([row("a", seen=25)], False, [("silent", None)]),
        ([row("a", seen=60)], False, [("gone", None)]),
        # of several daemons on one store another that was started later is no proof, but says why one is silent
        ([row("a", seen=24), row("b", seen=1, started=10)], False, [("runs", None)] * 2),
        ([row("a", seen=25), row("b", seen=1, started=10)], False, [("silent", "b"), ("runs", None)]),
        ([row("a", seen=25), row("b", seen=1, started=10, host="other")], False, [("silent", None), ("runs", None)]),
        ([row("a", seen=25), row("b", seen=1, started=10, config="/y")], False, [("silent", None), ("runs", None)]),
        ([row("a", seen=25), row("b", seen=1, started=26)], False, [("silent", None), ("runs", None)]),
        ([row("a", seen=25), row("b", seen=61, started=10)], False, [("silent", None), ("gone", None)]),
        # the lock of a SQLite store admits one
        ([row("a", seen=12), row("b", seen=1, started=10, host="new")], True, [("gone", "b"), ("runs", None)]),
        ([row("a", seen=70), row("b", seen=1, started=10)], True, [("gone", "b"), ("runs", None)]),
    ],
)
def test_who_is_heard_of(rows: list[DaemonTold], alone: bool, wanted: list[Any]) -> None:
    found = heard(rows, NOW, alone=alone)
    assert [(one.way, one.successor and one.successor.owner) for one in found] == wanted
    assert [one.lives for one in found] == [way != "gone" for way, _ in wanted]

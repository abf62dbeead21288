"""The lines of `mailcase status` on daemons and open alarms: who is heard of, and what is over already."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from mailcase.cli.output import safe
from mailcase.health.situation import GONE_AFTER

At = Callable[[datetime | None], str]  # a moment as people read it
_GONE_S: Final = GONE_AFTER.total_seconds()


def shown(daemons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The daemons to tell of; one that said nothing for its time is forgotten where another lives."""
    some = any(one["alive"] for one in daemons)
    return [one for one in daemons if one["alive"] or not some or one["silent_s"] < _GONE_S]


def daemon_line(one: Mapping[str, Any], at: At) -> str:
    """Who it is and whether it runs; of one that fell silent, since when and until when it is still counted."""
    who = f"mailcase {one['version']} on {one['host']} (pid {one['pid']})"
    other = f"pid {one['successor']['pid']}" if one["successor"] else ""
    left = max(0.0, _GONE_S - one["silent_s"])
    if one["way"] == "silent":
        since = f" ({other} was started there since)" if other else ""
        return f"{who} has not been heard of for {one['silent_s']:.0f} s{since}; it counts as gone in {left:.0f} s"
    if one["way"] == "gone":
        follows = f"; {other} runs in its place, it is forgotten in {left:.0f} s" if other else ""
        return f"{who} is gone, last seen {at(one['seen_at'])}{follows}"
    return f"{who} runs since {at(one['started_at'])}, policy {one['policy']}"


def daemon_mark(one: Mapping[str, Any]) -> str:
    """One that fell silent is neither well nor gone for certain, unless another runs in its place."""
    return "??" if one["way"] == "silent" or (one["way"] == "gone" and not one["successor"]) else "ok"


def alarm_lines(alarms: Sequence[Mapping[str, Any]], at: At) -> Iterator[str]:
    """A line an alarm: it holds, it is over and about to close, or nobody can say yet."""
    for one in alarms:
        told = f"told {at(one['told_at'])}" if one["told_at"] else "nobody was told: [alarm] to is empty"
        name = f"{one['mailbox']}: {one['condition']}" if one["mailbox"] else one["condition"]
        began = f"{name} since {at(one['since'])}, {told}"
        if one["over_since"]:
            over = f"{name} is over since {at(one['over_since'])}, its alarm closes at {at(one['closes_at'])}"
            yield _line("ok", "trouble is over", over)
        elif one["holds"]:
            yield _line("!!", "alarm open", began)
        else:
            yield _line("ok", "alarm open", f"{began}; not seen now, it closes once that is certain")


def _line(mark: str, name: str, text: str) -> str:
    return f"{mark:<3} {name:<20} {safe(text)}"

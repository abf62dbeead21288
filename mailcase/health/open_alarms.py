"""Which of the open alarms still hold, and which are over and about to close, for `mailcase status`. Pure."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from mailcase.health.conditions import Condition
from mailcase.health.situation import AlarmTold, DaemonTold


def alarms(
    is_open: Iterable[AlarmTold], found: Iterable[Condition], living: Collection[DaemonTold], after: timedelta
) -> Iterator[dict[str, Any]]:
    """The entries of `status --json`.

    Args:
        is_open: the alarms that are open in the store.
        found: what needs a person now; an alarm of it `holds`.
        living: the daemons; each tells in Facts.over which alarms it saw to be over, since when (`over_since`).
        after: [alarm] after; so much later such an alarm closes (`closes_at`).
    """
    holding = {one.key for one in found}
    for one in is_open:
        since = None if one.key in holding else _over(one.key, living)
        yield {
            "condition": one.word, "mailbox": one.mailbox, "since": one.since, "told_at": one.told_at,
            "text": one.text, "holds": one.key in holding, "over_since": since,
            "closes_at": since + after if since else None,
        }  # fmt: skip


def _over(key: str, living: Iterable[DaemonTold]) -> datetime | None:
    return min((one.facts.over[key] for one in living if key in one.facts.over), default=None)

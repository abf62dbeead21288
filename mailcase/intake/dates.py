"""Dates that no grammar allows and every reader understands: zone forgotten, words in another order."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final

LONGEST: Final = 200  # characters of a Date header
_OLDEST: Final = 1970
_WIDEST_ZONE: Final = 24 * 3600  # seconds
# What mail-parser understood and found to be no moment in time stays without one.
_FINAL_REASONS: Final = frozenset({"date-out-of-range", "invalid-zone", "invalid-calendar-date", "invalid-time"})


def lenient(text: str, reasons: set[str]) -> datetime | None:
    """The moment of a Date header that mail-parser did not accept for `reasons`, in UTC, or None."""
    if reasons & _FINAL_REASONS:
        return None
    try:
        parsed = parsedate_tz(text[:LONGEST])
        if parsed is None or parsed[0] < _OLDEST:
            return None
        offset = parsed[9] or 0
        if abs(offset) > _WIDEST_ZONE:
            return None
        local = datetime(*parsed[:5], min(parsed[5], 59), tzinfo=UTC)
        return local - timedelta(seconds=offset)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None

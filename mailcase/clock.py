"""The shell's clock; the core never reads one."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """This moment, aware UTC."""
    return datetime.now(UTC)

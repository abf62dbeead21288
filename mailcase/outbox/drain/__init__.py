"""The drain: takes due rows of the outbox and sends them; the only thing that ever sends."""

from mailcase.outbox.drain.desk import Call, Report
from mailcase.outbox.drain.drain import Drain

__all__ = ["Call", "Drain", "Report"]

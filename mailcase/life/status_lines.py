"""Lines of a case's history that give it a status."""

from typing import Final

#: Of an act, of `case set`, of a mail that reopens it, that is no junk after all, or that leaves its own case. Their
#: data name it `from` and `to`. An index stands over them (ix_case_event_status): another name needs a migration.
STATUS_EVENTS: Final = ("status", "status_set", "reopened", "accepted", "withdrawn")

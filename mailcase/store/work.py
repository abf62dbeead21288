"""One mail while its decision is applied: what the handlers share, and rows that can wait for the batch's end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.actions import NEW
from mailcase.decision import Decision
from mailcase.errors import Permanent
from mailcase.message import Delivery, Email
from mailcase.ports import CaseFacts, Judge
from mailcase.snapshot import Lookup, Snapshot
from mailcase.store import tables as t
from mailcase.store.hot import Hot

_D = t.delivery.c
_R = t.message_reference.c
_SET_REFERENCE = Hot(
    sa.update(t.message_reference)
    .where(_R.group_name == sa.bindparam("of_group"), _R.msgid == sa.bindparam("of_msgid"))
    .values(message_pk=sa.bindparam("to_pk"))
)
_DECIDED = (
    "group_name", "outcome", "reason", "kind", "linked_by", "case_id", "message_pk", "sender_unverified",
    "acknowledge", "acknowledge_reason", "policy_hash", "decided_at", "error", "message_id", "mail_from",
    "mail_to", "subject", "date",
)  # fmt: skip
_SET_DELIVERY = Hot(
    sa.update(t.delivery)
    .where(_D.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(f"to_{name}") for name in _DECIDED})
)
_INSERT_EVENT, _INSERT_ATTACHMENT = Hot(sa.insert(t.case_event)), Hot(sa.insert(t.attachment))
_INSERT_OUTCOME = Hot(sa.insert(t.delivery_outcome))


class Conflict(Exception):
    """Something changed between reading and writing."""


@dataclass(slots=True)
class Later:
    """Rows that no other mail of the batch reads: written together, once, before the commit."""

    events: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    references: list[dict[str, Any]] = field(default_factory=list)
    histories_written: bool = False  # of the mails before this one, in its savepoint

    def take(self, other: "Later") -> None:
        """Add the rows of a mail whose savepoint was kept."""
        self.events = [*([] if other.histories_written else self.events), *other.events]
        self.attachments += other.attachments
        self.outcomes += other.outcomes
        self.deliveries += other.deliveries
        self.references += other.references

    def write(self, conn: Connection) -> None:
        """Write all, many rows a statement; rows that several mails set go in one order everywhere."""
        _SET_REFERENCE.many(conn, sorted(self.references, key=lambda row: (row["of_group"], row["of_msgid"])))
        _INSERT_EVENT.many(conn, self.events)
        _INSERT_ATTACHMENT.many(conn, self.attachments)
        renamed = [{"b_id": row["id"], **{f"to_{name}": row[name] for name in _DECIDED}} for row in self.deliveries]
        _SET_DELIVERY.many(conn, renamed)
        _INSERT_OUTCOME.many(conn, self.outcomes)


@dataclass(slots=True)
class Work:
    """One decision being carried out."""

    conn: Connection
    email: Email
    delivery: Delivery
    judge: Judge
    lookup: Lookup
    snapshot: Snapshot
    decision: Decision
    later: Later = field(default_factory=Later)
    earlier: Later = field(default_factory=Later)  # of the mails before it in the batch
    message_pk: int | None = None
    message_known: bool = False  # the row was there: the mail is decided again
    contact_id: int | None = None
    account_id: int | None = None
    created: CaseFacts | None = None
    versions: dict[int, int] = field(default_factory=dict)  # of cases that this decision changed
    queued: bool = False
    assignee: str = ""  # of the case just created, picked by its assignment rule

    @property
    def now(self) -> datetime:
        """The moment of the decision."""
        return self.snapshot.now

    @property
    def actor(self) -> str:
        """Who is named in the history."""
        return self.delivery.wish.actor or "mailcase"

    @property
    def pk(self) -> int:
        """The message's row; an action without one is a mistake of the core."""
        if self.message_pk is None:
            raise Permanent(f"a {self.decision.outcome.value} mail has no message for its actions")
        return self.message_pk

    def case(self, running: int) -> int:
        """The running number, also of the case just created."""
        if running != NEW:
            return running
        if self.created is None:
            raise Permanent("an action names the new case before it is created")
        return self.created.running

    def number(self, running: int | None) -> str | None:
        """The number text of a case of this decision."""
        if running is None:
            return None
        if self.created is not None and running in (NEW, self.created.running):
            return self.created.number
        view = self.snapshot.cases.get(running)
        return view.number if view else None

    def version(self, running: int) -> int | None:
        """The version that the case must still have; None if it was not read."""
        view = self.snapshot.cases.get(running)
        return self.versions.get(running, view.version if view else None)

    def write_histories(self) -> None:
        """Write what waits now: an act reads the history, and its own lines stand below."""
        waiting = [] if self.later.histories_written else self.earlier.events
        _INSERT_EVENT.many(self.conn, [*waiting, *self.later.events])
        self.later.events, self.later.histories_written = [], True

    def event(self, running: int, name: str, data: Mapping[str, object]) -> None:
        """Append to the case's history."""
        self.later.events.append(
            {
                "case_id": running, "at": self.now, "event": name, "actor": self.actor,
                "delivery_id": self.delivery.id, "data": dict(data),
            }
        )  # fmt: skip

"""The journal: deliveries, what became of them, and how far each folder was read."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, TEXT, Row

_NOT_OURS = sa.text("reason = 'recipient_not_registered'")


class Delivery(Row, table=True):
    """One message as found once at one source, with its current outcome (null = undecided)."""

    __table_args__ = (
        sa.UniqueConstraint("source", "folder", "key"),
        sa.Index(None, "source", "folder", "uidvalidity", "marked"),
        # Few rows: candidates for an alias (B4), counted without reading the journal.
        sa.Index(
            "ix_delivery_unregistered", "received_at", "mailbox", sqlite_where=_NOT_OURS, postgresql_where=_NOT_OURS
        ),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    mailbox: str = Field(index=True)
    group_name: str | None = None  # known once decided
    source: str
    folder: str
    key: str
    uidvalidity: int | None = Field(default=None, sa_type=BIG)
    uid: int | None = Field(default=None, sa_type=BIG)
    received_at: datetime = Field(index=True)
    journalled_at: datetime
    raw_sha256: str = Field(foreign_key="raw.sha256", index=True)
    size: int = Field(sa_type=BIG)
    attempts: int = 0
    backlog: bool = False
    no_ack: bool = False
    oversize: bool = False
    sent: bool = False  # found in a watched sent folder (B16)
    remainder: dict[str, Any] | None = Field(default=None, sa_type=JSON)  # of an oversize one: ports.Remainder
    marked: bool = False
    outcome: str | None = Field(default=None, index=True)
    reason: str = ""
    kind: str | None = None
    linked_by: str = ""
    case_id: int | None = Field(default=None, sa_type=BIG, foreign_key="case.running")
    message_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id", index=True)
    sender_unverified: bool = False
    acknowledge: bool = False
    acknowledge_reason: str = ""
    policy_hash: str = ""
    decided_at: datetime | None = None
    error: str = Field(default="", sa_type=TEXT)
    message_id: str | None = None
    mail_from: str | None = Field(default=None, sa_type=TEXT)
    mail_to: str | None = Field(default=None, sa_type=TEXT)
    subject: str | None = Field(default=None, sa_type=TEXT)
    date: datetime | None = None


class DeliveryOutcome(Row, table=True):
    """Every outcome that a delivery ever had, with its trace; append-only."""

    __tablename__ = "delivery_outcome"
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    delivery_id: int = Field(sa_type=BIG, foreign_key="delivery.id", index=True)
    at: datetime
    outcome: str
    reason: str
    case_id: int | None = Field(default=None, sa_type=BIG, foreign_key="case.running")
    actor: str = ""
    policy_hash: str = ""
    trace: list[Any] = Field(default_factory=list, sa_type=JSON)  # {"test", "result", "evidence"}


class MailboxCursor(Row, table=True):
    """How far a folder was read (ports.Cursor)."""

    __tablename__ = "mailbox_cursor"
    source: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    mailbox: str
    uidvalidity: int = Field(sa_type=BIG)
    last_uid: int = Field(sa_type=BIG)
    baseline_uid: int = Field(sa_type=BIG)
    baseline_at: datetime | None = None
    start: str
    compared_at: datetime | None = None
    saved_at: datetime


class MaildirBaseline(Row, table=True):
    """A mail that lay in a Maildir at its first connection (B1); files have no UIDs that could tell."""

    __tablename__ = "maildir_baseline"
    source: str = Field(primary_key=True)
    key: str = Field(primary_key=True)  # unique part of the file name

"""Mail that leaves, addresses that get none, and small durable facts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, TEXT, Row


class Outbox(Row, table=True):
    """A mail to be sent, sent, or kept back with its reason. `dedup` allows one acknowledgement a mail (R3)."""

    __table_args__ = (
        sa.Index(None, "state", "next_attempt_at"),
        sa.Index(None, "to_key", "created_at"),
        sa.Index(None, "automatic", "created_at"),
        sa.Index(None, "automatic", "claimed_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    dedup: str = Field(unique=True)  # "ack:<group>:<identity>"
    kind: str  # the rule
    state: str  # pending, sending, sent, failed, suppressed, expired, uncertain, bounced
    reason: str = ""
    mailbox: str
    group_name: str
    case_id: int | None = Field(default=None, sa_type=BIG, foreign_key="case.running", index=True)
    delivery_id: int | None = Field(default=None, sa_type=BIG, foreign_key="delivery.id")
    message_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id", index=True)
    to_key: str
    to_domain: str
    to: str
    to_name: str
    cc: list[str] = Field(default_factory=list, sa_type=JSON)
    automatic: bool
    audience: str = Field(default="customer", sa_column_kwargs={"server_default": "customer"})  # customer, agent
    # What the case must still be when a delay ends (life.notice.Notice.only_while); {}: sent whatever it is.
    only_while: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"})
    files: list[Any] = Field(default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"})
    still_to: list[str] = Field(default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"})  # or all
    attempts: int = 0
    created_at: datetime
    created_hour: int = Field(sa_type=BIG)  # hours since 1970, for the breaker
    next_attempt_at: datetime | None = None
    expires_at: datetime
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    owner: str = ""
    content_key: str = ""  # of the mail that is answered (K10)
    in_reply_to: str | None = None
    message_id: str | None = None
    from_name: str = ""
    from_address: str = ""
    last_error: str = Field(default="", sa_type=TEXT)
    subject: str = Field(default="", sa_type=TEXT)
    headers: list[Any] = Field(default_factory=list, sa_type=JSON)
    text: str = Field(default="", sa_type=TEXT)
    html: str = Field(default="", sa_type=TEXT)


class Suppression(Row, table=True):
    """An address that gets no automatic mail for a time."""

    key: str = Field(primary_key=True)
    until: datetime | None = None  # None: for good
    reason: str
    at: datetime


class Flag(Row, table=True):
    """A small durable fact, such as an open breaker."""

    name: str = Field(primary_key=True)
    value: str

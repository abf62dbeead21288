"""How the daemons and their mailboxes fare, what somebody must look at, and what people asked to be forgotten."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, TEXT, Row


class Daemon(Row, table=True):
    """One running daemon, as it last told of itself; a row that is not renewed is a daemon that is gone."""

    owner: str = Field(primary_key=True)  # host:pid:start, as in the outbox
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    policy_hash: str = ""
    config_error: str = Field(default="", sa_type=TEXT)  # why the last reload was refused; "" when it was taken
    config_error_at: datetime | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # stage times, restart_needed, …


class MailboxHealth(Row, table=True):
    """One mailbox as the daemon that works it last told."""

    __tablename__ = "mailbox_health"
    mailbox: str = Field(primary_key=True)
    owner: str
    source: str
    connected: bool
    last_look: datetime | None = None  # the last look that read every folder to its end
    last_mail: datetime | None = None  # when a new mail was journalled
    lag_s: float = 0.0  # seconds from the arrival of the newest mail to its journal row
    error: str = Field(default="", sa_type=TEXT)
    failing_since: datetime | None = None
    seen_at: datetime


class Alarm(Row, table=True):
    """A condition that a person must look at: told once when it begins, closed when it ends."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    condition: str = Field(index=True)  # "mailbox_unreachable:support"; one open row a condition
    event: str  # the stable word: mailbox_unreachable, login_refused, token_ended, …
    mailbox: str = ""
    text: str = Field(sa_type=TEXT)
    since: datetime
    told_at: datetime | None = None  # when its mail was queued
    ended_at: datetime | None = None


class Erased(Row, table=True):
    """A keyed hash of what was erased on request, so that a redelivery does not bring it back."""

    digest: str = Field(primary_key=True)  # HMAC of an address or a Message-ID, never the thing itself
    what: str  # address, message
    at: datetime


class Relink(Row, table=True):
    """A message that a person put on another case, with what it takes to undo that."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    message_pk: int = Field(sa_type=BIG, foreign_key="message.id", index=True)
    at: datetime
    actor: str
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    undone_at: datetime | None = None

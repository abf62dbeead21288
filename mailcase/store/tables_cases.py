"""Cases with their history, relations, participants and links to mail."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, TEXT, Row


class Case(Row, table=True):
    """A case. Its running number is the key; `origin_pk` is unique, so no mail makes two cases (P2)."""

    # The open cases of a contact or an account are found in the index alone, however many closed ones there are.
    __table_args__ = (
        sa.Index(None, "contact_id", "running", "group_name", "status", "merged_into_id"),
        sa.Index(None, "account_id", "running", "group_name", "status", "merged_into_id"),
    )
    running: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    number: str = Field(unique=True)
    group_name: str
    mailbox: str
    title: str
    status: str = Field(index=True)
    priority: str
    category: str
    source: str
    contact_id: int | None = Field(default=None, sa_type=BIG, foreign_key="contact.id")
    account_id: int | None = Field(default=None, sa_type=BIG, foreign_key="account.id")
    assignee: str = ""
    assignee_group: str = ""
    organization: str = ""
    closing_reason: str = ""
    parent_id: int | None = Field(default=None, sa_type=BIG, foreign_key="case.running")
    merged_into_id: int | None = Field(default=None, sa_type=BIG, foreign_key="case.running")
    origin_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id", unique=True)
    first_kind: str = ""  # kind of the mail that made it
    created_at: datetime
    updated_at: datetime
    version: int = 1  # raised by every change of status, assignee or merge target
    description: str = Field(default="", sa_type=TEXT)


class CaseEvent(Row, table=True):
    """One line of a case's history; append-only."""

    __tablename__ = "case_event"
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    case_id: int = Field(sa_type=BIG, foreign_key="case.running", index=True)
    at: datetime
    event: str
    actor: str
    delivery_id: int | None = Field(default=None, sa_type=BIG, foreign_key="delivery.id")
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class CaseRelation(Row, table=True):
    """Two cases that belong together: `case_id` <relation> `other_id`."""

    __tablename__ = "case_relation"
    case_id: int = Field(sa_type=BIG, primary_key=True, foreign_key="case.running")
    other_id: int = Field(sa_type=BIG, primary_key=True, foreign_key="case.running", index=True)
    relation: str = Field(primary_key=True)
    at: datetime


class CaseParticipant(Row, table=True):
    """An address of From, To or Cc of a case's verified messages (B8)."""

    __tablename__ = "case_participant"
    case_id: int = Field(sa_type=BIG, primary_key=True, foreign_key="case.running")
    key: str = Field(primary_key=True)


class CaseMessage(Row, table=True):
    """The link of a message and a case: at most one a pair (P2)."""

    __tablename__ = "case_message"
    case_id: int = Field(sa_type=BIG, primary_key=True, foreign_key="case.running")
    message_pk: int = Field(sa_type=BIG, primary_key=True, foreign_key="message.id", index=True)
    how: str  # actions.LinkMessage.how, or "sent"
    linked_by: str
    verified: bool
    at: datetime


class Counter(Row, table=True):
    """The last running number given out (SQLite; PostgreSQL has the sequence case_running_seq)."""

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BIG)

"""Cases with their history, relations, participants and links to mail."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.life.status_lines import STATUS_EVENTS
from mailcase.store.tables_base import BIG, JSON, TEXT, Row

#: Conditions of indexes over few rows. SQLite uses such an index only where a query says the very same words.
ASSIGNED: Final = sa.text("assignee <> ''")
STATUS_LINES: Final = sa.text("event IN ({})".format(", ".join(f"'{name}'" for name in STATUS_EVENTS)))


def _some(name: str, *columns: str, where: sa.TextClause) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


class Case(Row, table=True):
    """A case. Its running number is the key; `origin_pk` is unique, so no mail makes two cases (P2)."""

    # The open cases of a contact or an account are found in the index alone, however many closed ones there are.
    __table_args__ = (
        sa.Index(None, "contact_id", "running", "group_name", "status", "merged_into_id"),
        sa.Index(None, "account_id", "running", "group_name", "status", "merged_into_id"),
        _some("ix_case_assignee", "assignee", "status", "merged_into_id", where=ASSIGNED),
        _some("ix_case_parent_id", "parent_id", where=sa.text("parent_id IS NOT NULL")),
        _some("ix_case_merged_into_id", "merged_into_id", where=sa.text("merged_into_id IS NOT NULL")),
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
    version: int = 1  # raised by every change of status, assignee or merge target, and by every act
    support_level: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # 0: not escalated
    expected_at: datetime | None = None  # expected completion
    first_response_at: datetime | None = None  # when an act first answered; reading asks the mails
    resolved_at: datetime | None = None  # while it is resolved or was closed so
    closed_at: datetime | None = None  # while its status is final
    status_before: str = Field(default="", sa_column_kwargs={"server_default": ""})  # what undoing a cancel restores
    article: str = Field(default="", sa_column_kwargs={"server_default": ""})  # link to what the solution rests on
    solution: str = Field(default="", sa_type=TEXT, sa_column_kwargs={"server_default": ""})
    description: str = Field(default="", sa_type=TEXT)


class CaseEvent(Row, table=True):
    """One line of a case's history; append-only."""

    __tablename__ = "case_event"
    __table_args__ = (_some("ix_case_event_status", "at", "case_id", where=STATUS_LINES),)
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
    """The last running number given out (SQLite; PostgreSQL has the sequence case_running_seq); mails found late."""

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BIG)

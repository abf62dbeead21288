"""What agents add to a case: followers, tasks and files."""

from datetime import datetime

from sqlmodel import Field

from mailcase.store.tables_base import BIG, TEXT, Row


class CaseFollower(Row, table=True):
    """An agent who is told what happens on a case that is not his."""

    __tablename__ = "case_follower"
    case_id: int = Field(sa_type=BIG, primary_key=True, foreign_key="case.running")
    key: str = Field(primary_key=True)  # of the agent
    at: datetime


class CaseTask(Row, table=True):
    """A piece of work on a case."""

    __tablename__ = "case_task"
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    case_id: int = Field(sa_type=BIG, foreign_key="case.running", index=True)
    title: str
    assignee: str = ""  # key of an agent
    due_at: datetime | None = None
    state: str = "open"  # open, finished, cancelled
    result: str = Field(default="", sa_type=TEXT)
    created_at: datetime
    created_by: str
    ended_at: datetime | None = None
    ended_by: str = ""


class CaseFile(Row, table=True):
    """A file that an agent put on a case or sent with a reply; its bytes lie where raw mail lies."""

    __tablename__ = "case_file"
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    case_id: int = Field(sa_type=BIG, foreign_key="case.running", index=True)
    message_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id", index=True)  # of the reply
    name: str  # safe for a file system
    type: str
    size: int = Field(sa_type=BIG)
    sha256: str = Field(index=True)
    at: datetime
    by: str

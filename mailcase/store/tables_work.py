"""Who works what, where several daemons share one PostgreSQL (architecture.md: one machine, many machines)."""

from datetime import datetime

from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, Row


class Tenure(Row, table=True):
    """Something that one daemon at a time holds: "mailbox:support", or a daemon's own name, "daemon:host:pid:…".

    Who takes it holds its advisory lock and raises the fence; every write in its name checks that the fence is
    still the one that was raised, so that a daemon that was frozen meanwhile cannot commit.
    """

    name: str = Field(primary_key=True)
    fence: int = Field(default=0, sa_type=BIG)
    owner: str  # who took it last; of a mailbox that is free, who may have it again first
    since: datetime
    wants: list[str] = Field(default_factory=list, sa_type=JSON)  # of a daemon: the mailboxes it is configured for

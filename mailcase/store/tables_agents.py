"""Agents and their groups: who works on cases, and who acts on which organization's."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, Row


class Agent(Row, table=True):
    """One of us, who works on cases. Cases and events name him by his address's key."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    key: str = Field(unique=True)  # message.Address.key
    address: str  # as a person should read it, and as he is written to
    name: str
    language: str = ""  # "" = the default
    timezone: str = ""  # "" = that of [cases]
    role: str = "agent"  # agent, admin
    organizations: list[str] = Field(default_factory=list, sa_type=JSON)  # [] = those without one
    active: bool = True
    created_at: datetime


class AgentGroup(Row, table=True):
    """Agents who share the work: what a case's `assignee_group` names."""

    __tablename__ = "agent_group"
    name: str = Field(primary_key=True)
    active: bool = True
    created_at: datetime


class AgentGroupMember(Row, table=True):
    """Who is in which group; `turn` lets a round robin go on where it stopped."""

    __tablename__ = "agent_group_member"
    __table_args__ = (sa.Index(None, "agent_id"),)
    of_group: str = Field(primary_key=True, foreign_key="agent_group.name")
    agent_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="agent.id")
    # Number of the last new case of the group's that he got; 0: none yet.
    turn: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": "0"})

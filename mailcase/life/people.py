"""Those who work on cases and those who are told of them."""

from dataclasses import dataclass
from enum import StrEnum


class AgentRole(StrEnum):
    """What an agent may do besides working on cases."""

    AGENT = "agent"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Agent:
    """One of us, as stored."""

    id: int
    key: str  # message.Address.key: how cases and events name him
    address: str
    name: str
    language: str = ""  # "" = the default
    timezone: str = ""  # "" = that of [cases]
    role: AgentRole = AgentRole.AGENT
    organizations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    active: bool = True

    @property
    def is_admin(self) -> bool:
        """Whether he sees every organization and every internal note."""
        return self.role is AgentRole.ADMIN

    def may_have(self, organization: str, *, apart: bool) -> bool:
        """Whether cases of that organization are his to see; `apart`: [agents] isolate_organizations."""
        return not apart or self.is_admin or organization in (self.organizations or ("",))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a notice can go to."""

    key: str
    address: str
    name: str = ""
    language: str = ""
    timezone: str = ""

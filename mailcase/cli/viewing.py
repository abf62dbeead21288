"""Who looks at cases: the system's owner sees all, an agent (`--as`) what is for him."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.life.people import Agent
    from mailcase.store.store import Store


@dataclass(frozen=True, slots=True)
class View:
    """What is seen: everything, where nothing is said."""

    viewer: "Agent | None" = None
    organizations: tuple[str, ...] | None = None


def view_of(settings: "Settings", store: "Store", given: str) -> View:
    """The view of `--as ADDRESS`; "" is the system's owner.

    Raises:
        Permanent: no active agent has this address.
    """
    from mailcase.intake.addresses import key_of

    if not given:
        return View()
    agent = store.agent_by_key(key_of(given))
    if agent is None or not agent.active:
        raise Permanent(f"{given} is no active agent: `mailcase agent list` names all")
    apart = settings.agents.isolate_organizations and not agent.is_admin
    return View(agent, agent.organizations if apart else None)

"""What several acts share: who must act, who is told of an assignment, and how long a case waited."""

from collections.abc import Mapping

from mailcase.cases.statuses import Status, StatusKind
from mailcase.life.acts.table import may_see
from mailcase.life.asked import Asked
from mailcase.life.case_state import People
from mailcase.life.happening import What
from mailcase.life.people import Agent
from mailcase.life.reaching import reaches
from mailcase.life.refused import Refused
from mailcase.policy import Policy


def agent_of(asked: Asked, act: str) -> Agent:
    """The acting agent; Refused for the operator, who is nobody a case can be given to."""
    if asked.actor.agent is None:
        raise Refused(f"{act} needs an agent who does it: name one with --as ADDRESS")
    return asked.actor.agent


def colleague(asked: Asked, key: str, what: str = "assignee") -> Agent:
    """An active agent who may work on this case; Refused with the reason."""
    found = asked.people.agent(key)
    if found is None:
        raise Refused(f"{key} is no agent and cannot be {what}: `mailcase agent list` shows them")
    if not found.active:
        raise Refused(
            f"{found.address} is disabled and cannot be {what}: `mailcase agent enable {found.address}` changes that"
        )
    if not may_see(asked.policy, found, asked.on.organization):
        raise Refused(f"{found.address} does not have organization {asked.on.organization or 'none'} of the case")
    return found


def must_reach(group: str, organization: str, people: People, policy: Policy) -> None:
    """Where organizations are kept apart, a case goes to no group of which nobody may see it."""
    apart = policy.agents.isolate_organizations
    if apart and not any(may_see(policy, one, organization) for one in people.members(group)):
        raise Refused(f"nobody of group {group} has organization {organization or 'none'} of the case")


def handed(asked: Asked, status: Status, assignee: str, group: str | None = None) -> tuple[What, ...]:
    """An active case that has or gets an assignee, or a group and no assignee: they are told (L2).

    An assignee who is disabled, or whose case it may not be, is none: the group is told, or who stands in for it.
    """
    if status.kind is not StatusKind.ACTIVE:
        return ()
    found = asked.people.agent(assignee)
    if reaches(found, asked.on.organization, asked.policy):
        return (What.ASSIGNED,)
    return (What.GROUP_ASSIGNED,) if assignee or (asked.on.assignee_group if group is None else group) else ()


def set_to_work(asked: Asked, status: Status) -> tuple[What, ...]:
    """An active case that ended before and is somebody's, or a group's: they are told that it is theirs again."""
    return (What.RESTARTED,) if handed(asked, status, asked.on.assignee) else ()


def waited(asked: Asked) -> Mapping[str, object]:
    """How long the paused status that is left now had lasted (L7); nothing where none is left."""
    since = asked.on.status_since
    if asked.status.kind is not StatusKind.PAUSED or since is None:
        return {}
    return {"waited_s": max(0, round((asked.now - since).total_seconds()))}

"""Which organization a case belongs to: who sees it where organizations are kept apart (isolate_organizations)."""

from collections.abc import Mapping
from typing import Final

from mailcase.cases.statuses import StatusKind
from mailcase.life.acts.limits import one_of
from mailcase.life.acts.table import may_see, must, must_be_admin
from mailcase.life.asked import Asked
from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes, Did
from mailcase.life.refused import Refused
from mailcase.policy import Policy

EVENT: Final = "organization"


def organization(asked: Asked, to: str) -> Changes:
    """Another organization, or none (""); for admins. Whoever has the case keeps it, be it his to see or not.

    Nobody is told of it: neither who does not see the case any more, nor who sees it now. The actor is warned where
    that is its assignee, or all of its group.
    """
    must(asked, "organization")
    on = asked.on
    name = _configured(asked.policy, to) if to.strip() else ""
    if name == on.organization:
        raise Refused(f"{on.number} belongs to {name or 'no organization'} already")
    event = Did(EVENT, {"from": on.organization, "to": name})
    return Changes({"organization": name}, (event,), warning=_warning(asked, name))


def _warning(asked: Asked, to: str) -> str:
    """Who of those whose case it is cannot see it there, and the cure; "" where all can, or it has ended."""
    unseen = _unseen(asked, to)
    if not unseen or asked.status.kind is StatusKind.FINAL:
        return ""
    number, whose = asked.on.number, to or "no organization"
    cure = f"`mailcase case assign {number} --to ADDRESS` gives it to somebody who can"
    if to:
        cure += f', `mailcase agent edit ADDRESS --add-organization "{to}"` lets one see it'
    return f"{number} belongs to {whose} now, and cannot be seen by {' and '.join(unseen)}: {cure}"


def _unseen(asked: Asked, to: str) -> tuple[str, ...]:
    """Its assignee and its group, as far as each is there and cannot see a case of that organization."""
    on, people, policy = asked.on, asked.people, asked.policy
    assignee, members = people.agent(on.assignee), people.members(on.assignee_group)
    hidden = assignee is not None and assignee.active and not may_see(policy, assignee, to)
    whole = bool(members) and not any(may_see(policy, one, to) for one in members)
    names = (f"its assignee {on.assignee}" if hidden else "", f"anybody of group {on.assignee_group}" if whole else "")
    return tuple(filter(None, names))


def _configured(policy: Policy, name: str) -> str:
    known = policy.cases.organizations or tuple(
        dict.fromkeys(box.organization for box in policy.mailboxes.values() if box.organization)
    )
    if not known:
        raise Refused("there are no organizations: `organizations` in [cases] names them")
    return one_of(name, known, "organization")


def of_mailboxes(actor: Actor, policy: Policy, mailbox: str = "") -> Mapping[str, str]:
    """The organization that cases without one get, by the mailbox that they came by; `mailbox`: of this one alone.

    Raises:
        Refused: he is no active admin, or that mailbox has none.
    """
    agent = actor.agent
    if agent is not None and not agent.active:
        raise Refused(f"{agent.address} is disabled: `mailcase agent enable {agent.address}` lets him act again")
    must_be_admin(actor, "organization")
    boxes = policy.mailboxes.values()
    found = {one.name: one.organization for one in boxes if one.organization and mailbox in ("", one.name)}
    if not found:
        which = f"mailbox {mailbox} has" if mailbox else "no mailbox has an"
        raise Refused(f"{which} {'no ' if mailbox else ''}organization: `organization` in [[mailbox]] names it")
    return found

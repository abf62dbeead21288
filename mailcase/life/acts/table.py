"""All acts in one table: what each is possible on, and the words when it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailcase.cases.statuses import Role, Status, StatusKind
from mailcase.life.asked import Asked
from mailcase.life.case_state import Actor, CaseState
from mailcase.life.people import Agent
from mailcase.life.refused import Refused
from mailcase.life.transitions import allowed, why
from mailcase.policy import Policy

_ACTIVE, _PAUSED, _RESOLVED, _FINAL = StatusKind.ACTIVE, StatusKind.PAUSED, StatusKind.RESOLVED, StatusKind.FINAL
_OPEN: Final = frozenset({_ACTIVE, _PAUSED, _RESOLVED})
_ANY: Final = frozenset(StatusKind)


def _owned(case: CaseState) -> bool:
    return bool(case.assignee or case.assignee_group)


def _always(_case: CaseState) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Act:
    """One row: on which kinds of status, to which status, and whether a case that ended otherwise has it."""

    name: str  # as the command line has it
    on: frozenset[StatusKind] = _OPEN
    to: Role | StatusKind | None = None  # a status of that role or kind must be allowed to follow
    role: Role | None = None  # only on the status with this role
    quiet: bool = False  # also on junk and on merged cases: it changes nothing that their mail leads to
    admin: bool = False  # for admins and the operator; not named among what is possible
    if_: Callable[[CaseState], bool] = _always
    lacking: str = ""  # what is said where `if_` is not so


#: In the order in which people read what is possible.
ACTS: Final = (
    Act("start", to=Role.IN_PROGRESS),
    Act("wait", to=Role.WAITING),
    Act("suspend", to=_PAUSED),
    Act("resume", on=frozenset({_PAUSED}), to=Role.IN_PROGRESS),
    Act("resolve", to=Role.RESOLVED),
    Act("close", to=Role.CLOSED),
    Act("cancel", to=Role.CANCELED),
    Act(
        "undo-cancel",
        on=frozenset({_FINAL}),
        role=Role.CANCELED,
        if_=lambda case: bool(case.status_before),
        lacking="no act has canceled it",
    ),
    Act("restart", on=frozenset({_RESOLVED, _FINAL}), to=Role.REOPENED),
    Act("assign"),
    Act("transfer"),
    Act("escalate"),
    Act("reclassify"),
    Act("contact"),
    Act("priority"),
    Act("expect"),
    Act("edit", on=_ANY),
    Act("reply"),
    Act("note", on=_ANY, quiet=True),
    Act("comment", on=_ANY, quiet=True),
    Act("attach"),
    Act("urge", on=frozenset({_ACTIVE, _PAUSED}), if_=_owned, lacking="nobody is assigned"),
    Act("follow", on=_ANY, quiet=True),
    Act("unfollow", on=_ANY, quiet=True, if_=lambda case: bool(case.followers), lacking="nobody follows it"),
    Act("task add"),
    Act("task finish", if_=lambda case: bool(case.open_tasks)),
    Act("task cancel", if_=lambda case: bool(case.open_tasks)),
    Act("merge"),
    Act("split"),
    Act("parent"),
    Act("relate", on=_ANY, quiet=True),
    Act("organization", on=_ANY, quiet=True, admin=True),
)
BY_NAME: Final = {one.name: one for one in ACTS}


def possible(on: CaseState, policy: Policy) -> tuple[str, ...]:
    """The names of all acts that this case allows any agent now."""
    return tuple(one.name for one in ACTS if not one.admin and _fits(one, on, policy))


def _fits(act: Act, on: CaseState, policy: Policy) -> bool:
    status = policy.statuses.find(on.status) or Status(on.status, _ACTIVE)
    if status.kind not in act.on or not act.if_(on) or (act.role is not None and act.role is not status.role):
        return False
    if not act.quiet and (on.merged_into is not None or _is_junk(on, status)):
        return False
    if act.to is None:
        return True
    return any(act.to in (one.role, one.kind) for one in allowed(policy, on.category, on.status))


def _is_junk(on: CaseState, status: Status) -> bool:
    """Junk as it came; a person who set it to work took it out."""
    return on.junk and status.kind is _FINAL


def must(asked: Asked, name: str) -> None:
    """Refuse an act that the case does not allow, or that is not this actor's to do.

    Raises:
        Refused: saying why, and which acts are possible.
    """
    may_act(asked)
    if BY_NAME[name].admin:
        must_be_admin(asked.actor, name)
    if not _fits(BY_NAME[name], asked.on, asked.policy):
        raise Refused(not_possible(asked, name))


def not_possible(asked: Asked, name: str, because: str = "") -> str:
    """`SR-12 is Closed: start is not possible; possible are restart, edit, note, comment, follow, relate`."""
    on, act = asked.on, BY_NAME[name]
    lacking = act.lacking if asked.status.kind in act.on and not act.if_(on) else ""
    reason = because or lacking or why(asked.policy, on.category, on.status) or _already(act, asked.status)
    brackets = f" ({reason})" if reason else ""
    others = ", ".join(one for one in possible(on, asked.policy) if one != name)
    return f"{_state(asked)}: {name} is not possible{brackets}; possible are {others}"


def _already(act: Act, status: Status) -> str:
    return "it is so already" if act.to is not None and act.to in (status.role, status.kind) else ""


def _state(asked: Asked) -> str:
    on = asked.on
    if on.merged_into is not None:
        return f"{on.number} was merged into {on.merged_number}"
    if _is_junk(on, asked.status):
        return f"{on.number} is junk (`mailcase message accept ID` takes its mail out of it)"
    return f"{on.number} is {on.status}"


def must_be_admin(actor: Actor, what: str) -> None:
    """Refuse what no agent may do who is not an admin."""
    if not actor.is_admin:
        who = f"{actor.agent.address} is none" if actor.agent else ""
        raise Refused(f"{what} is for admins, and {who}: `mailcase agent edit ADDRESS --role admin` makes one")


def may_act(asked: Asked) -> None:
    """Refuse whatever this actor asks of the case, or of the other one that he names, where they are not his to see."""
    _may(asked, asked.on)
    if asked.other is not None:
        _may(asked, asked.other)


def _may(asked: Asked, case: CaseState) -> None:
    """An active agent, on cases of his organizations where those are apart; the operator on all."""
    agent = asked.actor.agent
    if agent is None:
        return
    if not agent.active:
        raise Refused(f"{agent.address} is disabled: `mailcase agent enable {agent.address}` lets him act again")
    if not may_see(asked.policy, agent, case.organization):
        raise Refused(f"there is no case {case.number}")  # in the words of `case show`: not even that it is there


def may_see(policy: Policy, agent: Agent, organization: str) -> bool:
    """Whether the agent may work on cases of it: admins on all, others by `isolate_organizations`."""
    return agent.may_have(organization, apart=policy.agents.isolate_organizations)

"""Acts on whose a case is and how it is filed: assign, transfer, escalate, reclassify, priority, expect, edit (L2)."""

from datetime import datetime

from mailcase.life.acts.limits import HIGHEST_LEVEL, PRIORITIES, line, not_past, one_of, words
from mailcase.life.acts.table import must
from mailcase.life.acts.telling import colleague, handed, must_reach
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes, Did
from mailcase.life.happening import What
from mailcase.life.refused import Refused


def assign(asked: Asked, agent: str | None = None, group: str | None = None) -> Changes:
    """To an agent, a group, or both; `agent` "" is nobody. None leaves that part as it is."""
    must(asked, "assign")
    if agent is None and group is None:
        raise Refused("to whom? an agent, a group, or both")
    return _given(asked, agent, group, {})


def transfer(asked: Asked, reason: str, agent: str | None = None, group: str | None = None) -> Changes:
    """Assigned with a reason; a group gets it without an assignee, unless one is named."""
    must(asked, "transfer")
    why = line(reason, "reason")
    if not agent and not group:
        raise Refused("to whom? an agent, a group, or both")
    return _given(asked, agent or "", group, {"act": "transfer", "text": why}, why)


def _given(asked: Asked, agent: str | None, group: str | None, more: dict[str, object], text: str = "") -> Changes:
    on = asked.on
    assignee = on.assignee if agent is None else agent and colleague(asked, agent).key
    to_group = on.assignee_group if group is None else group and one_of(group, asked.people.groups, "agent group")
    if (assignee, to_group) == (on.assignee, on.assignee_group):
        raise Refused(f"{on.number} is assigned so already: {_whose(asked, assignee, to_group)}")
    if to_group and group is not None:
        must_reach(to_group, on.organization, asked.people, asked.policy)
        _must_be_member(asked, assignee, to_group)
    data = {"from": on.assignee, "to": assignee, "from_group": on.assignee_group, "to_group": to_group, **more}
    values = {"assignee": assignee, "assignee_group": to_group}
    told = _newly(asked, assignee, handed(asked, asked.status, assignee, to_group))
    return Changes(values, (Did("assigned", data),), happened=told, text=text)


def _newly(asked: Asked, assignee: str, told: tuple[What, ...]) -> tuple[What, ...]:
    """Who has it already is not told that he got it, where the group alone is another one."""
    return () if told == (What.ASSIGNED,) and assignee == asked.on.assignee else told


def _must_be_member(asked: Asked, assignee: str, group: str) -> None:
    """Where both were named they must fit; who has the case already keeps it whatever group gets it."""
    if assignee and assignee != asked.on.assignee and all(one.key != assignee for one in asked.people.members(group)):
        raise Refused(f"{assignee} is not in group {group}")


def _whose(asked: Asked, assignee: str, group: str) -> str:
    agent = asked.people.agent(assignee)
    return f"assignee {agent.address if agent else assignee or 'nobody'}, group {group or 'none'}"


def escalate(asked: Asked, level: int | None = None) -> Changes:
    """A higher support level, shown with the title; `level` sets one, 0 takes the flag away."""
    must(asked, "escalate")
    before = asked.on.support_level
    to = before + 1 if level is None else level
    if not 0 <= to <= HIGHEST_LEVEL:
        raise Refused(f"there is no support level {to}: they go from 0 (not escalated) to {HIGHEST_LEVEL}")
    _must_differ(asked, "support level", before, to)
    return Changes({"support_level": to}, (Did("escalated", {"from": before, "to": to}),))


def reclassify(asked: Asked, category: str) -> Changes:
    """Another category, if it is enabled."""
    must(asked, "reclassify")
    to = enabled(asked, category)
    _must_differ(asked, "category", asked.on.category, to)
    return Changes({"category": to}, (Did("category", {"from": asked.on.category, "to": to}),))


def priority(asked: Asked, to: str) -> Changes:
    """Low, Medium, High or Critical."""
    must(asked, "priority")
    wanted = one_of(to, PRIORITIES, "priority")
    _must_differ(asked, "priority", asked.on.priority, wanted)
    return Changes({"priority": wanted}, (Did("priority", {"from": asked.on.priority, "to": wanted}),))


def expect(asked: Asked, at: datetime | None) -> Changes:
    """When it is expected to be done, not in the past; None: no longer said."""
    must(asked, "expect")
    to = not_past(at, asked.now, "expected completion")
    before = asked.on.expected_at
    _must_differ(asked, "expected completion", _iso(before), _iso(to))
    return Changes({"expected_at": to}, (Did("expected", {"from": _iso(before), "to": _iso(to)}),))


def edit(asked: Asked, title: str | None = None, description: str | None = None) -> Changes:
    """Another title or description, each as long as that of a new case may be; None leaves it."""
    must(asked, "edit")
    cases, on = asked.policy.cases, asked.on
    said: dict[str, str] = {}
    if title is not None:
        said["title"] = line(title, "title", most=cases.title_max)
    if description is not None:
        said["description"] = words(description, "description", cases.description_max, needed=False)
    changed = {name: to for name, to in said.items() if to != getattr(on, name)}
    if not changed:
        raise Refused(f"{on.number} says so already" if said else "what is to be changed? the title, the description")
    before = {f"from_{name}": getattr(on, name) for name in changed}
    return Changes(changed, (Did("edited", {**before, **changed}),))


def enabled(asked: Asked, category: str) -> str:
    """The enabled category that is meant."""
    cases = asked.policy.cases
    return one_of(category, [one for one in cases.categories if cases.category(one).enabled], "enabled category")


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _must_differ(asked: Asked, what: str, before: object, to: object) -> None:
    if before == to:
        number = asked.on.number
        raise Refused(f"{number}: the {what} is {to} already" if to else f"{number} has no {what} as it is")

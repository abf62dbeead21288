"""Which status may follow which: shipped by kind, one after another where a category is strict, narrowed by rules."""

from collections.abc import Mapping
from typing import Final

from mailcase.cases.statuses import Role, Status, StatusKind, StatusTable
from mailcase.policy import CasePolicy, Policy, TransitionRule

_ACTIVE, _PAUSED, _RESOLVED, _FINAL = StatusKind.ACTIVE, StatusKind.PAUSED, StatusKind.RESOLVED, StatusKind.FINAL

#: Shipped: what may follow a status of this kind. Nothing becomes new again, and nothing follows itself.
BY_KIND: Final[Mapping[StatusKind, frozenset[StatusKind]]] = {
    _ACTIVE: frozenset({_ACTIVE, _PAUSED, _RESOLVED, _FINAL}),
    _PAUSED: frozenset({_ACTIVE, _PAUSED, _RESOLVED, _FINAL}),
    _RESOLVED: frozenset({_ACTIVE, _FINAL}),
    _FINAL: frozenset(),  # but by restart
}

#: `strict_sequence`: new, in progress, resolved, closed. Waiting lies between, canceling is possible from everywhere.
#: Keys are a role, else the kind; so are the values.
STRICT: Final[Mapping[Role | StatusKind, frozenset[Role | StatusKind]]] = {
    Role.NEW: frozenset({Role.IN_PROGRESS, _PAUSED, Role.CANCELED}),
    Role.REOPENED: frozenset({Role.IN_PROGRESS, _PAUSED, Role.CANCELED}),
    _ACTIVE: frozenset({_ACTIVE, _PAUSED, _RESOLVED, Role.CANCELED}),
    _PAUSED: frozenset({_ACTIVE, _PAUSED, Role.CANCELED}),
    _RESOLVED: frozenset({_ACTIVE, Role.CLOSED, Role.CANCELED}),
    _FINAL: frozenset(),
}


def allowed(policy: Policy, category: str, status: str) -> tuple[Status, ...]:
    """The statuses that an act may set on a case of that category and status; undoing a cancel asks for none.

    A final one leads only to the status with role reopened, and only by restart (L8).
    """
    table = policy.statuses
    current = table.find(status) or Status(status, _ACTIVE)
    rules = rules_for(policy.cases, table, category, current)
    narrowed = None if rules is None else {one.name for rule in rules for name in rule.to if (one := table.find(name))}
    steps = STRICT if policy.cases.category(category).strict_sequence else None
    return tuple(
        one for one in table.statuses if _follows(current, one, steps) and (narrowed is None or one.name in narrowed)
    )


def rules_for(
    cases: CasePolicy, table: StatusTable, category: str, current: Status
) -> tuple[TransitionRule, ...] | None:
    """The [[cases.transition]] of this status: those of the category, else the general ones; None without any."""
    own = [one for one in cases.transitions if table.find(one.from_status) == current]
    chosen = [one for one in own if one.category == category] or [one for one in own if not one.category]
    return tuple(chosen) or None


def _follows(
    current: Status, after: Status, steps: Mapping[Role | StatusKind, frozenset[Role | StatusKind]] | None
) -> bool:
    if current.kind is _FINAL:
        return after.role is Role.REOPENED
    if after.role is Role.NEW or after == current:
        return False
    if steps is None:
        return after.kind in BY_KIND[current.kind]
    to = steps.get(current.role or current.kind) or steps[current.kind]
    return after.role in to or after.kind in to


def why(policy: Policy, category: str, status: str) -> str:
    """What narrows the ways out of this status, for a person; "" where only its kind does."""
    current = policy.statuses.find(status)
    if current is None or current.kind is _FINAL:
        return ""
    if rules_for(policy.cases, policy.statuses, category, current) is not None:
        return "[[cases.transition]] leaves only some steps"
    if policy.cases.category(category).strict_sequence:
        return f"category {category} takes one step after another"
    return ""

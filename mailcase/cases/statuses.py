"""Statuses: their names are configuration, rules look at kind and role only (behaviour.md 1)."""

from dataclasses import dataclass
from enum import StrEnum


class StatusKind(StrEnum):
    """What a status means for the rules."""

    ACTIVE = "active"
    PAUSED = "paused"
    RESOLVED = "resolved"
    FINAL = "final"


class Role(StrEnum):
    """The part that one status plays; each role is there exactly once."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    CANCELED = "canceled"


ROLE_KINDS = {
    Role.NEW: StatusKind.ACTIVE,
    Role.IN_PROGRESS: StatusKind.ACTIVE,
    Role.WAITING: StatusKind.PAUSED,
    Role.RESOLVED: StatusKind.RESOLVED,
    Role.REOPENED: StatusKind.ACTIVE,
    Role.CLOSED: StatusKind.FINAL,
    Role.CANCELED: StatusKind.FINAL,
}


@dataclass(frozen=True, slots=True)
class Status:
    """One configured status."""

    name: str
    kind: StatusKind
    role: Role | None = None
    formerly: tuple[str, ...] = ()
    closing_reason: str = ""


SHIPPED = (
    Status("New", StatusKind.ACTIVE, Role.NEW),
    Status("In progress", StatusKind.ACTIVE, Role.IN_PROGRESS),
    Status("Waiting for response", StatusKind.PAUSED, Role.WAITING),
    Status("Resolved", StatusKind.RESOLVED, Role.RESOLVED),
    Status("Reopened", StatusKind.ACTIVE, Role.REOPENED),
    Status("Closed", StatusKind.FINAL, Role.CLOSED),
    Status("Canceled", StatusKind.FINAL, Role.CANCELED),
)


@dataclass(frozen=True, slots=True)
class StatusTable:
    """All statuses, found by name (also a former one) or role.

    Raises:
        ValueError: from `build`, for a repeated name or role, a missing role, or a kind that does
            not fit its role.
    """

    statuses: tuple[Status, ...] = SHIPPED

    @classmethod
    def build(cls, statuses: tuple[Status, ...]) -> "StatusTable":
        """Check the set and make the table."""
        names = [name.casefold() for one in statuses for name in (one.name, *one.formerly)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"status name {twice[0]!r} is used twice")
        for role in Role:
            holders = [one for one in statuses if one.role is role]
            if len(holders) != 1:
                raise ValueError(f"exactly one status must have role {role.value!r}, found {len(holders)}")
            if holders[0].kind is not ROLE_KINDS[role]:
                raise ValueError(
                    f"status {holders[0].name!r} with role {role.value!r} must be of kind {ROLE_KINDS[role].value!r}"
                )
        return cls(statuses)

    def find(self, name: str) -> Status | None:
        """The status of that name (any case) or former name."""
        wanted = name.casefold()
        for one in self.statuses:
            if wanted == one.name.casefold() or wanted in (old.casefold() for old in one.formerly):
                return one
        return None

    def kind(self, name: str) -> StatusKind:
        """The kind of a stored status; one that the table lost counts as active (nothing is hidden)."""
        found = self.find(name)
        return found.kind if found else StatusKind.ACTIVE

    def by_role(self, role: Role) -> Status:
        """The one status with this role."""
        return next(one for one in self.statuses if one.role is role)

    @property
    def open_names(self) -> tuple[str, ...]:
        """Names and former names of the other kinds: a query that names them finds its rows in an index."""
        return tuple(
            name for one in self.statuses if one.kind is not StatusKind.FINAL for name in (one.name, *one.formerly)
        )

    @property
    def final_names(self) -> tuple[str, ...]:
        """Names and former names of kind final, for the store's queries."""
        return tuple(
            name for one in self.statuses if one.kind is StatusKind.FINAL for name in (one.name, *one.formerly)
        )

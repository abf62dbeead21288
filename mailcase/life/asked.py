"""One act that is asked for: the case, who asks, and what the rules may look at."""

from dataclasses import dataclass
from datetime import datetime

from mailcase.cases.statuses import Role, Status, StatusKind
from mailcase.life.case_state import Actor, CaseState, People
from mailcase.life.customers import Customer
from mailcase.life.refused import Refused
from mailcase.policy import Policy


@dataclass(frozen=True, slots=True)
class Mail:
    """A message of the case, as far as splitting it off needs it."""

    pk: int
    subject: str
    text: str
    split_into: str = ""  # the number of a case that it was split off to


@dataclass(frozen=True, slots=True)
class Asked:
    """What every rule of an act is given; read and locked in the transaction that carries it out."""

    on: CaseState
    actor: Actor
    people: People
    policy: Policy
    now: datetime
    other: CaseState | None = None  # the second case that the act names
    mail: Mail | None = None  # the message that the act names
    whose: tuple[Customer, Customer] | None = None  # whose the case is, and whose the act wants it to be

    @property
    def status(self) -> Status:
        """The case's status; one that the configuration lost counts as active (nothing is hidden)."""
        return self.policy.statuses.find(self.on.status) or Status(self.on.status, StatusKind.ACTIVE)

    @property
    def is_active(self) -> bool:
        """Whether somebody works on it now (L2)."""
        return self.status.kind is StatusKind.ACTIVE

    def role(self, role: Role) -> Status:
        """The status with this role."""
        return self.policy.statuses.by_role(role)

    @property
    def second(self) -> CaseState:
        """The other case; an act that needs one is not asked for without it."""
        if self.other is None:
            raise Refused("which other case?")
        return self.other

    @property
    def customers(self) -> tuple[Customer, Customer]:
        """Whose the case is, and whose it is to be; an act that changes that is not asked for without them."""
        if self.whose is None:
            raise Refused("whose is it to be? a contact, an account, or both")
        return self.whose

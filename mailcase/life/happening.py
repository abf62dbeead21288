"""What happened to a case, as the rules of L6 look at it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """The happenings that a rule can wait for (`[[notice]] when`)."""

    CREATED = "created"
    FOLLOWED = "followed"
    REOPENED = "reopened"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELED = "canceled"
    ASSIGNED = "assigned"  # it has or got an assignee (L2)
    GROUP_ASSIGNED = "group_assigned"  # it has or got a group and no assignee (L2)
    RESTARTED = "restarted"  # it had ended, and an act made it active again (L5, L8)
    CUSTOMER_REPLIED = "customer_replied"
    UNDELIVERABLE = "undeliverable"
    URGED = "urged"
    CHANGED = "changed"  # an act changed its status, or whose it is
    COMMENTED = "commented"
    TASK_GIVEN = "task_given"  # an agent has a task of it


@dataclass(frozen=True, slots=True)
class Happening:
    """One of them. `key` is the same whenever it is told again: one mail an (event, rule, recipient)."""

    what: What
    case: int  # running number
    key: str  # "in:<group>:<identity>" of the mail, or "act:<running>:<version after the act>"
    by: str = ""  # key or name of who did it; he is not told of it himself
    by_name: str = ""  # as it is shown; of a mail with the address
    text: str = ""  # the words of the act: the question, the solution, the urging
    message_pk: int | None = None  # the mail that did it
    solution: str = ""
    before: str = ""  # key of who was the assignee before it: an answer that reopens takes the case from him
    given: str = ""  # key of the agent whose task it is
    due_at: datetime | None = None  # of that task
    tell_customer: bool = True  # False: whoever acted wanted him not told
    unverified: bool = False  # a mail did it, and nobody vouches for its sender, or he is none of the case's people
    also: tuple[What, ...] = ()  # what the same act did besides: whom that tells, this need not tell again
    owners_alone: bool = False  # no rule tells anybody but assignee, group and followers: without them, nothing is read

    @property
    def by_mail(self) -> bool:
        """Whether a mail did it: its sender is answered by B13, not by these rules."""
        return self.key.startswith("in:")

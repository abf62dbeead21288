"""Which notice goes to whom, and when: the shipped rules of L6, and what a configuration makes of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from mailcase.life.happening import What
from mailcase.life.notice import NoticeRule

#: Who a rule can name, and who that is.
RECIPIENTS: Final = {
    "customer": "the contact, at the address he wrote from last",
    "assignee": "the agent whose case it is",
    "group": "all active members of the assignee group in one mail, where nobody is the assignee",
    "owner": "the assignee, else the group, else who had it before the customer's answer took it from him",
    "task_agent": "the agent whom the task is given to",
    "followers": "the agents who follow the case",
    "team": "the addresses of the mailbox's `notify`",
}

SHIPPED: Final = (
    #          name                when                   to                      template
    # The acknowledgements of B13: they answer a mail and are made where it is decided (acknowledging.py).
    NoticeRule("registration", What.CREATED, ("customer",), "registration"),
    NoticeRule("followed", What.FOLLOWED, ("customer",), "followed"),
    NoticeRule("reopened", What.REOPENED, ("customer",), "reopened"),
    # To the customer, of what agents do.
    NoticeRule("opened", What.CREATED, ("customer",), "opened"),
    NoticeRule("in_progress", What.IN_PROGRESS, ("customer",), "in_progress"),
    NoticeRule("waiting", What.WAITING, ("customer",), "waiting"),
    NoticeRule("resolved", What.RESOLVED, ("customer",), "resolved"),
    NoticeRule("closed", What.CLOSED, ("customer",), "closed"),
    NoticeRule("canceled", What.CANCELED, ("customer",), "canceled"),
    # To agents.
    NoticeRule("new_case", What.CREATED, ("team",), "new_case"),
    NoticeRule("assigned", What.ASSIGNED, ("assignee",), "assigned"),
    NoticeRule("group", What.GROUP_ASSIGNED, ("group",), "group"),
    NoticeRule("restarted", What.RESTARTED, ("owner",), "restarted"),
    NoticeRule("customer_replied", What.CUSTOMER_REPLIED, ("owner", "followers"), "customer_replied"),
    NoticeRule("undeliverable", What.UNDELIVERABLE, ("owner", "followers"), "undeliverable"),
    NoticeRule("urge", What.URGED, ("owner", "followers"), "urge"),
    NoticeRule("comment", What.COMMENTED, ("assignee", "followers"), "comment"),
    NoticeRule("task", What.TASK_GIVEN, ("task_agent",), "task"),
    NoticeRule("followed_case", What.CHANGED, ("followers",), "followed_case"),
)
#: Their switches and limits are those of `[acknowledge]`; a `[[notice]]` gives another template, delay or quote.
ACKNOWLEDGEMENTS: Final = ("registration", "followed", "reopened")
SHIPPED_NAMES: Final = tuple(one.name for one in SHIPPED)
#: The happenings that tell of the status that a case came into: the condition of a delayed rule.
STATUS_WHATS: Final = frozenset(
    {What.REOPENED, What.RESTARTED, What.IN_PROGRESS, What.WAITING, What.RESOLVED, What.CLOSED, What.CANCELED}
)
#: A mail does these: the customer hears of them by the acknowledgements alone (B13).
BY_MAIL_ALONE: Final = frozenset({What.FOLLOWED, What.CUSTOMER_REPLIED, What.UNDELIVERABLE})
#: What agents say among themselves: no rule tells the customer.
AMONG_US: Final = frozenset({What.COMMENTED, What.TASK_GIVEN})
#: More mails of one rule to one agent (or group) within an hour are kept back: a storm must not fill his mailbox.
#: Each rule counts for itself, so that whoever floods one does not silence the others.
AGENT_LIMIT: Final = 60
#: As many of them may be about one case: a customer who floods his own does not silence the agent's other cases.
#: What mails of strangers do counts for itself (both limits): who floods a customer's case does not silence him.
CASE_LIMIT: Final = 20
#: To an agent whose mail was kept as a note: anybody can write in his name and be refused.
KEPT: Final = "kept_as_note"
KEPT_LIMIT: Final = 10
#: To one whose words went out, and whose mail asked for more than was done: each such mail is a reply of his.
PARTLY: Final = "partly_done"
#: Templates of mails to agents that no rule names: each tells who wrote a mail what became of it.
OF_HIS_MAIL: Final = (KEPT, PARTLY)
AGENT_WINDOW: Final = timedelta(hours=1)
#: A notice not sent within this time (after its delay) is not sent; an agent's reply has longer.
EXPIRES_AFTER: Final = timedelta(hours=24)
REPLY_EXPIRES_AFTER: Final = timedelta(days=5)
#: Reason of an outbox row that waits for the delay of its rule.
DELAYED: Final = "delayed"
#: Reason of one that could not be written: what it was to tell of stands all the same.
NOT_COMPOSED: Final = "not_composed"


def allowance(rule: str, case: int, of_late: Iterable[tuple[str, int]]) -> int:
    """How many more of this rule about this case may go to somebody who had `of_late` (rule, case) within the hour."""
    about = [one for kind, one in of_late if kind == rule]
    if rule == KEPT:
        return KEPT_LIMIT - len(about)
    return min(AGENT_LIMIT - len(about), CASE_LIMIT - about.count(case))


@dataclass(frozen=True, slots=True)
class NoticeChange:
    """A `[[notice]]` entry: a rule of its own, or what it changes of a shipped one; None leaves as it is."""

    name: str
    when: What | None = None
    to: tuple[str, ...] | None = None
    template: str | None = None
    category: str | None = None
    status: str | None = None
    delay: timedelta | None = None
    quote: bool | None = None
    all_recipients: bool | None = None
    enabled: bool | None = None


def merged(changes: Iterable[NoticeChange]) -> tuple[NoticeRule, ...]:
    """The shipped rules with these changes, and the further ones behind them.

    Raises:
        ValueError: a rule of its own without `when` or `to`.
    """
    rules = {one.name: one for one in SHIPPED}
    for change in changes:
        known = rules.get(change.name) or _own(change)
        given = {name: value for name in _CHANGED if (value := getattr(change, name)) is not None}
        rules[change.name] = replace(known, **given)
    return tuple(rules.values())


_CHANGED: Final = ("when", "to", "template", "category", "status", "delay", "quote", "all_recipients", "enabled")


def _own(change: NoticeChange) -> NoticeRule:
    if change.when is None or not change.to:
        raise ValueError(f"the rule {change.name} is none of the shipped ones, so that it needs when and to")
    return NoticeRule(change.name, change.when, change.to, change.template or change.name)


def rule_named(rules: Iterable[NoticeRule], name: str) -> NoticeRule:
    """The rule of a shipped name; as it was shipped where the table lacks it."""
    return next(one for one in (*rules, *SHIPPED) if one.name == name)

"""A case made by hand: which fields it must have, and when a second one of a customer is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailcase.cases.statuses import Role, StatusKind
from mailcase.life.acts.limits import PRIORITIES, SOURCES, line, not_past, one_of, within_limits, words
from mailcase.life.acts.table import may_see
from mailcase.life.acts.telling import must_reach
from mailcase.life.case_state import Actor, People
from mailcase.life.changes import Changes, Deed, Did, File, PutFiles, Relate, SendReply
from mailcase.life.customers import Customer
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from mailcase.policy import MailboxPolicy, Policy


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a person fills in."""

    title: str
    description: str = ""
    category: str = ""  # "" = the mailbox's
    priority: str = "Medium"
    source: str = "Voice"
    contact: str = ""  # an address; an unknown one makes a contact
    contact_name: str = ""  # of a new contact
    account: str = ""  # the name of a stored one
    expected_at: datetime | None = None
    mailbox: str = ""  # "" = the first configured
    assignee: str = ""  # key of an agent
    group: str | None = None  # None = the mailbox's
    direct_reply: str = ""  # no owner: the creator answers with this
    files: tuple[File, ...] = ()  # on the case, or with the direct reply
    notify: bool = False  # tell the customer and those who are told of new cases
    allow_same_case: bool = False


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of the same customer and category that is not final and was not merged."""

    running: int
    number: str
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Creation:
    """What the rules look at; read in the transaction that makes the case."""

    wanted: NewCase
    customer: Customer
    same: tuple[OpenCase, ...]  # oldest first
    actor: Actor
    people: People
    policy: Policy
    now: datetime

    @property
    def mailbox(self) -> MailboxPolicy:
        """The mailbox that the case belongs to: its group, organization and way out."""
        return mailbox_of(self.wanted, self.policy)


def mailbox_of(wanted: NewCase, policy: Policy) -> MailboxPolicy:
    """The mailbox named, else the first configured."""
    names = tuple(policy.mailboxes)
    return policy.mailboxes[one_of(wanted.mailbox, names, "mailbox") if wanted.mailbox else names[0]]


def category_of(wanted: NewCase, policy: Policy) -> str:
    """The enabled category named, else the mailbox's."""
    known = [one for one in policy.cases.categories if policy.cases.category(one).enabled]
    return one_of(wanted.category or mailbox_of(wanted, policy).category, known, "enabled category")


def create(asked: Creation) -> Changes:
    """The columns of the new case, its first lines of history, and who is told.

    Raises:
        Refused: a field that is missing or too long, an expected completion in the past, somebody who may not,
            or a second open case of the same customer and category.
    """
    _may(asked)
    if asked.customer.contact_id is None and asked.customer.account_id is None:
        raise Refused("a case needs a customer: a contact or an account")
    _must_be_the_only_one(asked)
    wanted, box = asked.wanted, asked.mailbox
    assignee, group = _owner(asked)
    values: Mapping[str, object] = {
        **_fields(wanted, asked.policy, asked.now),
        "status": asked.policy.statuses.by_role(Role.NEW).name, "category": category_of(wanted, asked.policy),
        "mailbox": box.name, "group_name": box.group, "organization": box.organization,
        "contact_id": asked.customer.contact_id, "account_id": asked.customer.account_id,
        "assignee": assignee, "assignee_group": group, "first_kind": "",
    }  # fmt: skip
    if wanted.direct_reply:
        values = {**values, "first_response_at": asked.now}
    events = (Did("created", {"by": asked.actor.name, "mailbox": box.name, "source": values["source"]}),)
    return Changes(values, events, _deeds(asked), _told(wanted, assignee, group))


def _fields(wanted: NewCase, policy: Policy, now: datetime) -> dict[str, object]:
    cases = policy.cases
    return {
        "title": line(wanted.title, "title", most=cases.title_max),
        "description": words(wanted.description, "description", cases.description_max, needed=False),
        "priority": one_of(wanted.priority, PRIORITIES, "priority"),
        "source": one_of(wanted.source, SOURCES, "source"),
        "expected_at": not_past(wanted.expected_at, now, "expected completion"),
    }


def _may(asked: Creation) -> None:
    agent, organization = asked.actor.agent, asked.mailbox.organization
    if agent is None:
        return
    if not agent.active:
        raise Refused(f"{agent.address} is disabled: `mailcase agent enable {agent.address}` lets him act again")
    if not may_see(asked.policy, agent, organization):
        raise Refused(f"mailbox {asked.mailbox.name} belongs to an organization that {agent.address} does not have")


def _must_be_the_only_one(asked: Creation) -> None:
    """One open case a customer and category, unless a setting or the person says otherwise."""
    category = category_of(asked.wanted, asked.policy)
    cases = asked.policy.cases
    allowed = asked.wanted.allow_same_case or cases.allow_same_case or cases.category(category).allow_same_case
    if asked.same and not allowed:
        agent, policy = asked.actor.agent, asked.policy
        his = [one.number for one in asked.same if agent is None or may_see(policy, agent, one.organization)]
        which = f": {his[0]}; work on that one, or" if his else ", which is not yours to see;"
        raise Refused(
            f"{asked.customer.name} has an open case of category {category}{which} make another with --allow-same-case"
        )


def _owner(asked: Creation) -> tuple[str, str]:
    """Assignee and group: none where the creator answers himself."""
    wanted = asked.wanted
    if wanted.direct_reply:
        if wanted.assignee or wanted.group:
            raise Refused("a direct reply has no owner: leave out the assignee and the group")
        return "", ""
    group = asked.mailbox.assignee_group if wanted.group is None else wanted.group
    if wanted.group:
        group = one_of(wanted.group, asked.people.groups, "agent group")
        must_reach(group, asked.mailbox.organization, asked.people, asked.policy)
    return (_assignee(asked), group) if wanted.assignee else ("", group)


def _assignee(asked: Creation) -> str:
    found = asked.people.agent(asked.wanted.assignee)
    if found is None or not found.active:
        raise Refused(f"{asked.wanted.assignee} is no active agent: `mailcase agent list` shows them")
    if not may_see(asked.policy, found, asked.mailbox.organization):
        raise Refused(f"{found.address} does not have the organization of mailbox {asked.mailbox.name}")
    return found.key


def _deeds(asked: Creation) -> tuple[Deed, ...]:
    wanted = asked.wanted
    files = within_limits(wanted.files, asked.policy.attachments)
    twins = tuple(Relate(one.running, "possible_duplicate") for one in asked.same[-_MOST_TWINS:])
    if wanted.direct_reply:
        return (*twins, SendReply(words(wanted.direct_reply, "reply"), files=files))
    return (*twins, PutFiles(files)) if files else twins


_MOST_TWINS = 5  # as B12


def _told(wanted: NewCase, assignee: str, group: str) -> tuple[What, ...]:
    """The new case's owner (L2); the customer and the team only where the creator says so."""
    owner = (What.ASSIGNED,) if assignee else (What.GROUP_ASSIGNED,) if group else ()
    return ((What.CREATED,) if wanted.notify else ()) + owner


def is_open(status: str, policy: Policy) -> bool:
    """Whether a case of that status is one that a second one would double."""
    return policy.statuses.kind(status) is not StatusKind.FINAL

"""The engine of L6: which mails the rules owe for something that happened. One a (happening, rule, recipient)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from mailcase.intake.addresses import key_of
from mailcase.junk.robots import robot
from mailcase.junk.sendable import why_not_sendable
from mailcase.life.doubt import doubt
from mailcase.life.happening import Happening, What
from mailcase.life.notice import UNVERIFIED, Notice, NoticeFacts, NoticeRule
from mailcase.life.notice_rules import ACKNOWLEDGEMENTS, AMONG_US, BY_MAIL_ALONE, STATUS_WHATS
from mailcase.life.people import Agent, Person
from mailcase.life.reaching import asked_again, kept_from, reaches
from mailcase.policy import Policy

_MOST_OTHERS: Final = 10  # copies to the original recipients, as an acknowledgement has
_CUSTOMERS: Final = ("contact_id",)  # a mail that waits is for whoever the customer was
_HIS: Final = ("assignee",)  # what must not change before a delayed mail says that the case is his
_THEIRS: Final = ("assignee", "assignee_group")
_PERSONS: Final = ("person", "")  # kinds of a first mail whose sender is told; "": made by hand


def notices(happening: Happening, facts: NoticeFacts, policy: Policy) -> tuple[Notice, ...]:
    """What is owed, in the order of the rules; those kept back have their reason word in `suppressed`.

    Args:
        happening: what happened, and by whom; he is not told of it.
        facts: the case as it is after that.
        policy: its `notices` are the rules.
    """
    if facts.junk and happening.what is not What.UNDELIVERABLE:
        return ()
    fires = (rule for rule in policy.notices if _fires(rule, happening, facts, policy))
    owed = tuple(one for rule in fires for one in _of_rule(rule, happening, facts, policy))
    known = _told_anyway(happening, facts, policy) if owed and happening.also else frozenset[str]()
    return tuple(one for one in owed if one.to.key not in known)


def _told_anyway(happening: Happening, facts: NoticeFacts, policy: Policy) -> frozenset[str]:
    """Who is told by what the same act did besides, such as the new assignee who follows the case too."""
    others = (replace(happening, what=what, also=()) for what in happening.also)
    mails = (one for other in others for one in notices(other, facts, policy))
    return frozenset(person.key for one in mails for person in (one.to, *one.also_to))


def _fires(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> bool:
    if not rule.enabled or rule.name in ACKNOWLEDGEMENTS or rule.when is not happening.what:
        return False
    return rule.category in ("", facts.category) and rule.status in ("", _status(facts, policy))


def _status(facts: NoticeFacts, policy: Policy) -> str:
    """The case's status by its name of today."""
    found = policy.statuses.find(facts.status)
    return found.name if found else facts.status


def _of_rule(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """One notice a recipient, however many of the rule's words he is."""
    told: set[str] = set()
    for word in rule.to:
        for one in TO[word](rule, happening, facts, policy):
            people = {person.key for person in (one.to, *one.also_to)}
            if not people <= told:
                yield one
            told |= people


def _customer(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """Never of what a mail did: its sender gets an acknowledgement by B13, or nothing."""
    person = facts.customer
    if person is None or happening.by_mail or happening.what in _NOT_FOR_HIM or not happening.tell_customer:
        return
    if person.key == happening.by:
        return
    others = _others(facts, policy) if rule.all_recipients else ()
    yield _notice(
        rule, happening, facts, person, also_to=others, suppressed=_why_not(person, facts, policy), still=_CUSTOMERS
    )


_NOT_FOR_HIM: Final = BY_MAIL_ALONE | AMONG_US


def _why_not(person: Person, facts: NoticeFacts, policy: Policy) -> str:
    """The reason why no automatic mail goes to this customer (section 6, L6); "" where it may."""
    if facts.first_kind not in _PERSONS:
        return "not_a_person"
    if facts.unverified:
        return "sender_unverified"
    if policy.is_ours(person.key):
        return "own_address"
    if robot(person.key):
        return "robot_sender"
    if why_not_sendable(person.address):
        return "not_sendable"
    return "suppressed" if person.key in facts.suppressed else ""


def _others(facts: NoticeFacts, policy: Policy) -> tuple[Person, ...]:
    """The original recipients of the customer's last mail who may be written to, at most ten."""
    known = facts.last.others if facts.last else ()
    may = (one for one in known if one.address.isascii() and not _why_not(one, facts, policy))
    mine = facts.customer.key if facts.customer else ""
    return tuple({one.key: one for one in may if one.key != mine}.values())[:_MOST_OTHERS]


def _assignee(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    if facts.assignee is not None:
        yield from _agents(rule, happening, facts, policy, (facts.assignee,), _HIS)


def _group(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """L2: a group and no assignee: one mail To all members; where nobody has it any more, who stands in."""
    if not _reaches(facts.assignee, facts, policy):
        yield from _members(rule, happening, facts, policy, facts.members, facts.assignee_group)
        yield from _stand_ins(rule, happening, facts, policy)


def _members(
    rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy, members: Iterable[Agent], group: str
) -> Iterator[Notice]:
    """One mail To all of them."""
    told = [one for one in members if _is_told(one, happening, facts, policy)]
    people = [_person(one) for one in told if not _kept_from(one, facts, policy)]
    if people:
        dedup = f"notice:{happening.key}:{rule.name}:group {group}"
        one = _notice(
            rule, happening, facts, people[0], also_to=tuple(people[1:]), audience="agent", dedup=dedup, still=_THEIRS
        )
        yield _apart(one, policy)


def _reaches(agent: Agent | None, facts: NoticeFacts, policy: Policy) -> bool:
    return reaches(agent, facts.organization, policy)


def nobody_left(happening: Happening, facts: NoticeFacts, policy: Policy) -> bool:
    """Whether the case is, or was before this, somebody's or a group's, and nobody of them can be told (any more)."""
    there = (facts.assignee, *facts.members, facts.former)
    named = facts.assigned_to or happening.before or facts.assignee_group
    return bool(named) and not any(_reaches(one, facts, policy) for one in there)


def _stand_ins(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """Where nobody has the case any more: the mailbox's group; where that has nobody either, its `notify`."""
    box = policy.mailboxes.get(facts.mailbox)
    if box is None or not nobody_left(happening, facts, policy):
        return
    if any(_reaches(one, facts, policy) for one in facts.stand_ins):
        yield from _members(rule, happening, facts, policy, facts.stand_ins, box.assignee_group)
    elif not _knows_of_it(happening, facts, policy):
        yield from _team(rule, happening, facts, policy)


def _knows_of_it(happening: Happening, facts: NoticeFacts, policy: Policy) -> bool:
    """Whether the team hears of the new case anyway, whose group is nobody: it is not told of that twice."""
    if happening.what is not What.GROUP_ASSIGNED or not happening.by_mail:
        return False
    made = replace(happening, what=What.CREATED)
    return any("team" in one.to and _fires(one, made, facts, policy) for one in policy.notices)


def _owner(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """The assignee, else the group, else who was the assignee before, else who stands in."""
    if _reaches(facts.assignee, facts, policy):
        yield from _assignee(rule, happening, facts, policy)
        return
    told = tuple(_group(rule, happening, facts, policy))
    yield from told
    if not told and facts.former is not None:
        yield from _agents(rule, happening, facts, policy, (facts.former,), _THEIRS)


def _followers(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    yield from _agents(rule, happening, facts, policy, facts.followers)


def _task_agent(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    if facts.given is not None:
        yield from _agents(rule, happening, facts, policy, (facts.given,))


def _team(rule: NoticeRule, happening: Happening, facts: NoticeFacts, policy: Policy) -> Iterator[Notice]:
    """Addresses of the configuration: it was checked that they are not ours."""
    box = policy.mailboxes.get(facts.mailbox)
    for address in box.notify if box else ():
        person = Person(key_of(address), address, language=box.language if box else "")
        if person.key != happening.by:
            kept = "suppressed" if person.key in facts.suppressed else ""
            yield _notice(rule, happening, facts, person, audience="agent", suppressed=kept)


def _agents(
    rule: NoticeRule,
    happening: Happening,
    facts: NoticeFacts,
    policy: Policy,
    agents: Iterable[Agent],
    still: tuple[str, ...] = (),
) -> Iterator[Notice]:
    """A mail each."""
    for one in agents:
        if _is_told(one, happening, facts, policy):
            kept = _kept_from(one, facts, policy)
            told = _notice(rule, happening, facts, _person(one), audience="agent", suppressed=kept, still=still)
            yield _apart(told, policy)


def _apart(notice: Notice, policy: Policy) -> Notice:
    marks = asked_again(policy)
    return replace(notice, only_while={**notice.only_while, **marks}) if marks else notice


def _is_told(agent: Agent, happening: Happening, facts: NoticeFacts, policy: Policy) -> bool:
    """Not the inactive, not who did it, and nobody of whose organizations the case is not (isolate_organizations)."""
    return agent.key != happening.by and _reaches(agent, facts, policy)


def _kept_from(agent: Agent, facts: NoticeFacts, policy: Policy) -> str:
    return kept_from(agent.key, policy) or ("suppressed" if agent.key in facts.suppressed else "")


def _person(agent: Agent) -> Person:
    return Person(agent.key, agent.address, agent.name, agent.language, agent.timezone)


def _notice(
    rule: NoticeRule,
    happening: Happening,
    facts: NoticeFacts,
    to: Person,
    *,
    also_to: tuple[Person, ...] = (),
    audience: str = "customer",
    suppressed: str = "",
    dedup: str = "",
    still: tuple[str, ...] = (),
) -> Notice:
    marks = {UNVERIFIED: True} if audience == "agent" and happening.unverified else {}
    waits = _only_while(rule, happening, facts, still) if rule.delay else {}
    return Notice(
        rule=rule.name,
        template=rule.template,
        case=facts.running,
        mailbox=facts.mailbox,
        dedup=dedup or f"notice:{happening.key}:{rule.name}:{to.key}",
        to=to,
        also_to=also_to,
        audience=audience,
        delay=rule.delay,
        only_while={**waits, **marks},
        suppressed=suppressed,
        quote=rule.quote,
        why=doubt(happening),
        text=happening.text,
        due_at=happening.due_at,
        by_name=happening.by_name,
    )


def _only_while(
    rule: NoticeRule, happening: Happening, facts: NoticeFacts, still: tuple[str, ...]
) -> dict[str, object]:
    """What is asked again when the delay ends: the rule's own conditions, and whose case it is where he is told so."""
    as_it_is: dict[str, object] = {
        "merged": False,
        "status": facts.status,
        "category": facts.category,
        "assignee": facts.assigned_to,
        "assignee_group": facts.assignee_group,
        "contact_id": facts.contact_id,
    }
    asked = {"merged", *still}
    if rule.status or happening.what in STATUS_WHATS:
        asked.add("status")
    if rule.category:
        asked.add("category")
    return {name: value for name, value in as_it_is.items() if name in asked}


_Way = Callable[[NoticeRule, Happening, NoticeFacts, Policy], Iterator[Notice]]
TO: Final[dict[str, _Way]] = {
    "customer": _customer,
    "assignee": _assignee,
    "group": _group,
    "owner": _owner,
    "followers": _followers,
    "task_agent": _task_agent,
    "team": _team,
}

"""A new case from a mail: created, followed, junk (B6, B9-B12)."""

from dataclasses import replace

from mailcase.acknowledging import Answer, acknowledge
from mailcase.actions import NEW, Action, CreateCase, LinkMessage, RelateCases
from mailcase.cases.contacts import account, contact
from mailcase.cases.duplicates import possible_duplicates
from mailcase.cases.fields import description, priority, title
from mailcase.cases.statuses import Role
from mailcase.forwarding import forwarded_contact, forwarded_for, is_proven
from mailcase.hearing import Hearing
from mailcase.life.assigning import assignment_for
from mailcase.life.assignment import CaseToAssign
from mailcase.sent_before import brought_along
from mailcase.verdict import Decision, Outcome

_NO_APART: frozenset[int] = frozenset()


def new_case(
    hearing: Hearing,
    outcome: Outcome,
    reason: str,
    *,
    extra: tuple[Action, ...] = (),
    linked_by: str = "",
    unverified: bool = False,
    apart: frozenset[int] = _NO_APART,
) -> Decision:
    """The verdict that makes a case.

    Args:
        hearing: the mail before the bench.
        outcome: created, followed or junk_case.
        reason: the stable reason word.
        extra: actions beside creating and linking.
        linked_by: the rule that led to the closed case, for `followed`.
        unverified: the sender is a stranger to the case it came for.
        apart: running numbers that are no possible duplicates (the case it follows).
    """
    junk = outcome is Outcome.JUNK_CASE
    create = _case(hearing, outcome, reason)
    create = create if junk else _assigned(hearing, create)
    hearing.note("case", "new", f"{create.title!r}, {create.category}, priority {create.priority}")
    forwarded = None if junk else forwarded_for(hearing)
    doubtful = forwarded is not None and not is_proven(hearing)
    verified = not junk and not doubtful and hearing.authentication.result != "fail"
    actions: list[Action] = [create, LinkMessage(NEW, outcome.value, linked_by, verified), *extra]
    if not junk:
        actions += brought_along(hearing, NEW)
        actions += () if forwarded else _duplicates(hearing, apart)
    answer = _answer(hearing, outcome, unverified=unverified)
    return Decision(
        kind=hearing.kind.kind,
        outcome=outcome,
        reason=reason,
        trace=tuple(hearing.trace),
        actions=(*actions, *answer.actions),
        linked_by=linked_by,
        case=NEW,
        sender_unverified=unverified or doubtful,
        acknowledge=answer.yes,
        acknowledge_reason=answer.reason,
    )


def _answer(hearing: Hearing, outcome: Outcome, *, unverified: bool) -> Answer:
    """Junk is never answered, nor is an address that stands in a text which an agent forwards (P5)."""
    if outcome is Outcome.JUNK_CASE:
        return Answer(False, "junk")
    if forwarded := forwarded_for(hearing):
        told = "" if is_proven(hearing) else "; no trusted server says so: no notice to him before he writes himself"
        hearing.note("forwarded", forwarded.key, f"an agent forwards this customer's mail: the case is his{told}")
        hearing.note(
            "acknowledge", "no", "forwarded by an agent: the address stands in a text, so nothing is sent there"
        )
        return Answer(False, "forwarded")
    return acknowledge(hearing, outcome, NEW, stranger=unverified)


def _case(hearing: Hearing, outcome: Outcome, reason: str) -> CreateCase:
    """The case's fields: from the mail, the mailbox and, for junk, the setting (B10)."""
    email, policy, mailbox = hearing.email, hearing.policy, hearing.mailbox
    junk = outcome is Outcome.JUNK_CASE
    forwarded = None if junk else forwarded_for(hearing)
    return CreateCase(
        title=title(email.subject, policy.cases.masks, policy.cases.title_max, policy.cases.empty_subject),
        description=description(email, policy.cases.description_max),
        status=policy.junk.case_status if junk else policy.statuses.by_role(Role.NEW).name,
        priority=priority(email),
        category=mailbox.category,
        source="Email",
        mailbox=mailbox.name,
        group=mailbox.group,
        organization=mailbox.organization,
        assignee_group=mailbox.assignee_group,
        contact=forwarded_contact(forwarded, hearing)
        if forwarded
        else contact(hearing.customer, hearing.snapshot, policy),
        account_id=None if forwarded else account(hearing.snapshot),
        closing_reason=policy.junk.closing_reasons.get(reason, reason) if junk else "",
        ended=junk,
    )


def _assigned(hearing: Hearing, create: CreateCase) -> CreateCase:
    """To the group that the first fitting assignment rule names, instead of the mailbox's."""
    customer = forwarded_for(hearing) or hearing.customer
    domain = customer.domain if customer else ""
    asked = CaseToAssign(create.mailbox, create.category, domain, create.title, create.description, create.priority)
    rule = assignment_for(asked, hearing.policy)
    if rule is None:
        return create
    hearing.note("assignment", rule.group or rule.agent, rule.name)
    return replace(create, assignee_group=rule.group or create.assignee_group, assignment=rule)


def _duplicates(hearing: Hearing, apart: frozenset[int]) -> list[Action]:
    """B12: recorded on the new case, and said in the trace."""
    own = {number for one in hearing.snapshot.same if hearing.again for number in one.cases}
    found = possible_duplicates(hearing.snapshot, hearing.mailbox.category, hearing.policy, apart | own)
    numbers = ", ".join(case.number for case in found)
    hearing.note(
        "open cases", numbers or "none", "unclosed, same category and customer" if found else "of this customer"
    )
    return [RelateCases(NEW, case.running, "possible_duplicate") for case in found]

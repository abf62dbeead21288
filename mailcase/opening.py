"""A new case from a mail: created, followed, junk (B6, B9-B12)."""

from mailcase.acknowledging import Answer, acknowledge
from mailcase.actions import NEW, Action, CreateCase, LinkMessage, RelateCases
from mailcase.cases.contacts import account, contact
from mailcase.cases.duplicates import possible_duplicates
from mailcase.cases.fields import description, priority, title
from mailcase.cases.statuses import Role
from mailcase.hearing import Hearing
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
    hearing.note("case", "new", f"{create.title!r}, {create.category}, priority {create.priority}")
    verified = not junk and hearing.authentication.result != "fail"
    actions: list[Action] = [create, LinkMessage(NEW, outcome.value, linked_by, verified), *extra]
    if not junk:
        actions += brought_along(hearing, NEW)
        actions += _duplicates(hearing, apart)
    answer = Answer(False, "junk") if junk else acknowledge(hearing, outcome, NEW, stranger=unverified)
    return Decision(
        kind=hearing.kind.kind,
        outcome=outcome,
        reason=reason,
        trace=tuple(hearing.trace),
        actions=(*actions, *answer.actions),
        linked_by=linked_by,
        case=NEW,
        sender_unverified=unverified,
        acknowledge=answer.yes,
        acknowledge_reason=answer.reason,
    )


def _case(hearing: Hearing, outcome: Outcome, reason: str) -> CreateCase:
    """The case's fields: from the mail, the mailbox and, for junk, the setting (B10)."""
    email, policy, mailbox = hearing.email, hearing.policy, hearing.mailbox
    junk = outcome is Outcome.JUNK_CASE
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
        contact=contact(hearing.customer, hearing.snapshot, policy),
        account_id=account(hearing.snapshot),
        closing_reason=policy.junk.closing_reasons.get(reason, reason) if junk else "",
    )


def _duplicates(hearing: Hearing, apart: frozenset[int]) -> list[Action]:
    """B12: recorded on the new case, and said in the trace."""
    own = {number for one in hearing.snapshot.same if hearing.again for number in one.cases}
    found = possible_duplicates(hearing.snapshot, hearing.mailbox.category, hearing.policy, apart | own)
    numbers = ", ".join(case.number for case in found)
    hearing.note(
        "open cases", numbers or "none", "unclosed, same category and customer" if found else "of this customer"
    )
    return [RelateCases(NEW, case.running, "possible_duplicate") for case in found]

"""From "may it be answered" (K1-K10) to the one mail that is queued, or kept back with its reason (B13)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mailcase.actions import Action, QueueMail
from mailcase.cases.contacts import language
from mailcase.hearing import Hearing
from mailcase.junk.ack_question import AckQuestion
from mailcase.junk.acknowledge import AckVerdict, may_acknowledge
from mailcase.junk.robots import robot
from mailcase.junk.sendable import why_not_sendable
from mailcase.message import Address
from mailcase.verdict import Outcome

EXPIRES_AFTER: Final = timedelta(hours=24)  # an acknowledgement not sent by then is not sent (B13)
_MOST_COPIES: Final = 10
OTHER_CATEGORY: Final = "other_category"
#: Outcome -> the rule of L6 that it fires; `[acknowledge]` holds their switches.
RULES: Final = {
    Outcome.CREATED: "registration",
    Outcome.FOLLOWED: "followed",
    Outcome.REOPENED: "reopened",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an acknowledgement is due, the reason word, and the outbox row."""

    yes: bool
    reason: str
    actions: tuple[Action, ...] = ()


def acknowledge(hearing: Hearing, outcome: Outcome, case: int, *, stranger: bool) -> Answer:
    """Ask table 3.3 about this outcome and queue the mail, suppressed where a test says no.

    Args:
        hearing: the mail before the bench; the tests are added to its trace.
        outcome: what it did to its case.
        case: running number, or actions.NEW.
        stranger: the sender is none of the case's people: nothing of the case goes to him (B8).
    """
    verdict = may_acknowledge(_question(hearing, outcome))
    reason = "due" if verdict.yes else verdict.reason
    hearing.note("acknowledge", "yes" if verdict.yes else "no", _told(verdict))
    rule = RULES.get(outcome)
    if rule is None or (verdict.reason == "switched_off" and outcome is Outcome.REOPENED):
        return Answer(verdict.yes, reason)
    kept = reason if not verdict.yes else _other_category(hearing, rule)
    if kept == OTHER_CATEGORY:
        hearing.note("notice rule", "no", f"{rule} is for another category")
    mail = _mail(hearing, rule, case, neutral=verdict.neutral or stranger, suppressed=kept)
    return Answer(not kept, kept or reason, (mail,))


def _other_category(hearing: Hearing, rule: str) -> str:
    """The reason word where `[[notice]]` gives this acknowledgement to cases of another category alone (L6)."""
    wanted = hearing.policy.notice(rule).category
    return OTHER_CATEGORY if wanted not in ("", hearing.mailbox.category) else ""


def _question(hearing: Hearing, outcome: Outcome) -> AckQuestion:
    return AckQuestion(
        email=hearing.email,
        kind=hearing.kind.kind,
        customer=hearing.customer,
        mailbox=hearing.mailbox,
        policy=hearing.policy,
        snapshot=hearing.snapshot,
        outcome=outcome.value,
        junk=False,
        authentication=hearing.authentication,
        delivery=hearing.delivery,
        now=hearing.snapshot.now,
    )


def _told(verdict: AckVerdict) -> str:
    """The test that said no, else how many said yes."""
    if verdict.yes:
        return f"{len(verdict.tests)} tests passed" + (", neutral template" if verdict.neutral else "")
    rule, _, detail = verdict.tests[-1]  # the detail opens with the reason word
    return f"{detail} ({rule.partition(' ')[0]})"


def _mail(hearing: Hearing, rule: str, case: int, *, neutral: bool, suppressed: str) -> QueueMail:
    email, policy, customer = hearing.email, hearing.policy, hearing.customer
    wanted = policy.notice(rule)
    return QueueMail(
        case=case,
        rule=rule,
        template="neutral" if neutral else wanted.template,
        mailbox=hearing.mailbox.name,
        to=customer.address if customer else "",
        to_name=customer.name if customer else "",
        cc=() if neutral else _copies(hearing),
        language=language(hearing.snapshot, hearing.mailbox.language, policy.acknowledge.language),
        in_reply_to=email.message_id,
        references=email.references,
        subject=email.subject,
        suppressed=suppressed,
        expires_at=hearing.snapshot.now + wanted.delay + EXPIRES_AFTER,
        delay=wanted.delay,
        quote=wanted.quote and not neutral,
    )


def _copies(hearing: Hearing) -> tuple[str, ...]:
    """The other original recipients who may be written to (setting `recipients = "all"`), at most ten.

    None with the neutral template: whoever nobody vouches for could name victims in his Cc (P5).
    """
    found: dict[str, str] = {}
    for one in (*hearing.email.to, *hearing.email.cc):
        if len(found) < _MOST_COPIES and _may_get_a_copy(hearing, one):
            found.setdefault(one.key, one.address)
    return tuple(found.values())


def _may_get_a_copy(hearing: Hearing, one: Address) -> bool:
    """What K5 and K8 ask of the customer, asked of a copy; our own addresses are not among the `copy_keys`."""
    snapshot, customer = hearing.snapshot, hearing.customer
    if one.key not in snapshot.lookup.copy_keys - snapshot.suppressed_copies:
        return False
    if customer is None or one.key == customer.key or robot(one.key):
        return False
    # A local part that is not ASCII needs SMTPUTF8: where a relay lacks it, the whole mail would fail.
    return one.local.isascii() and not why_not_sendable(one.address)

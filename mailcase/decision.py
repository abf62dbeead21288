"""Weighs all rules on one mail: the stages in their order, the first that has a verdict wins (B2-B13).

`decide` is pure: the same mail, snapshot and policy give the same decision, so it may be repeated after
a race, tried by `mailcase explain` and tested with files.
"""

from collections.abc import Callable
from typing import Final

from mailcase.filing import file_junk, file_mail, junk_reason
from mailcase.hearing import Hearing
from mailcase.junk.recipient import registered
from mailcase.look import look
from mailcase.message import Delivery, Email, Kind
from mailcase.policy import Policy
from mailcase.reports import REPORTS, file_report
from mailcase.same_mail import is_other_part, known_copy
from mailcase.sent_author import never_swallows
from mailcase.sent_mail import TO_US, file_sent
from mailcase.snapshot import KnownMessage, Snapshot
from mailcase.verdict import OWN_MAIL, Decision, Evidence, Outcome

__all__ = ["Decision", "Evidence", "Outcome", "decide", "look"]


def decide(email: Email, snapshot: Snapshot, policy: Policy, delivery: Delivery) -> Decision:
    """What is to be done with this mail, and why.

    Args:
        email: the parsed mail.
        snapshot: the store's answers to `look(email, delivery, policy)`.
        policy: the rules in force.
        delivery: where and when it was found, and what a person asked for.
    """
    hearing = Hearing.open(email, snapshot, policy, delivery)
    if delivery.sent:
        return file_sent(hearing)
    for stage in STAGES:
        if decision := stage(hearing):
            return decision
    return file_mail(hearing)


def _same_mail(hearing: Hearing) -> Decision | None:
    """B2: the same mail again is a duplicate; the same Message-ID at another date is not."""
    email = hearing.email
    same = known_copy(hearing, but=lambda sent: _is_not_it(hearing, sent))
    if same is None:
        received = (one for one in hearing.snapshot.same if one.direction == "in")
        reused = any(one.message_id == email.message_id for one in received)
        told = "Message-ID seen before with another Date: a new mail (reused id)" if reused else "not seen before"
        hearing.note("same mail", "no", told)
        return None
    if hearing.again and same.direction == "in":
        hearing.note("same mail", "no", "its own stored copy is not counted")
        return None
    if same.reason == "recipient_not_registered" and _is_registered(hearing):
        hearing.note("same mail", "no", "seen before, but only where it was not addressed to the mailbox")
        return None
    hearing.note("same mail", "yes", _same_detail(hearing, same))
    by_id = email.message_id is not None and email.date_key != "" and same.identity == email.identity
    reason = "erased" if same.erased else "same_message" if by_id else "same_content"
    return hearing.rule(Outcome.DUPLICATE, reason, duplicate_of=same.pk)


def _is_not_it(hearing: Hearing, sent: KnownMessage) -> bool:
    """What lies in the sent folder, and is not an agent's: what it brings is the copy that we receive (P1)."""
    return sent.reason == TO_US or (never_swallows(sent, hearing.policy) and _is_registered(hearing))


def _same_detail(hearing: Hearing, same: KnownMessage) -> str:
    email = hearing.email
    if same.erased:  # without an id of it: nothing of what was erased is written down again
        return f"a mail taken in at {same.received_at:%Y-%m-%d %H:%M} that was erased on request: it does not come back"
    if same.direction == "out":
        return f"an agent's own mail, found in a sent folder at {same.received_at:%Y-%m-%d %H:%M}"
    if is_other_part(hearing, same):
        cut = "this one" if hearing.delivery.oversize else "that one"
        when = f"{same.received_at:%Y-%m-%d %H:%M}"
        return f"begins like a mail taken in at {when}; of {cut} only the beginning was fetched"
    told = f"Message-ID {email.message_id} and Date are those of" if email.date_key else "no Date: id and content of"
    told = told if email.message_id else "same content as"
    variant = "" if email.fingerprint == same.fingerprint else "; sender or content differ (variant)"
    return f"{told} {_named(hearing, same)}, taken in at {same.received_at:%Y-%m-%d %H:%M}{variant}"


def _named(hearing: Hearing, same: KnownMessage) -> str:
    """The mail by its number in the list, and the cases it stands on."""
    known = (hearing.snapshot.cases.get(running) for running in same.cases)
    cases = ", ".join(case.number for case in known if case is not None)
    return f"mail {same.delivery or '–'}{f' ({cases})' if cases else ''}"


def _own_mail(hearing: Hearing) -> Decision | None:
    """B3: what this group sent and what comes back is ignored."""
    if hearing.kind.kind is Kind.OWN:
        hearing.note("own mail", "yes", hearing.kind.detail)
        return hearing.rule(Outcome.IGNORED, OWN_MAIL)
    hearing.note("own mail", "no", "no mark of ours")
    return None


def _is_registered(hearing: Hearing) -> bool:
    return hearing.delivered.accept_any_recipient or registered(hearing.email, hearing.delivered)[0]


def _unregistered(hearing: Hearing) -> Decision | None:
    """B4: one of the mailbox's addresses must stand in a recipient header."""
    found, detail = registered(hearing.email, hearing.delivered)
    if found:
        hearing.note("recipient", "yes", detail)
        return None
    if hearing.delivered.accept_any_recipient or hearing.delivery.wish.accept:
        why = "accept_any_recipient is on" if hearing.delivered.accept_any_recipient else "accepted by a person"
        hearing.note("recipient", "no", f"{detail}; {why}")
        return None
    hearing.note("recipient", "no", detail)
    return hearing.rule(Outcome.IGNORED, "recipient_not_registered")


def _report(hearing: Hearing) -> Decision | None:
    """B5: bounces, delays, receipts and complaints are noted, or ignored when they tie to nothing."""
    verdict = hearing.kind
    rule = "" if verdict.rule == verdict.kind.value else f"{verdict.rule}: "
    hearing.note("kind", verdict.kind.value, f"{rule}{verdict.detail}")
    return file_report(hearing) if verdict.kind in REPORTS else None


def _junk(hearing: Hearing) -> Decision | None:
    """B6: blacklist and header rules; of an out-of-office only one that joins no thread (`filing`)."""
    reason = "" if hearing.kind.kind is Kind.AUTO_REPLY else junk_reason(hearing)
    return file_junk(hearing, reason) if reason else None


STAGES: Final[tuple[Callable[[Hearing], Decision | None], ...]] = (
    _same_mail,
    _own_mail,
    _unregistered,
    _report,
    _junk,
)

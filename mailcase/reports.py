"""Bounces, delays, receipts and complaints: noted on the case of the mail they report (B5)."""

from dataclasses import replace
from typing import Final

from mailcase.actions import Action, MarkBounced, NoteOnCase, SuppressAddress
from mailcase.filing import file_mail, noted
from mailcase.hearing import Hearing
from mailcase.inherited import acted_on
from mailcase.junk.permanent import permanent_status
from mailcase.linking.finding import Candidate
from mailcase.linking.order import by_token, find
from mailcase.linking.thread import cases_of, pick
from mailcase.linking.token import CARRIED
from mailcase.message import Kind, ReportRecipient
from mailcase.opening import new_case
from mailcase.own_copies import learned
from mailcase.snapshot import KnownMessage, Snapshot
from mailcase.verdict import Decision, Outcome

REPORTS: Final = frozenset({Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED, Kind.RECEIPT, Kind.COMPLAINT})
_EVENTS: Final = {
    Kind.BOUNCE: "undeliverable",
    Kind.DELAY: "delayed",
    Kind.DELIVERED: "delivered",
    Kind.RECEIPT: "receipt",
    Kind.COMPLAINT: "complaint",
}
_ARRIVED: Final = frozenset({"delivered", "relayed", "expanded"})
#: Of a delivery report the actions (RFC 3464 2.3.3) that its kind is about, each a block of its own; "": none readable.
_ABOUT: Final = {
    Kind.BOUNCE: frozenset({"failed", ""}),
    Kind.DELAY: frozenset({"delayed"}),
    Kind.DELIVERED: _ARRIVED,
}
_ACTIONS: Final = frozenset({"failed", "delayed"}) | _ARRIVED


def file_report(hearing: Hearing) -> Decision:
    """Noted where it ties to a case, with its effect on the address; else `report_unmatched`.

    A person who accepts it wants it on the case that he names, or as a case of its own where it ties to none.
    """
    learnt = learned(hearing, "report")
    decision = _filed(hearing) if hearing.delivery.wish.case is None else file_mail(hearing)
    return replace(decision, actions=(*decision.actions, *learnt))


def _filed(hearing: Hearing) -> Decision:
    wish = hearing.delivery.wish
    reported = _reported(hearing)
    winner = _carried(hearing, reported) or _by_order(hearing)
    if winner is None:
        hearing.note("reported mail", "none", "it names no mail of ours, no thread and no case")
        if wish.accept:
            hearing.note("accepted", "yes", f"by {wish.actor or 'a person'}: a case of its own")
            return new_case(hearing, Outcome.CREATED, "new_case")
        return hearing.rule(Outcome.IGNORED, "report_unmatched")
    if reported is None:
        hearing.note("reported mail", "none", "it names no mail that we sent: noted, no address is suppressed")
        return noted(hearing, winner, "report", {"kind": hearing.kind.kind.value})
    blocks = _blocks(hearing, reported)
    if not blocks:
        told = f"no address that we wrote to is reported as {_EVENTS[hearing.kind.kind]}"
        hearing.note("reported mail", "no", told)
        return noted(hearing, winner, "report", {"kind": hearing.kind.kind.value})
    return _acted(hearing, winner, reported, blocks)


def _acted(
    hearing: Hearing, winner: Candidate, reported: KnownMessage, blocks: tuple[ReportRecipient, ...]
) -> Decision:
    """One event a recipient, and what it does to his address."""
    event, running = _EVENTS[hearing.kind.kind], acted_on(hearing, winner).running
    further = tuple(NoteOnCase(running, event, _told(block)) for block in blocks[1:])
    effects = (one for block in blocks for one in _effects(hearing, reported, block))
    return noted(hearing, winner, event, _told(blocks[0]), (*further, *effects))


def _told(block: ReportRecipient) -> dict[str, object]:
    return {"recipient": block.address, "status": block.status, "diagnostic": block.diagnostic}


def _reported(hearing: Hearing) -> KnownMessage | None:
    """The outgoing mail that the report names: carried, by its id or its mark, answered or referred to."""
    lookup = hearing.snapshot.lookup
    copied = (one for copy in lookup.copies for one in copy.ours)
    for one in (*lookup.carried_ids, *copied, *lookup.thread_ids):
        for message in hearing.snapshot.messages.get(one, ()):
            if message.direction == "out" and not message.erased:
                return message
    return None


def _carried(hearing: Hearing, reported: KnownMessage | None) -> Candidate | None:
    """The case of the mail that came back."""
    snapshot = hearing.snapshot
    if reported is not None and (cases := cases_of(reported, snapshot)):
        told = f"reports our mail {reported.message_id}{_by_which(reported, snapshot)}"
        hearing.note("reported mail", ", ".join(case.number for case in cases), told)
        return Candidate("reported mail", "thread", cases, told, answers_ours=True)
    if found := by_token((hit for hit in snapshot.lookup.tokens if hit.where == CARRIED), "reported mail", snapshot):
        hearing.note("reported mail", found.cases[0].number, found.detail)
        return found
    for one in snapshot.lookup.carried_ids:
        message = pick(snapshot.messages.get(one, ()), "")
        if message is not None and (cases := cases_of(message, snapshot)):
            return Candidate("reported mail", "thread", cases, f"carries {one}")
    return None


def _by_which(reported: KnownMessage, snapshot: Snapshot) -> str:
    """By which other id it names our mail, if by one."""
    lookup = snapshot.lookup
    named = (one for one in (*lookup.carried_ids, *lookup.thread_ids) if reported in snapshot.messages.get(one, ()))
    by = next(named, reported.message_id)
    return "" if by == reported.message_id else f", which a relay named {by}"


def _by_order(hearing: Hearing) -> Candidate | None:
    finding = find(hearing.email, hearing.snapshot, hearing.policy, automatic=True)
    for line in finding.tried:
        hearing.note(line.test, line.result, line.detail)
    return finding.winner


def _blocks(hearing: Hearing, reported: KnownMessage) -> tuple[ReportRecipient, ...]:
    """The report's words on the addresses that we wrote to, one each; a forged address is nobody's (B5)."""
    written_to = hearing.policy.not_ours(reported.participants)
    blocks = hearing.email.report.recipients if hearing.email.report else ()
    ours: dict[str, ReportRecipient] = {}
    for block in blocks:
        if block.address in written_to and _is_about(hearing.kind.kind, block):
            ours.setdefault(block.address, block)
    if ours:
        return tuple(ours.values())
    if not any(block.address for block in blocks) and len(written_to) == 1:
        recipient = next(iter(written_to))
        return (ReportRecipient(recipient, "", permanent_status(hearing.email, recipient), ""),)
    return ()


def _is_about(kind: Kind, block: ReportRecipient) -> bool:
    """Whether the block says what the report is about: one mail may fail for one and reach another."""
    wanted = _ABOUT.get(kind)
    action = block.action if block.action in _ACTIONS else ""
    arrived = not action and block.status.startswith("2")
    return wanted is None or (action in wanted and not arrived)


def _effects(hearing: Hearing, reported: KnownMessage, block: ReportRecipient) -> tuple[Action, ...]:
    """B5: a permanent failure suppresses automatic mail for a time, a complaint for good."""
    if hearing.kind.kind is Kind.COMPLAINT:
        hearing.note("address", "suppressed", f"{block.address} gets no automatic mail any more: it complained")
        return (SuppressAddress(block.address, None, "complaint"),)
    if hearing.kind.kind is not Kind.BOUNCE:
        return ()
    permanent = block.status.startswith("5") or (block.action == "failed" and not block.status)
    bounced = MarkBounced(reported.pk, block.address, block.status, permanent)
    if not permanent:
        hearing.note("address", "kept", f"{block.address}: no permanent status, so nothing is suppressed")
        return (bounced,)
    until = hearing.snapshot.now + hearing.policy.acknowledge.suppress_after_bounce
    told = f"{block.address} gets no automatic mail until {until:%Y-%m-%d} (status {block.status or 'failed'})"
    hearing.note("address", "suppressed", told)
    return (bounced, SuppressAddress(block.address, until, "hard_bounce"))

"""Carrying out one decision in the transaction it was made in: message, actions, outcome."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mailcase import actions as a
from mailcase.message import Address
from mailcase.ports import Settled
from mailcase.store.apply_case import (
    account_of,
    create_case,
    link_message,
    note_on_case,
    relate_cases,
    reopen_case,
    resolve_contact,
    show_message,
    withdraw_case,
)
from mailcase.store.apply_message import take_as_sent, write_message
from mailcase.store.apply_outbox import keep_answer_back, learn_id, mark_bounced, queue_mail, suppress_address
from mailcase.store.life.agent_mail import agent_acts
from mailcase.store.life.by_mail import tell_of_mail
from mailcase.store.references import forget_named_ids
from mailcase.store.work import Work
from mailcase.verdict import Outcome

# Each handler takes the action type it stands beside.
HANDLERS: Final[Mapping[type, Callable[[Work, Any], None]]] = {
    a.CreateCase: create_case,
    a.LinkMessage: link_message,
    a.ReopenCase: reopen_case,
    a.NoteOnCase: note_on_case,
    a.RelateCases: relate_cases,
    a.ShowMessage: show_message,
    a.TakeAsSent: take_as_sent,
    a.WithdrawCase: withdraw_case,
    a.KeepAnswerBack: keep_answer_back,
    a.MarkBounced: mark_bounced,
    a.LearnId: learn_id,
    a.SuppressAddress: suppress_address,
    a.QueueMail: queue_mail,
    a.AgentActs: agent_acts,
}


def apply(work: Work) -> Settled:
    """Carry out `work.decision`; rows that can wait are left in `work.later`.

    Raises:
        Conflict: a case changed since it was read.
        IntegrityError: another mail was quicker with a unique row.
        Permanent: the decision does not fit together.
    """
    _who(work)
    write_message(work)
    for action in work.decision.actions:
        HANDLERS[type(action)](work, action)
    tell_of_mail(work)
    _tell_oversize(work)
    _outcome(work)
    decision = work.decision
    return Settled(
        delivery_id=work.delivery.id,
        outcome=decision.outcome.value,
        reason=decision.reason,
        kind=decision.kind.value,
        case=work.number(decision.case),
        queued=work.queued,
    )


def _who(work: Work) -> None:
    """Contact and account of the mail, before its row is written."""
    known = work.snapshot.contact
    if known is not None:
        work.contact_id, work.account_id = known.id, known.account_id
    creating = next((one for one in work.decision.actions if isinstance(one, a.CreateCase)), None)
    if creating is not None:
        work.contact_id = resolve_contact(work, creating.contact)
        work.account_id = creating.account_id
        if isinstance(creating.contact, a.NewContact) and creating.contact.account_domain:
            work.account_id = account_of(work)


def _tell_oversize(work: Work) -> None:
    """The case says that there is more to read, and where (I10)."""
    delivery, case = work.delivery, work.decision.case
    if delivery.oversize and case is not None and work.decision.outcome is not Outcome.DUPLICATE:
        place = f"mailbox {delivery.mailbox}, folder {delivery.folder}, UID {delivery.uid}"
        work.event(work.case(case), "oversized", {"see": place, "message": work.message_pk})


def _outcome(work: Work) -> None:
    """The delivery's current outcome and a line of its history, with the trace (P6)."""
    decision = work.decision
    case = work.case(decision.case) if decision.case is not None else None
    shared = {
        "outcome": decision.outcome.value, "reason": decision.reason, "case_id": case,
        "policy_hash": work.judge.policy_hash,
    }  # fmt: skip
    work.later.deliveries.append(
        {
            "id": work.delivery.id, "group_name": work.lookup.group, **shared, "kind": decision.kind.value,
            "linked_by": decision.linked_by, "message_pk": work.message_pk,
            "sender_unverified": decision.sender_unverified, "acknowledge": decision.acknowledge,
            "acknowledge_reason": decision.acknowledge_reason, "decided_at": work.now, "error": "",
            **_of_mail(work),
        }
    )  # fmt: skip
    trace = [{"test": one.test, "result": one.result, "evidence": one.detail} for one in decision.trace]
    history = {"delivery_id": work.delivery.id, "at": work.now, "actor": work.actor, "trace": trace}
    work.later.outcomes.append({**shared, **history})


def _of_mail(work: Work) -> dict[str, Any]:
    """What the journal shows of a mail; nothing of one that was erased and comes again (GDPR)."""
    email = work.email
    if work.decision.reason == "erased":
        forget_named_ids(work)
        return dict.fromkeys(("message_id", "mail_from", "mail_to", "subject", "date"))
    return {
        "message_id": email.message_id, "mail_from": _shown(email.senders), "mail_to": _shown(email.to),
        "subject": email.subject, "date": email.date,
    }  # fmt: skip


def _shown(addresses: tuple[Address, ...]) -> str:
    """Addresses as a person reads them in a list."""
    return ", ".join(f"{one.name} <{one.address}>" if one.name else one.address for one in addresses)

"""A decision that was not carried out, in the shape of `message show` (contract.md)."""

from typing import Any

from mailcase.actions import NEW, LinkMessage
from mailcase.intake.offered import offered
from mailcase.message import Delivery, Email
from mailcase.policy import Policy
from mailcase.snapshot import Snapshot
from mailcase.verdict import Decision


def explained(
    email: Email, decision: Decision, snapshot: Snapshot, delivery: Delivery, policy: Policy
) -> dict[str, Any]:
    """`message show` with `would` in place of `id`; a case that would be made has no number yet."""
    links = [action.case for action in decision.actions if isinstance(action, LinkMessage) and action.case != NEW]
    sender = email.sender
    return {
        "would": True,
        "mailbox": delivery.mailbox,
        "source": delivery.source,
        "folder": delivery.folder,
        "uidvalidity": None,
        "uid": None,
        "message_id": email.message_id,
        "from": _written(sender.name, sender.address) if sender else "",
        "to": ", ".join(one.address for one in email.to),
        "subject": email.subject,
        "date": email.date,
        "received_at": delivery.received_at,
        "kind": decision.kind.value,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "linked_by": decision.linked_by,
        "case": _number(decision.case, snapshot, policy),
        "cases": [_number(case, snapshot, policy) for case in dict.fromkeys(links)],
        "sender_unverified": decision.sender_unverified,
        "text": email.text,
        "new_text": email.new_text,
        "html": email.html_clean,
        "headers": [list(one) for one in email.headers],
        "attachments": offered([_attachment(one) for one in email.attachments], policy.attachments),
        "acknowledge": decision.acknowledge,
        "acknowledge_reason": decision.acknowledge_reason,
        "trace": [{"test": one.test, "result": one.result, "evidence": one.detail} for one in decision.trace],
    }


def _written(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address


def _number(running: int | None, snapshot: Snapshot, policy: Policy) -> str | None:
    if running is None or running == NEW:
        return None
    known = snapshot.cases.get(running)
    return known.number if known else policy.cases.mask.format(running)


def _attachment(one: Any) -> dict[str, Any]:
    return {"part": one.part, "name": one.name, "type": one.type, "size": one.size, "inline": one.inline}

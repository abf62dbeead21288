"""An agent's mail on a case: his reply to the customer and his commands, or an internal note (behaviour.md B8).

His address proves nothing, since From can be written by anybody. He is taken for himself only where he answers a
notice that went to him, alone or with his group: its Message-ID is signed, and no customer was ever sent it; and
where trusted servers are configured, one of them must say that DMARC passed. A sub-address, a body mark and a case
number prove nothing: customers have them too.
"""

from collections.abc import Iterator
from typing import Final

from mailcase.actions import AgentActs
from mailcase.cases.transitions import merged
from mailcase.enclosing import enclosed
from mailcase.hearing import Hearing
from mailcase.inherited import links
from mailcase.linking.finding import Candidate
from mailcase.message import Email
from mailcase.snapshot import CaseView, KnownMessage
from mailcase.verdict import BY_AGENT, Decision, Outcome

VERIFIED, UNVERIFIED = BY_AGENT
#: Why it is not known that he wrote it; `outbox.german` has it.
NO_NOTICE: Final = "the mail answers no notice that was sent to him about this case"
_HEADERS: Final = ("In-Reply-To", "References")


def by_agent(hearing: Hearing, winner: Candidate, case: CaseView) -> Decision | None:
    """The verdict on an agent's mail that leads to this case.

    None where he is the case's customer or no agent, or where DMARC failed: that is a stranger who uses his name.
    """
    snapshot = hearing.snapshot
    mine = snapshot.contact is not None and snapshot.contact.id == case.contact_id
    forged = hearing.authentication.result == "fail"
    if not snapshot.agent or mine or forged or not hearing.person or hearing.delivery.wish.accept:
        return None
    proofs = tuple(dict.fromkeys(one.message_id for one in _his_notices(hearing, case)))
    why = _why_not(hearing, proofs)
    hearing.note("agent", "no" if why else "yes", why or f"answers {proofs[0]}, a notice of ours that went to him")
    hearing.note("acknowledge", "no", "agent: nobody waits for an acknowledgement")
    files, left_out = enclosed(hearing)
    act = AgentActs(
        case=case.running,
        agent=snapshot.lookup.sender_key,
        text=_words(hearing.email),
        why_not=why,
        # A trusted server vouches for him; else the notice's id is all there is, and nobody else may know it.
        proofs=() if hearing.policy.trusted_authserv_ids else proofs,
        files=files,
        left_out=left_out,
        answers=proofs[0] if proofs else "",
    )
    return Decision(
        kind=hearing.kind.kind,
        outcome=Outcome.LINKED,
        reason=UNVERIFIED if why else VERIFIED,
        trace=tuple(hearing.trace),
        actions=(*links(winner, case, Outcome.LINKED.value, verified=False), act),
        linked_by=winner.linked_by,
        case=case.running,
        sender_unverified=bool(why),
        acknowledge_reason="agent",
    )


def _words(email: Email) -> str:
    """His own; never the quotation where he wrote nothing, since it is our notice."""
    return "" if email.nothing_new else email.new_text or email.text


def _why_not(hearing: Hearing, proofs: tuple[str, ...]) -> str:
    """Why it cannot be known that the agent wrote this, or wants it now; "" where it can."""
    trusted = hearing.authentication
    if hearing.policy.trusted_authserv_ids and trusted.result != "pass":
        return f"no trusted server says that the mail is his: {trusted.detail}"
    if not hearing.from_agent:
        return "the agent does not stand alone in From"
    if not proofs:
        return NO_NOTICE
    if hearing.delivery.backlog or hearing.delivery.no_ack:
        return "the mail is an old one that was read in now: nothing is sent for it"
    return ""


def _his_notices(hearing: Hearing, case: CaseView) -> Iterator[KnownMessage]:
    """Those about this case that the mail names in its headers as what it answers.

    By the id that a relay gave one only where a trusted server vouches for him: it is not signed, and proves nothing.
    """
    snapshot = hearing.snapshot
    sender = snapshot.lookup.sender_key
    named = dict.fromkeys(hit.text for hit in snapshot.lookup.tokens if hit.where in _HEADERS)
    if hearing.policy.trusted_authserv_ids:
        named |= dict.fromkeys(snapshot.lookup.thread_ids)
    for one in (one for text in named for one in snapshot.messages.get(text, ())):
        about = (snapshot.cases.get(running) for running in one.cases)
        this = any(merged(other, snapshot.cases).running == case.running for other in about if other is not None)
        if this and one.direction == "out" and one.automatic and one.to_agents and sender in one.participants:
            yield one

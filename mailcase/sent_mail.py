"""An agent's own mail out of a watched sent folder: on its case as an outgoing message, without effect (B16)."""

from typing import Final

from mailcase.actions import Action, KeepAnswerBack, NoteOnCase, TakeAsSent, WithdrawCase
from mailcase.cases.statuses import Role
from mailcase.cases.transitions import is_final, open_follower
from mailcase.filing import asked_for
from mailcase.hearing import Hearing
from mailcase.inherited import acted_on, led_to, links
from mailcase.junk.own import own_mark
from mailcase.linking.finding import Candidate
from mailcase.linking.order import find
from mailcase.message import Kind
from mailcase.own_copies import learned, original
from mailcase.same_mail import known_copy
from mailcase.sent_author import surely_an_agents, written_to_us
from mailcase.sent_before import UNMATCHED
from mailcase.snapshot import CaseView, KnownMessage
from mailcase.verdict import OWN_MAIL, Decision, Outcome

TO_US: Final = "sent_to_us"  # reason word: a web form's mail, a customer's or a note to ourselves: the INBOX decides
_WITHDRAWN: Final = "An agent's own mail"
_WRITTEN: Final = (Kind.NOTIFICATION, Kind.PERSON)  # what an agent's mail that we receive looks like


def file_sent(hearing: Hearing) -> Decision:
    """Linked by token or thread, or recorded without a case; never junk, acknowledged, creating or reopening."""
    hearing.note("sent folder", "yes", f"{hearing.delivery.folder or 'a sent folder'}: an agent's own mail")
    if mark := own_mark(hearing.email, hearing.policy):
        hearing.note("own mail", "yes", f"we sent it ourselves, about case {mark.running}: a copy that the relay keeps")
        others = learned(hearing, "sent_folder")
        return hearing.rule(Outcome.IGNORED, OWN_MAIL, duplicate_of=_sent_by_us(hearing), actions=others)
    to_us = written_to_us(hearing)
    if (copy := known_copy(hearing)) and (decision := _again(hearing, copy, to_us)):
        return decision
    if to_us and hearing.delivery.wish.case is None:
        hearing.note("recipients", "ours", f"{to_us}: the copy that we receive is decided")
        return hearing.rule(Outcome.IGNORED, TO_US)
    return _on_its_case(hearing)


def _sent_by_us(hearing: Hearing) -> int | None:
    """The message that the outbox made of it, also where a relay gave the copy another Message-ID."""
    known = (one for one in hearing.snapshot.same if one.direction == "out")
    same = (one for one in known if one.message_id == hearing.email.message_id and one.reason != OWN_MAIL)
    renamed = (original(hearing, copy) for copy in hearing.snapshot.lookup.copies)
    return next((one.pk for one in (*same, *renamed) if one is not None), None)


def _again(hearing: Hearing, copy: KnownMessage, to_us: str) -> Decision | None:
    """The same mail is known; None where it was received, but led nowhere: then it is filed as the agent's."""
    if hearing.again and copy.direction == "out":
        hearing.note("same mail", "no", "its own stored copy is not counted")
        return None
    reason = "erased" if copy.erased else "same_message" if copy.identity == hearing.email.identity else "same_content"
    received = f"taken in at {copy.received_at:%Y-%m-%d %H:%M}"
    if copy.direction == "out" or copy.erased or to_us or not surely_an_agents(hearing):
        hearing.note("same mail", "yes", f"known, {received}")
        return hearing.rule(Outcome.DUPLICATE, reason, duplicate_of=copy.pk)
    if not copy.cases:
        hearing.note("same mail", "yes", f"{received} as a copy to us, on no case: now it counts as the agent's")
        return None
    hearing.note("same mail", "yes", f"{received} as a copy to us: it is outgoing mail from now on")
    if withdrawn := _withdrawn(hearing, copy):
        return _on_its_case(hearing, withdrawn)
    actions = (_unanswered(copy), TakeAsSent(copy.pk), *_reopened(hearing, copy))
    return hearing.rule(Outcome.DUPLICATE, reason, duplicate_of=copy.pk, actions=actions)


def _unanswered(copy: KnownMessage) -> KeepAnswerBack:
    return KeepAnswerBack(copy.pk, OWN_MAIL)


def _reopened(hearing: Hearing, copy: KnownMessage) -> tuple[Action, ...]:
    """A case that the copy had reopened stays so: somebody may work on it; its history tells why."""
    if copy.outcome != Outcome.REOPENED:
        return ()
    hearing.note("case", "reopened", "by that copy: a person decides whether it stays open")
    return (NoteOnCase(copy.cases[0], "reopened_by_own_mail", {"message": copy.pk}),)


def _withdrawn(hearing: Hearing, copy: KnownMessage) -> tuple[Action, ...]:
    """A case that the copy made before the original was known, and that nobody worked on, is canceled."""
    case = hearing.snapshot.cases.get(copy.cases[0])
    if copy.outcome != Outcome.CREATED or case is None or case.first_kind not in _WRITTEN:
        return ()
    new = hearing.policy.statuses.by_role(Role.NEW).name
    if case.status != new or case.assignee or _others_stand_on(hearing, case, copy):
        hearing.note("case", "kept", f"{case.number} was made by that copy, but others work on it by now")
        return ()
    hearing.note("case", "withdrawn", f"{case.number} was made by that copy alone")
    canceled = hearing.policy.statuses.by_role(Role.CANCELED).name
    withdraw = WithdrawCase(case.running, copy.pk, case.status, canceled, _WITHDRAWN, case.version)
    return (_unanswered(copy), withdraw)


def _others_stand_on(hearing: Hearing, case: CaseView, copy: KnownMessage) -> bool:
    """Whether a mail of its thread is on that case too; applying looks at all of them once more."""
    lists = (*hearing.snapshot.messages.values(), *hearing.snapshot.citing.values())
    others = (one for known in lists for one in known if one.pk != copy.pk and not _ours(one))
    return any(case.running in one.cases for one in others)


def _ours(one: KnownMessage) -> bool:
    """An acknowledgement of ours: nobody's work."""
    return one.direction == "out" and one.automatic


def _on_its_case(hearing: Hearing, withdrawn: tuple[Action, ...] = ()) -> Decision:
    finding = asked_for(hearing) or find(
        hearing.email, hearing.snapshot, hearing.policy, automatic=False, outgoing=True
    )
    for line in finding.tried:
        hearing.note(line.test, line.result, line.detail)
    if finding.winner is None:
        hearing.note("case", "none", "an agent's mail makes no case; the answer to it will show it")
        return hearing.rule(Outcome.IGNORED, UNMATCHED, actions=withdrawn)
    return _linked(hearing, *_open(hearing, finding.winner), withdrawn)


def _open(hearing: Hearing, winner: Candidate) -> tuple[Candidate, CaseView]:
    """The case it goes to: of a closed one the open follower, else the closed one itself (it stays closed)."""
    case = acted_on(hearing, winner)
    statuses = hearing.policy.statuses
    people = hearing.snapshot.lookup.participant_keys
    follower = open_follower(case, hearing.snapshot.cases, statuses, people) if is_final(case, statuses) else None
    return (led_to(winner, follower), follower) if follower else (winner, case)


def _linked(hearing: Hearing, winner: Candidate, case: CaseView, withdrawn: tuple[Action, ...]) -> Decision:
    hearing.note("status", case.status, f"{case.number} stays as it is: an agent's mail changes no status")
    return Decision(
        kind=hearing.kind.kind,
        outcome=Outcome.LINKED,
        reason=winner.linked_by,
        trace=tuple(hearing.trace),
        actions=(*withdrawn, *links(winner, case, "sent", verified=True)),
        linked_by=winner.linked_by,
        case=case.running,
        acknowledge_reason=OWN_MAIL,
    )

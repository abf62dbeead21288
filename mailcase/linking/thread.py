"""The thread: ids that lead to stored messages, siblings and late parents (B7.2, B15)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from mailcase.cases.contacts import account
from mailcase.cases.transitions import is_final, merged
from mailcase.linking.finding import Candidate
from mailcase.message import Email
from mailcase.policy import Policy
from mailcase.snapshot import CaseView, KnownMessage, Snapshot

LOOKED_UP: Final = 32  # In-Reply-To and the newest 31 of References
SEEN_FOR: Final = timedelta(days=90)  # how long an id that was only seen joins mails


def thread_ids(email: Email) -> tuple[str, ...]:
    """In-Reply-To, then References from the newest back, without repeats, at most 32."""
    wanted = (*email.in_reply_to, *reversed(email.references))
    return tuple(dict.fromkeys(one for one in wanted if one != email.message_id))[:LOOKED_UP]


def by_thread(email: Email, snapshot: Snapshot, policy: Policy) -> Candidate | None:
    """The case of the nearest stored message, else of a mail that shares an id with this one."""
    ancestor, relative = _ancestor(email, snapshot), _relative(email, snapshot, policy)
    if ancestor is None or relative is None:
        return ancestor or relative
    known = {case.running for case in (*ancestor.cases, *ancestor.lost)}
    tied = tuple(case for case in relative.cases if case.running not in known)
    return replace(ancestor, lost=(*ancestor.lost, *tied))  # two cases turn out to be one thread (B15)


def pick(known: tuple[KnownMessage, ...], sender_key: str) -> KnownMessage | None:
    """Of messages that share a Message-ID: the only one with this sender, else the newest (B2)."""
    living = [one for one in known if not one.erased and one.cases]
    with_sender = [one for one in living if sender_key and sender_key in one.participants]
    if len(with_sender) == 1:
        return with_sender[0]
    return living[0] if living else None


def cases_of(message: KnownMessage, snapshot: Snapshot) -> tuple[CaseView, ...]:
    """The cases that a message stands in, after merges, newest first."""
    found = (snapshot.cases[one] for one in message.cases if one in snapshot.cases)
    unique = {case.running: case for case in (merged(one, snapshot.cases) for one in found)}
    return tuple(unique[one] for one in sorted(unique, reverse=True))


def _ancestor(email: Email, snapshot: Snapshot) -> Candidate | None:
    winner: Candidate | None = None
    others: dict[int, CaseView] = {}
    for one in snapshot.lookup.thread_ids:
        message = pick(snapshot.messages.get(one, ()), snapshot.lookup.sender_key)
        cases = cases_of(message, snapshot) if message else ()
        if message is None or not cases:
            continue
        if winner is None:
            where = "In-Reply-To" if one in email.in_reply_to else "References"
            taken_in = f"taken in at {message.received_at:%Y-%m-%d %H:%M}"
            told = f"{where} {one} is {_way(message, one)}, {taken_in}, {_stand(cases)}"
            winner = Candidate("thread", "thread", cases, told, answers_ours=message.direction == "out")
        others.update({case.running: case for case in cases})
    if winner is None:
        return None
    known = {case.running for case in winner.cases}
    return replace(winner, lost=tuple(case for number, case in others.items() if number not in known))


def _way(message: KnownMessage, named: str) -> str:
    if message.direction == "out":
        own = message.message_id == named
        return "our mail" if own else f"our mail {message.message_id} under the id that a relay gave it"
    return f"a mail of {message.sender_key or 'nobody'}"


def _stand(cases: tuple[CaseView, ...]) -> str:
    return ", ".join(f"{case.number} ({case.status})" for case in cases)


def _relative(email: Email, snapshot: Snapshot, policy: Policy) -> Candidate | None:
    """A late parent of a stored mail, or a sibling: an id that was only ever seen joins kin alone."""
    own_id = (email.message_id,) if email.message_id else ()
    for one, told in (
        *((one, "is what a stored mail answers (late parent)") for one in own_id),
        *((one, "is answered by a stored mail too (sibling)") for one in snapshot.lookup.thread_ids),
    ):
        if cases := _kin(snapshot.citing.get(one, ()), snapshot, policy):
            return Candidate("thread", "thread", cases, f"{one} {told}")
    return None


def _kin(citing: Iterable[KnownMessage], snapshot: Snapshot, policy: Policy) -> tuple[CaseView, ...]:
    """The cases, not final, of the first kin among the mails that name an id too."""
    since = snapshot.now - SEEN_FOR
    for message in citing:
        if message.identity == snapshot.lookup.identity or message.erased or message.received_at < since:
            continue
        if not shares(message, snapshot, policy):
            continue
        living = tuple(case for case in cases_of(message, snapshot) if not is_final(case, policy.statuses))
        if living:
            return living
    return ()


def shares(message: KnownMessage, snapshot: Snapshot, policy: Policy) -> bool:
    """Whether the mail and a stored one have a participant in common other than our own addresses, or an account."""
    if policy.not_ours(message.participants & snapshot.lookup.participant_keys):
        return True
    ours = account(snapshot)
    return ours is not None and ours == message.account_id

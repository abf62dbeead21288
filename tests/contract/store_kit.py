"""What the store's contract tests share: arrivals, mails, and a clerk who judges them by three simple rules."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from mailcase.actions import NEW, Action, CreateCase, LinkMessage, NewContact, QueueMail, ReopenCase
from mailcase.cases.statuses import StatusTable
from mailcase.decision import Decision, Evidence, Outcome
from mailcase.life.assignment import AssignmentRule
from mailcase.life.happening import Happening
from mailcase.life.notice import Notice, NoticeFacts
from mailcase.message import Delivery, Email, Kind
from mailcase.policy import Policy
from mailcase.ports import Arrival, CaseFacts, Composed, Journalled, Reading, Settled
from mailcase.snapshot import KnownMessage, Lookup, Snapshot
from mailcase.store.engine import presence_free
from mailcase.store.store import Store
from tests.builders import CUSTOMER, NOW, SUPPORT, make_email, make_lookup
from tests.servers.ports import wait_until

LATER = NOW + timedelta(minutes=5)


def arrival(key: str = "1:1", raw: bytes = b"mail", **over: Any) -> Arrival:
    """A mail as the IMAP source hands it over; `key` is uidvalidity:uid."""
    uidvalidity, _, uid = key.partition(":")
    plain = Arrival(
        mailbox="support", source="imap:host:user", folder="INBOX", key=key, uidvalidity=int(uidvalidity),
        uid=int(uid), received_at=NOW, raw=raw,
    )  # fmt: skip
    return replace(plain, **over)


def mail(name: str, *answers: str, sender: str = CUSTOMER, **over: Any) -> Email:
    """A mail with the Message-ID <name@x> that answers the mails of these names."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    ids = tuple(f"<{one}@x>" for one in answers)
    over.setdefault("identity", f"id-{name}")
    over.setdefault("sha256", hashlib.sha256(b"mail").hexdigest())
    return make_email(
        message_id=f"<{name}@x>", senders=sender, in_reply_to=ids[:1], references=ids[::-1], fingerprint=digest,
        content_key=digest, **over,
    )  # fmt: skip


def journalled(store: Store, count: int = 1, start: int = 1, **over: Any) -> list[Journalled]:
    """So many new mails in the journal."""
    return store.journal([arrival(f"1:{uid}", **over) for uid in range(start, start + count)], None)


@dataclass
class Desk:
    """A store with a clerk: `receive` journals and settles mails as one batch."""

    store: Store
    clerk: "Clerk"
    uid: int = 0

    def receive(self, *emails: Email, now: Any = NOW, **over: Any) -> list[Settled]:
        rows = journalled(self.store, len(emails), self.uid + 1, **over)
        self.uid += len(emails)
        readings = [Reading(row.delivery, email) for row, email in zip(rows, emails, strict=True)]
        return self.store.settle(readings, self.clerk, now)


@dataclass
class Clerk:
    """A Judge: the same identity is a duplicate, an answer joins its thread, the rest are new cases with mail."""

    policy_hash: str = "rules-1"
    over: dict[str, Any] = field(default_factory=dict)  # of the Lookup
    more: Callable[[Email, Snapshot], Sequence[Action]] = lambda *_: ()
    seen: list[Snapshot] = field(default_factory=list)
    suppressed: str = ""
    copies: tuple[str, ...] = ()

    def number(self, running: int) -> str:
        return f"SR-{running}"

    def look(self, email: Email, delivery: Delivery) -> Lookup:  # noqa: ARG002 - a Judge is asked with both
        ids = tuple(dict.fromkeys((*email.in_reply_to, *reversed(email.references))))
        people = frozenset(one.key for one in (*email.senders, *email.cc))
        return make_lookup(email, **{"thread_ids": ids, "cited_ids": ids, "participant_keys": people, **self.over})

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        self.seen.append(snapshot)
        if email.subject == "poison":
            raise RecursionError("maximum recursion depth exceeded")
        same = next((one for one in snapshot.same if one.identity == email.identity), None)
        if same is not None and not delivery.wish.accept and same.reason != "recipient_not_registered":
            return _verdict(Outcome.DUPLICATE, "same_message", (), duplicate_of=same.pk)
        if email.subject == "not for us" and not delivery.wish.accept:
            return _verdict(Outcome.IGNORED, "recipient_not_registered", ())
        if email.subject == "junk" and not delivery.wish.accept:
            return _verdict(Outcome.JUNK_CASE, "blacklisted", self._new(email, snapshot, junk=True), case=NEW)
        return self._file(email, snapshot)

    def _file(self, email: Email, snapshot: Snapshot) -> Decision:
        running = _thread(snapshot)
        extra = tuple(self.more(email, snapshot))
        if running is None:
            return _verdict(Outcome.CREATED, "new_case", (*self._new(email, snapshot), *extra), case=NEW)
        case = snapshot.cases[running]
        actions: tuple[Action, ...] = (LinkMessage(running, "linked", "thread", verified=True), *extra)
        if case.status == "Resolved":
            back = ReopenCase(running, case.status, "Reopened", clear_assignee=True, version=case.version)
            return _verdict(Outcome.REOPENED, "thread", (back, *actions), case=running, linked_by="thread")
        return _verdict(Outcome.LINKED, "thread", actions, case=running, linked_by="thread")

    def _new(self, email: Email, snapshot: Snapshot, *, junk: bool = False) -> tuple[Action, ...]:
        sender = email.senders[0]
        known = snapshot.contact
        contact = known.id if known else NewContact(sender.key, sender.address, sender.name, None)
        made = CreateCase(
            title=email.subject, description=email.text, status="Canceled" if junk else "New", priority="Medium",
            category="Incident", source="Email", mailbox="support", group=snapshot.lookup.group, organization="",
            assignee_group="", contact=contact, account_id=known.account_id if known else None,
            closing_reason="Received from blacklisted email" if junk else "",
        )  # fmt: skip
        link = LinkMessage(NEW, "junk_case" if junk else "created", "", verified=not junk)
        answer = QueueMail(
            case=NEW, rule="registration", template="registration", mailbox="support", to=sender.address,
            to_name=sender.name, cc=self.copies, language="en", in_reply_to=email.message_id, references=(),
            subject=email.subject, suppressed="junk" if junk else self.suppressed,
            expires_at=snapshot.now + timedelta(hours=24),
        )  # fmt: skip
        return (made, link, answer)

    def happened(self, *_: object) -> tuple[Happening, ...]:
        return ()

    def notices(self, *_: object) -> tuple[Notice, ...]:
        return ()

    def stand_in(self, *_: object) -> str:
        return ""

    def compose_notice(self, notice: Notice, facts: NoticeFacts) -> Composed:
        raise AssertionError(f"{notice.rule} of {facts.number}: this clerk tells nobody")

    def policy_of(self, delivery: Delivery) -> Policy:
        raise AssertionError(f"{delivery.mailbox}: this clerk has no rules of acts")

    def assignment(self, *_: object) -> AssignmentRule | None:
        return None

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        return Composed(
            message_id=f"<c{case.running}.{email.identity}.{group}@mid.helpdesk.example>",
            subject=f"Re: {mail.subject} [{case.number}]", text=f"Your case {case.number}", html="",
            headers=(("Auto-Submitted", "auto-replied"),), from_name="Help desk", from_address=SUPPORT,
        )  # fmt: skip


def _verdict(outcome: Outcome, reason: str, actions: tuple[Action, ...], **over: Any) -> Decision:
    trace = (Evidence("same mail", "no", "not seen before"),)
    acknowledge = any(isinstance(one, QueueMail) and not one.suppressed for one in actions)
    return Decision(Kind.PERSON, outcome, reason, trace, actions, acknowledge=acknowledge, **over)


def _thread(snapshot: Snapshot) -> int | None:
    """The case of a mail that this one answers, that answers it, or that cites the same id."""
    named: list[KnownMessage] = [one for found in snapshot.messages.values() for one in found]
    citing = [one for found in snapshot.citing.values() for one in found]
    return next((one.cases[0] for one in (*named, *citing) if one.cases), None)


STATUSES = StatusTable()


def settled_at_last(store: Store, owner: str) -> list[tuple[int, str]]:
    """What is settled of daemons that are gone when a lease has passed."""
    lease, store._engines.lease_s = store._engines.lease_s, 0.0
    try:
        return store.settle_orphans(owner, LATER)
    finally:
        store._engines.lease_s = lease


def until_gone(store: Store, owner: str) -> None:
    """PostgreSQL takes a closed session's lock away a moment after it was closed."""

    def gone() -> bool:
        with store._engines.read() as conn:
            return presence_free(conn, owner)

    wait_until(gone, 60, "the lock of a daemon that is gone is still there")


def rows(store: Store, table: sa.Table) -> int:
    with store._engines.read() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def case(desk: Desk, number: str = "SR-1") -> dict[str, Any]:
    return desk.store.case_show(number, STATUSES)


# Names of tests.builders that the suites take from here.
__all__ = ["CUSTOMER", "LATER", "NOW", "STATUSES", "Clerk", "Desk", "arrival", "case", "journalled", "mail", "rows"]

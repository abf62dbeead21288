"""The twin carries out each action of mailcase.actions on its tables: what store.apply does in SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from mailcase import actions as a
from mailcase.intake.addresses import key_of
from mailcase.message import Address, Delivery, Email, Kind
from mailcase.ports import CaseFacts, Composed, Judge, OutboxMail
from mailcase.same_mail import stored_beginning
from mailcase.snapshot import ContactView, Snapshot
from mailcase.verdict import Decision, Outcome
from tests.servers.memory_outbox import Row
from tests.simulator.rows import Answer, Case, Clash, Link, Message, Tables

_QUIET: Final = ("shown", "noted")


@dataclass
class Applying:
    """One decision on its way into the tables; `unique` off is the flaw that a test shows."""

    tables: Tables
    email: Email
    delivery: Delivery
    judge: Judge
    snapshot: Snapshot
    decision: Decision
    next_running: Callable[[], int]
    unique: bool = True
    message: int | None = None
    known: bool = False
    contact: int | None = None
    created: CaseFacts | None = None
    queued: bool = False

    def run(self) -> None:
        """All of it. Raises Clash where somebody else was quicker."""
        self._who()
        self._write_message()
        for action in self.decision.actions:
            HANDLERS[type(action)](self, action)
        number = self.delivery.id
        self.tables.decided[number] = self.decision
        self.tables.placed[number] = self.message
        self.tables.stands[number] = None if self.decision.case is None else self.case(self.decision.case)

    @property
    def now(self) -> datetime:
        return self.snapshot.now

    @property
    def pk(self) -> int:
        assert self.message is not None, "an action needs the mail's own row"
        return self.message

    def case(self, running: int) -> int:
        """The running number, also of the case just created."""
        if running != a.NEW:
            return running
        assert self.created is not None, "an action names the new case before it is created"
        return self.created.running

    def number(self) -> str | None:
        """Of the case that the decision acted on."""
        case = self.tables.stands[self.delivery.id]
        return None if case is None else self.tables.cases[case].number

    def clash_if(self, taken: bool) -> None:
        """A unique row is there already."""
        if taken and self.unique:
            raise Clash

    def _who(self) -> None:
        self.contact = self.snapshot.contact.id if self.snapshot.contact else None
        creating = next((one for one in self.decision.actions if isinstance(one, a.CreateCase)), None)
        if creating is not None:
            self.contact = self._contact(creating.contact)

    def _contact(self, wanted: int | a.NewContact | None) -> int | None:
        if not isinstance(wanted, a.NewContact):
            return wanted
        if wanted.key not in self.tables.addresses:
            made = len(self.tables.contacts) + 1
            self.tables.contacts[made] = ContactView(made, wanted.name, wanted.account_id, "")
            self.tables.addresses[wanted.key] = made
        return self.tables.addresses[wanted.key]

    def _write_message(self) -> None:
        if self.decision.outcome is Outcome.DUPLICATE or self.decision.duplicate_of is not None:
            self.message = self.decision.duplicate_of
            return
        way = "out" if self.delivery.sent else "in"
        identity = f"{way}:{self.snapshot.lookup.identity}"
        same = [one for one in self.snapshot.same if one.identity == self.snapshot.lookup.identity]
        row = next((one.pk for one in same if one.direction == way or self.delivery.sent), None)
        if row is not None:
            self.message, self.known = row, True
            self.tables.messages[row] = replace(self.tables.messages[row], **self._decided())
            return
        group = self.snapshot.lookup.group
        self.clash_if(any((one.group, one.identity) == (group, identity) for one in self.tables.messages.values()))
        self.message = self.add(self._row(way, identity))

    def add(self, message: Message) -> int:
        """A new row; its number is given here."""
        pk = max(self.tables.messages, default=0) + 1
        self.tables.messages[pk] = replace(message, pk=pk)
        return pk

    def _decided(self) -> dict[str, Any]:
        automatic = self.decision.kind is not Kind.PERSON and not self.delivery.sent
        said = {"outcome": self.decision.outcome.value, "reason": self.decision.reason}
        return {"automatic": automatic, "delivery": self.delivery.id, **said}

    def _row(self, way: str, identity: str) -> Message:
        email, lookup = self.email, self.snapshot.lookup
        people = frozenset(one.key for one in (*email.senders, *email.to, *email.cc) if one.key)
        plain = Message(
            0, lookup.group, identity, email.message_id, way, False, email.date_key, email.fingerprint,
            stored_beginning(email, oversize=self.delivery.oversize), lookup.sender_key, people, self.now,
            lookup.cited_ids, email.sha256,
        )  # fmt: skip
        return replace(plain, **self._decided())


def create_case(work: Applying, action: a.CreateCase) -> None:
    running = work.next_running()
    number = work.judge.number(running)
    kind = work.decision.kind.value
    work.tables.cases[running] = Case(
        running, number, action.group, action.status, action.category, action.title, action.priority, work.contact,
        action.account_id, work.pk, kind, work.now,
    )  # fmt: skip
    followed = (
        one.other for one in work.decision.actions if isinstance(one, a.RelateCases) if one.relation == "follows"
    )
    before = work.tables.cases.get(next(followed, 0))
    work.created = CaseFacts(
        number, running, action.title, action.status, action.category, action.priority, work.now,
        before.number if before else "",
    )  # fmt: skip


def link_message(work: Applying, action: a.LinkMessage) -> None:
    running = work.case(action.case)
    is_new = work.created is not None and running == work.created.running
    if not is_new and action.how not in _QUIET:
        _as_read(work, running)
    work.tables.links.setdefault((running, work.pk), Link(action.how, action.linked_by, action.verified, work.now))
    if action.verified:
        _join(work, running, work.snapshot.lookup.participant_keys)


def _as_read(work: Applying, running: int) -> None:
    read, there = work.snapshot.cases[running], work.tables.cases[running]
    reopened = any(isinstance(one, a.ReopenCase) and one.case == running for one in work.decision.actions)
    if there.version not in (read.version, read.version + reopened):
        raise Clash


def _join(work: Applying, running: int, keys: frozenset[str]) -> None:
    work.tables.people |= {(running, key) for key in keys}


def reopen_case(work: Applying, action: a.ReopenCase) -> None:
    case = work.tables.cases[action.case]
    if case.version != action.version:
        raise Clash
    assignee = "" if action.clear_assignee else case.assignee
    work.tables.cases[action.case] = replace(case, status=action.to_status, version=case.version + 1, assignee=assignee)


def note_on_case(work: Applying, action: a.NoteOnCase) -> None:
    assert work.case(action.case) in work.tables.cases, "a note on a case that is not there"


def relate_cases(work: Applying, action: a.RelateCases) -> None:
    work.tables.relations |= {(work.case(action.case), work.case(action.other), action.relation)}


def show_message(work: Applying, action: a.ShowMessage) -> None:
    running = work.case(action.case)
    link = Link("sent", "thread", bool(action.participants), work.now)
    work.tables.links.setdefault((running, action.message_pk), link)
    _join(work, running, action.participants)


def take_as_sent(work: Applying, action: a.TakeAsSent) -> None:
    old = work.tables.messages[action.message_pk]
    identity = f"out:{work.snapshot.lookup.identity}"
    work.tables.messages[old.pk] = replace(old, direction="out", identity=identity, automatic=False)
    for place, link in list(work.tables.links.items()):
        if place[1] == old.pk:
            work.tables.links[place] = replace(link, how="sent", verified=True)


def withdraw_case(work: Applying, action: a.WithdrawCase) -> None:
    mails = [work.tables.messages[pk] for case, pk in work.tables.links if case == action.case]
    if [one.pk for one in mails if not (one.direction == "out" and one.automatic)] != [action.message_pk]:
        return
    case = work.tables.cases[action.case]
    if case.version != action.version:
        raise Clash
    work.tables.cases[action.case] = replace(case, status=action.to_status, version=case.version + 1)
    del work.tables.links[action.case, action.message_pk]


def keep_answer_back(work: Applying, action: a.KeepAnswerBack) -> None:
    answered = {number for number, pk in work.tables.placed.items() if pk == action.message_pk}
    for number, one in work.tables.answers.items():
        row = work.tables.outbox[number]
        if one.delivery not in answered or row.state != "pending":
            continue
        row.state, row.reason = "suppressed", action.reason
        work.tables.take_out(one.message)
        work.tables.answers[number] = replace(one, message=None)


def mark_bounced(work: Applying, action: a.MarkBounced) -> None:
    for number, one in work.tables.answers.items():
        if one.message == action.message_pk and one.to_key == action.recipient:
            row = work.tables.outbox[number]
            row.state, row.reason = "bounced", action.status


def suppress_address(work: Applying, action: a.SuppressAddress) -> None:
    known = work.tables.suppressed.get(action.key)
    if known and (known[0] is None or (action.until is not None and known[0] >= action.until)):
        return
    work.tables.suppressed[action.key] = (action.until, action.reason)


def queue_mail(work: Applying, action: a.QueueMail) -> None:
    lookup = work.snapshot.lookup
    dedup = f"ack:{lookup.group}:{lookup.identity}"
    there = work.tables.of(dedup)
    known = there if work.known else None
    if known is not None and (work.tables.outbox[known].state != "suppressed" or action.suppressed):
        return
    work.clash_if(there is not None and known is None)
    case = work.case(action.case)
    composed = None if action.suppressed else work.judge.compose(action, _facts(work, case), work.email, lookup.group)
    number = known or max(work.tables.outbox, default=0) + 1
    work.tables.outbox[number] = _row(work, action, number, composed)
    message = None if composed is None else _outgoing(work, action, composed)
    work.queued |= composed is not None
    key, content, delivery = key_of(action.to), work.email.content_key, work.delivery.id
    work.tables.answers[number] = Answer(dedup, lookup.group, key, content, case, delivery, message)


def _facts(work: Applying, running: int) -> CaseFacts:
    if work.created is not None and work.created.running == running:
        return work.created
    case = work.tables.cases[running]
    return CaseFacts(case.number, case.running, case.title, case.status, case.category, case.priority, case.created_at)


def _row(work: Applying, action: a.QueueMail, number: int, composed: Composed | None) -> Row:
    ready = composed or Composed("", action.subject, "", "", (), "", "")
    mail = OutboxMail(
        number, action.rule, action.mailbox, work.snapshot.lookup.group, work.judge.number(work.case(action.case)),
        action.to, action.to_name, action.cc, ready.subject, ready.text, ready.html, ready.headers, ready.from_name,
        ready.from_address, ready.message_id, automatic=True, attempts=0, created_at=work.now,
        expires_at=action.expires_at,
    )  # fmt: skip
    return Row(mail, "suppressed" if action.suppressed else "pending", work.now + action.delay, action.suppressed)


def _outgoing(work: Applying, action: a.QueueMail, composed: Composed) -> int:
    """Our mail as a message of the thread, linked to its case."""
    sender = key_of(composed.from_address)
    to = Address(action.to_name, action.to, key_of(action.to))
    people = frozenset({sender, to.key, *map(key_of, action.cc)})
    row = Message(
        0, work.snapshot.lookup.group, f"out:{composed.message_id}", composed.message_id, "out", True, "", "", "",
        sender, people, work.now, (), "", "", action.rule,
    )  # fmt: skip
    pk = work.add(row)
    work.tables.links[work.case(action.case), pk] = Link("sent", "", False, work.now)
    return pk


HANDLERS: Final[Mapping[type, Callable[[Applying, Any], None]]] = {
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
    a.LearnId: lambda work, action: work.tables.learn(action.message_pk, action.other),
    a.SuppressAddress: suppress_address,
    a.QueueMail: queue_mail,
}

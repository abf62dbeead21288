"""The agents' road of one mail, without servers: the mail as an agent's answer to his notice, and what it would do.

Beside tests/road.py, and as pure: the mail is decided as jane's, its commands and words become acts, and what would
leave of them is exactly ours and goes to the customer of the case alone.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailcase import tokens
from mailcase.actions import AgentActs
from mailcase.bench import Bench
from mailcase.errors import Permanent
from mailcase.intake.parse import read
from mailcase.life.acts.limits import LONGEST_NOTE
from mailcase.life.by_agent import Rule, steps
from mailcase.life.changes import SendReply
from mailcase.life.notice import LastMail, Notice, NoticeFacts
from mailcase.life.people import Person
from mailcase.message import Email
from mailcase.outbox import guard
from mailcase.outbox.compose_notice import NoticeComposer
from mailcase.outbox.mime import envelope
from mailcase.ports import OutboxMail
from mailcase.snapshot import KnownMessage, Lookup, Snapshot
from tests.builders import NOW, SUPPORT, address, make_delivery
from tests.life_kit import make_asked
from tests.road import OURS, Broken, Walked, follow, header_lines, must_be_clean
from tests.worlds import busy

JANE: Final = Person("jane@helpdesk.example", "jane@helpdesk.example", "Jane Roe")
ERIN: Final = Person("erin@visitor.example", "erin@visitor.example", "Erin Example")
_CASE: Final = 7  # which every busy world has
_PROVEN: Final = ("Authentication-Results", "mx.helpdesk.example; dmarc=pass header.from=helpdesk.example")
_FACTS: Final = NoticeFacts(
    running=_CASE, number="SR-7", title="An earlier case", status="In progress", category="Incident",
    priority="Medium", group="default", mailbox="support", created_at=NOW, first_kind="person", junk=False,
    support_level=0, expected_at=None, solution="", account_id=None, contact_id=1, customer=ERIN,
    last=LastMail(7, "<a1@visitor.example>", (), "It jams [SR-7]", "It jams.", "Erin", NOW),
)  # fmt: skip


def walk_both(raw: bytes, bench: Bench) -> Walked:
    """A mail as anybody's and as an agent's; raises Broken, or whatever a part of the product raises."""
    email = read(raw)
    walked = follow(email, bench)
    answer(email, bench)
    return walked


def answer(email: Email, bench: Bench) -> tuple[str, ...]:
    """The mail as jane's answer to her notice, and as a new one of hers; the acts that the answer asks for."""
    notice = tokens.message_id(_signed(bench, "agent"), "mid.helpdesk.example")
    mine = replace(
        email,
        senders=(address(JANE.address, JANE.name),),
        in_reply_to=(notice,),
        references=(),
        headers=(_PROVEN, *(one for one in email.headers if one[0].lower() != _PROVEN[0].lower())),
    )
    decision = bench.decide(mine, _world(mine, notice, bench), make_delivery())
    must_be_clean("the decision on an agent's mail", decision)
    new = replace(mine, in_reply_to=())
    fresh = Snapshot(bench.look(new, make_delivery()), NOW, agent=True)
    must_be_clean("the decision on an agent's new mail", bench.decide(new, fresh, make_delivery()))
    return tuple(name for one in decision.actions if isinstance(one, AgentActs) for name in _acted(one, bench))


def _signed(bench: Bench, who: str) -> str:
    return tokens.mark(bench.policy.keys, "default", _CASE, tokens.reference("notice", who), automatic=True)


def _world(email: Email, notice: str, bench: Bench) -> Snapshot:
    """A busy store in which that notice went to jane."""
    lookup = bench.look(email, make_delivery())
    there = busy(lookup, NOW, email)
    told = {**there.messages, notice: (_notice(lookup, notice),)}
    return replace(there, messages=told, agent=True, contact=None, same=())


def _notice(lookup: Lookup, message_id: str) -> KnownMessage:
    return KnownMessage(
        pk=99, message_id=message_id, direction="out", automatic=True, identity="notice", date_key="",
        fingerprint="notice", sender_key=SUPPORT, participants=frozenset({lookup.sender_key}), account_id=None,
        cases=(_CASE,), received_at=NOW, outcome="", reason="", to_agents=True, erased=False,
    )  # fmt: skip


def _acted(action: AgentActs, bench: Bench) -> Iterator[str]:
    """The names of its steps; a refusal is told to jane."""
    try:
        wanted = steps(action.text, action.files)
    except Permanent as error:
        _told(f"{error}\n\n{action.text.strip()[:LONGEST_NOTE]}", bench)
        return
    for one in wanted:
        _done(one.rule, bench)
        yield one.name


def _done(rule: Rule, bench: Bench) -> None:
    """One act on a case in progress; what it changes, and what it sends."""
    try:
        changes = rule(make_asked("In progress"))
    except Permanent as error:
        _told(str(error), bench)
        return
    must_be_clean("what an act changes", changes)
    for deed in changes.deeds:
        if isinstance(deed, SendReply):
            _must_be_hers(deed.text, bench)


def _told(why: str, bench: Bench) -> None:
    """What is kept, and why."""
    _leaves(_mail("kept_as_note", JANE, why, bench, automatic=True), JANE)


def _must_be_hers(text: str, bench: Bench) -> None:
    """Her words to the customer: without anything that stood in the notice."""
    if tokens.carries_mark(text) or any(line.lstrip().startswith(">") for line in text.split("\n")):
        raise Broken(f"our notice may go to a customer: {text[:60]!r}")
    _leaves(_mail("reply", ERIN, text, bench, automatic=False), ERIN)


def _mail(rule: str, to: Person, text: str, bench: Bench, *, automatic: bool) -> OutboxMail:
    audience = "customer" if to is ERIN else "agent"
    notice = Notice(rule, rule, _CASE, "support", rule, to, audience=audience, automatic=automatic, text=text)
    made = NoticeComposer(bench.policy, bench.composer.templates).compose(notice, _FACTS)
    must_be_clean(rule, made)
    return OutboxMail(
        id=1, kind=rule, mailbox="support", group="default", case="SR-7", to=to.address, to_name=to.name, cc=(),
        subject=made.subject, text=made.text, html=made.html, headers=made.headers, from_name=made.from_name,
        from_address=made.from_address, message_id=made.message_id, automatic=automatic, attempts=1, created_at=NOW,
        expires_at=NOW,
    )  # fmt: skip


def _leaves(row: OutboxMail, to: Person) -> None:
    """Exactly our header fields, once each, to one person (F30)."""
    ready = envelope(row, null_sender=row.automatic)
    guard.check(row, ready)
    names = [line.partition(b":")[0].lower().decode() for line in header_lines(ready.data)]
    if not set(names) <= OURS or len(names) != len(set(names)) or ready.recipients != (to.address,):
        raise Broken(f"{row.kind} to {ready.recipients} with the headers {names}")

"""The mails that follow from what happened to a case, queued in the transaction in which it happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import MailcaseError, Permanent
from mailcase.intake.addresses import key_of
from mailcase.junk.sendable import why_not_sendable
from mailcase.life.case_state import Actor
from mailcase.life.changes import SendReply, StoredFile
from mailcase.life.happening import Happening
from mailcase.life.notice import UNVERIFIED, Addressee, Notice, NoticeFacts
from mailcase.life.notice_rules import (
    AGENT_LIMIT,
    AGENT_WINDOW,
    EXPIRES_AFTER,
    NOT_COMPOSED,
    REPLY_EXPIRES_AFTER,
    allowance,
)
from mailcase.life.people import Agent, Person
from mailcase.log import Event, emit
from mailcase.ports import Composed, Judge
from mailcase.store import tables as t
from mailcase.store.apart import failure, in_words
from mailcase.store.dialect import AnyRow, insert_new
from mailcase.store.hot import Hot
from mailcase.store.life.notice_facts import notice_facts, suppressed
from mailcase.store.life.outgoing import put_message, put_row
from mailcase.store.life.people import active_members, agent_by_key

#: `outbox.german` has it.
NO_CONTACT: Final = (
    "case {case} has no contact with an address to write to: `mailcase case contact {case} ADDRESS` names one"
)
_O = t.outbox.c
_KNOWN = Hot(sa.select(_O.id).where(_O.dedup == sa.bindparam("of_dedup")))
_OF_LATE = Hot(
    sa.select(_O.cc, _O.case_id, _O.only_while)
    .where(_O.to_key == sa.bindparam("of_key"), _O.created_at > sa.bindparam("since"))
    .where(_O.kind == sa.bindparam("of_kind"))
    .where(_O.audience == "agent", _O.automatic.is_(True), _O.state != "suppressed")
    .order_by(_O.created_at.desc())
    .limit(4 * AGENT_LIMIT)  # him and his group, verified and not
)


def tell(conn: Connection, judge: Judge, happenings: Iterable[Happening], now: datetime) -> int:
    """Queue what the rules owe for these (L6); how many mails will leave.

    Called in the transaction of the act, after the case was changed. What was told before is not told again, so
    that a happening may come twice.
    """
    queued, known = 0, dict[int, NoticeFacts]()
    for one in happenings:
        if one.case not in known:
            known[one.case] = notice_facts(conn, one.case, now)
        facts = _with_people(conn, judge, one, known[one.case], now)
        queued += sum(_queue(conn, judge, notice, facts, now) for notice in _owed(judge, one, facts))
    return queued


def _with_people(
    conn: Connection, judge: Judge, happening: Happening, facts: NoticeFacts, now: datetime
) -> NoticeFacts:
    """With those whom this happening alone names, and with who stands in where nobody has the case any more."""
    former, given = (agent_by_key(conn, key) if key else None for key in (happening.before, happening.given))
    facts = replace(facts, former=former, given=given)
    group = judge.stand_in(happening, facts)
    stand_ins = tuple(active_members(conn, group)) if group else ()
    more = suppressed(conn, (one.key for one in stand_ins), now) if stand_ins else frozenset()
    return replace(facts, stand_ins=stand_ins, suppressed=facts.suppressed | more)


def _owed(judge: Judge, happening: Happening, facts: NoticeFacts) -> tuple[Notice, ...]:
    """What the rules owe for it; nothing where they fail: what happened has happened all the same (P4)."""
    try:
        return judge.notices(happening, facts)
    except Exception as error:
        emit(Event.NOT_COMPOSED, case=facts.number, rule=happening.what.value, error=type(error).__name__)
        return ()


@dataclass(frozen=True, slots=True)
class ToAgent:
    """What one agent is told of a mail of his. The same `key` and template tell him once."""

    template: str
    why: str
    text: str
    key: str
    marks: Mapping[str, object]  # Notice.only_while
    sent_to: str = ""  # addresses that his words go to
    suppressed: str = ""  # why he is not told after all


def tell_agent(conn: Connection, judge: Judge, running: int, agent: Agent, mail: ToAgent, now: datetime) -> bool:
    """Tell one agent what became of what he did; whether a mail leaves."""
    facts = notice_facts(conn, running, now)
    to = Person(agent.key, agent.address, agent.name, agent.language, agent.timezone)
    notice = Notice(
        rule=mail.template,
        template=mail.template,
        case=running,
        mailbox=facts.mailbox,
        dedup=f"notice:{mail.key}:{mail.template}:{agent.key}",
        to=to,
        audience="agent",
        only_while=mail.marks,
        suppressed=mail.suppressed,
        why=mail.why,
        text=mail.text,
        sent_to=mail.sent_to,
    )
    return _queue(conn, judge, notice, facts, now)


def _queue(conn: Connection, judge: Judge, notice: Notice, facts: NoticeFacts, now: datetime) -> bool:
    """One that cannot be written does not undo what it was to tell of, a mail's own decision above all (P1, P4)."""
    if _KNOWN.run(conn, {"of_dedup": notice.dedup}):
        return False
    notice = _as_allowed(conn, notice, now) if notice.audience == "agent" else notice
    if notice.suppressed:
        put_row(conn, notice, facts, None, (), None, now, EXPIRES_AFTER)
        return False
    error = failure(conn, lambda: _put(conn, judge, notice, facts, now))
    if error is not None:
        emit(Event.NOT_COMPOSED, case=facts.number, rule=notice.rule, error=type(error).__name__)
        lost = replace(notice, suppressed=NOT_COMPOSED)
        put_row(conn, lost, facts, None, (), None, now, EXPIRES_AFTER, in_words(error))
    return error is None


def _put(conn: Connection, judge: Judge, notice: Notice, facts: NoticeFacts, now: datetime) -> None:
    composed = judge.compose_notice(notice, facts)
    pk = put_message(conn, notice, facts, composed, now)
    put_row(conn, notice, facts, composed, (), pk, now, EXPIRES_AFTER)


def _as_allowed(conn: Connection, notice: Notice, now: datetime) -> Notice:
    """Kept back to an address that gets no automatic mail, or had too much of it within the hour; the last says so."""
    if notice.suppressed:
        return notice
    if suppressed(conn, (notice.to.key,), now):
        return replace(notice, suppressed="suppressed")
    asked = {"of_key": notice.to.key, "since": now - AGENT_WINDOW, "of_kind": notice.rule}
    rows = _OF_LATE.run(conn, asked)
    like = [(notice.rule, row.case_id) for row in rows if _alike(row, notice)]
    left = allowance(notice.rule, notice.case, like)
    return replace(notice, suppressed="" if left > 0 else "agent_limit", last=left == 1)


def _alike(row: AnyRow, notice: Notice) -> bool:
    """Him and his group apart; and what strangers' mails did, so that they do not silence the customer."""
    strangers = UNVERIFIED in row.only_while, UNVERIFIED in notice.only_while
    return bool(row.cc) == bool(notice.also_to) and strangers[0] == strangers[1]


def send_reply(
    conn: Connection, judge: Judge, running: int, reply: SendReply, files: Sequence[StoredFile], actor: Actor, key: str,
    now: datetime,
) -> int:  # fmt: skip
    """An agent's words to the customer, in his thread, with files; it sets nothing on the case.

    Args:
        conn: the act's transaction.
        judge: composes it.
        running: the case.
        reply: text, template and copies; its files are `files`, stored before.
        files: whose bytes lie where raw mail lies.
        actor: who writes.
        key: the act's key; the same is sent once.
        now: when.

    Returns:
        The id of the outgoing message.

    Raises:
        Permanent: the case has no customer with an address, or an address cannot be written to.
    """
    facts = _as_for(notice_facts(conn, running, now), reply.to)
    notice = _reply(facts, reply, actor, key)
    known = sa.select(_O.message_pk).where(_O.dedup == notice.dedup)
    if (pk := conn.execute(known).scalar_one_or_none()) is not None:
        return int(pk)
    composed = _composed(judge, notice, facts)
    pk = put_message(conn, notice, facts, composed, now)
    put_row(conn, notice, facts, composed, files, pk, now, REPLY_EXPIRES_AFTER)
    _join(conn, notice)
    return pk


def may_reply(conn: Connection, running: int, reply: SendReply, actor: Actor, now: datetime) -> None:
    """Raise as `send_reply` would, before anything is written or kept for the reply."""
    _reply(_as_for(notice_facts(conn, running, now), reply.to), reply, actor, "")


def _as_for(facts: NoticeFacts, to: Addressee | None) -> NoticeFacts:
    """The case as one of its people who is not its customer may hear of it: in his own thread, by his own name."""
    if to is None:
        return facts
    apart = replace(facts, title=to.thread.subject, solution="", article="", last=None, others_thread=to.thread)
    return replace(apart, customer=to.person, contact_id=to.contact_id)


def _composed(judge: Judge, notice: Notice, facts: NoticeFacts) -> Composed:
    """A template that fails is nobody's mail's fault, and whoever wrote is to know it.

    Raises:
        MailcaseError: as it was raised; of a template that fails in other ways, Permanent.
    """
    try:
        return judge.compose_notice(notice, facts)
    except MailcaseError:
        raise
    except Exception as error:
        told = f"the template {notice.template} cannot be filled: {in_words(error)}; nothing was sent"
        raise Permanent(f"{told}: mend it, and `mailcase check` tries it") from error


def _join(conn: Connection, notice: Notice) -> None:
    """Whom an agent writes to is one of the case's people from now on (B8)."""
    rows = [{"case_id": notice.case, "key": one.key} for one in (notice.to, *notice.also_to)]
    conn.execute(insert_new(conn, t.case_participant), rows)


def _reply(facts: NoticeFacts, reply: SendReply, actor: Actor, key: str) -> Notice:
    if facts.customer is None:
        raise Permanent(NO_CONTACT.format(case=facts.number))
    copies = {key_of(one): Person(key_of(one), one) for one in reply.cc}
    copies.pop(facts.customer.key, None)
    for one in (facts.customer, *copies.values()):
        if fault := why_not_sendable(one.address):
            raise Permanent(f"{one.address} cannot be written to: {fault}")
    return Notice(
        rule="reply",
        template=reply.template,
        case=facts.running,
        mailbox=facts.mailbox,
        dedup=f"notice:{key}:reply:{facts.customer.key}",
        to=facts.customer,
        also_to=tuple(copies.values()),
        automatic=False,
        text=reply.text,
        by_name=actor.agent.name if actor.agent else "",  # no customer is told how this machine names its operator
    )

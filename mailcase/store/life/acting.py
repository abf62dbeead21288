"""An act in one write transaction: the case is locked and read, the rule asked, what it says written and told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.acts.table import may_act
from mailcase.life.asked import Asked
from mailcase.life.case_state import Actor, People
from mailcase.life.changes import Changes, File, SendReply
from mailcase.life.customers import NamedCustomer
from mailcase.life.notice_rules import DELAYED
from mailcase.life.refused import Refused
from mailcase.policy import Policy
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life.case_read import mail_of, people, states
from mailcase.store.life.customers import Naming
from mailcase.store.life.deeds import carry_out, hash_of
from mailcase.store.life.doing import Doing
from mailcase.store.life.notify import may_reply, tell
from mailcase.store.life.standing import by_suspending
from mailcase.store.raw import RawPlace

Rule = Callable[[Asked], Changes]
_C, _O = t.case.c, t.outbox.c


@dataclass(frozen=True, slots=True)
class Order:
    """An act that somebody wants done."""

    number: str
    actor: Actor
    rule: Rule
    policy: Policy
    now: datetime
    other: str = ""  # the number of the second case that the act names
    delivery: int | None = None  # the message that it names, as `message list` does
    files: tuple[File, ...] = ()  # those that the rule was given: their bytes are put before the transaction
    customer: NamedCustomer | None = None  # whose the act wants the case to be


@dataclass(frozen=True, slots=True)
class Told:
    """A mail that an act put into the outbox."""

    to: str
    audience: str  # customer, agent
    state: str  # pending, suppressed
    reason: str  # why it is not sent
    mailbox: str  # whose way out it takes
    sender: str  # its From: of a mailbox that was renamed, that address's way out
    at: datetime | None = None  # when its delay ends, of a rule that has one


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did."""

    number: str  # of the case that was acted on, or made
    status: str
    assignee: str
    events: tuple[str, ...]
    told: tuple[Told, ...] = ()
    made: str = ""  # number of a case that was split off
    task: int | None = None  # of a task that was added
    suspended: bool = False  # the status is one that an act paused it with
    warning: str = ""  # what the actor must know of, though it is done


def act(conn: Connection, place: RawPlace | None, judge: Judge, order: Order) -> Done:
    """Do it, in a transaction that the caller began; files outside of the store lie there already.

    Raises:
        Refused: the rule does not allow it; nothing was written.
        Permanent: there is no such case or message, or there is nobody a reply could go to.
    """
    asked = _asked(conn, order)
    changes = order.rule(asked)
    on = asked.on
    doing = Doing(conn, place, judge, asked.actor, order.now, on.running, on.number, on.version + 1)
    doing.change(on.running, changes.values)
    doing.history(changes.events)
    carry_out(doing, changes.deeds)
    doing.happened(changes)
    tell(conn, judge, doing.happenings, order.now)
    return replace(done(doing), warning=changes.warning)


def ask(conn: Connection, order: Order) -> None:
    """Raise what `act` would raise if it were done now; nothing is locked or written."""
    asked = _asked(conn, order, lock=False)
    for deed in order.rule(asked).deeds:
        if isinstance(deed, SendReply):
            may_reply(conn, asked.on.running, deed, asked.actor, order.now)


def _asked(conn: Connection, order: Order, *, lock: bool = True) -> Asked:
    numbers = (order.number, order.other) if order.other else (order.number,)
    cases = states(conn, numbers, lock=lock)
    known = people(conn)
    actor = current(order.actor, known)
    asked = Asked(cases[order.number], actor, known, order.policy, order.now, cases.get(order.other))
    if order.delivery is None and order.customer is None:
        return asked
    may_act(asked)  # who may not see the case is not told what stands on it
    mail = mail_of(conn, asked.on, order.delivery, actor.agent) if order.delivery is not None else None
    naming = Naming(conn, order.policy, order.now, make=lock)
    whose = naming.instead(asked.on.running, order.customer) if order.customer is not None else None
    return replace(asked, mail=mail, whose=whose)


def current(actor: Actor, known: People) -> Actor:
    """The actor as he is stored now: he may have been disabled, or given other rights, since he was looked up.

    Raises:
        Refused: he is no agent any more.
    """
    if actor.agent is None:
        return actor
    found = known.agent(actor.agent.key)
    if found is None:
        raise Refused(f"{actor.agent.address} is no agent any more: `mailcase agent list` shows them")
    return Actor(found.key, found)


def done(doing: Doing) -> Done:
    """What was written, read back."""
    columns = (_C.number, _C.status, _C.assignee, by_suspending().label("suspended"))
    row = doing.conn.execute(sa.select(*columns).where(_C.running == doing.running)).one()
    events = tuple(doing.events)
    suspended = bool(row.suspended)
    return Done(row.number, row.status, row.assignee, events, _told(doing), doing.made, doing.task, suspended)


def _told(doing: Doing) -> tuple[Told, ...]:
    """The mails of this act: replies, and notices of what it made happen (their key begins with the happening's)."""
    keys = sorted({one.key for one in doing.happenings})
    notices = [_O.dedup.startswith(f"notice:{key}:", autoescape=True) for key in keys]
    mine = sa.or_(_O.message_pk.in_(doing.replies), *notices)
    cases = _O.case_id.in_({doing.running, *(one.case for one in doing.happenings)})
    columns = (_O.to, _O.cc, _O.audience, _O.state, _O.reason, _O.mailbox, _O.from_address, _O.next_attempt_at)
    rows = doing.conn.execute(sa.select(*columns).where(cases, mine).order_by(_O.id)).all()
    return tuple(_to(row, to) for row in rows for to in (row.to, *row.cc))


def _to(row: AnyRow, to: str) -> Told:
    at = row.next_attempt_at if row.reason == DELAYED else None
    return Told(to, row.audience, row.state, row.reason, row.mailbox, row.from_address, at)


def kept_files(files: Sequence[File]) -> dict[str, bytes]:
    """Their bytes by hash."""
    return {hash_of(one): one.content for one in files}

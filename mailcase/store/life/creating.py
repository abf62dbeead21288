"""A case by hand in one write transaction: its customer is found or made and locked, the rules asked, the row made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes
from mailcase.life.creating import Creation, NewCase, OpenCase, category_of, is_open, mailbox_of
from mailcase.life.customers import Customer, NamedCustomer
from mailcase.life.happening import What
from mailcase.policy import Policy
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new
from mailcase.store.life.acting import Done, current, done
from mailcase.store.life.assign import OWNED, assign_by_rules
from mailcase.store.life.case_read import people
from mailcase.store.life.customers import Naming
from mailcase.store.life.deeds import carry_out
from mailcase.store.life.doing import Doing, act_key
from mailcase.store.life.making import insert_case
from mailcase.store.life.notify import tell
from mailcase.store.raw import RawPlace

_C = t.case.c
Rule = Callable[[Creation], Changes]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A case that somebody wants made."""

    wanted: NewCase
    actor: Actor
    rule: Rule
    policy: Policy
    now: datetime


def create(conn: Connection, place: RawPlace, judge: Judge, order: NewOrder) -> Done:
    """Make it, in a transaction that the caller began; raises as `acting.act`."""
    known = people(conn)
    actor = current(order.actor, known)
    customer = _customer(conn, order)
    same = _same(conn, order, customer)
    changes = order.rule(Creation(order.wanted, customer, same, actor, known, order.policy, order.now))
    running, number = insert_case(conn, judge, changes.values, order.now)
    doing = Doing(conn, place, judge, actor, order.now, running, number, 1)
    doing.history(changes.events)
    _join(conn, running, order.wanted)
    carry_out(doing, changes.deeds)
    doing.tell(_assigned(conn, judge, order, running, changes.happened), running, act_key(running, 1))
    tell(conn, judge, doing.happenings, order.now)
    return done(doing)


def _join(conn: Connection, running: int, wanted: NewCase) -> None:
    """The address that was named is one of the case's people (B8): he is written to there, whatever others he has."""
    if wanted.contact:
        row = {"case_id": running, "key": key_of(wanted.contact)}
        conn.execute(insert_new(conn, t.case_participant), row)


def ask(conn: Connection, order: NewOrder) -> None:
    """Raise what `create` would raise if it were done now; nothing is locked or written."""
    known = people(conn)
    customer = _customer(conn, order, make=False)
    asked = Creation(
        order.wanted,
        customer,
        _same(conn, order, customer),
        current(order.actor, known),
        known,
        order.policy,
        order.now,
    )
    order.rule(asked)


def _assigned(
    conn: Connection, judge: Judge, order: NewOrder, running: int, whats: tuple[What, ...]
) -> tuple[What, ...]:
    """What happened, after the assignment rules had their say where the creator named nobody."""
    wanted = order.wanted
    if wanted.direct_reply or wanted.assignee or wanted.group is not None:
        return whats
    placed = assign_by_rules(conn, judge, running, order.now)
    return whats if placed is None else (*(one for one in whats if one not in OWNED), placed)


def _customer(conn: Connection, order: NewOrder, *, make: bool = True) -> Customer:
    """Contact and account, locked: two cases of one customer are made one after the other."""
    wanted = order.wanted
    named = NamedCustomer(wanted.contact or None, wanted.contact_name, wanted.account or None)
    return Naming(conn, order.policy, order.now, make).customer(named)


def _same(conn: Connection, order: NewOrder, customer: Customer) -> tuple[OpenCase, ...]:
    """Open cases of that category and contact, or account where no contact is named, oldest first."""
    if customer.contact_id is not None:
        his = _C.contact_id == customer.contact_id
    else:
        his = _C.account_id == customer.account_id
    box = mailbox_of(order.wanted, order.policy)
    wanted = sa.select(_C.running, _C.number, _C.status, _C.organization).where(his, _C.group_name == box.group)
    wanted = wanted.where(_C.merged_into_id.is_(None), _C.category == category_of(order.wanted, order.policy))
    rows = conn.execute(wanted.order_by(_C.running))
    return tuple(
        OpenCase(row.running, row.number, row.organization) for row in rows if is_open(row.status, order.policy)
    )

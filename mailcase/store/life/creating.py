"""A case by hand in one write transaction: its customer is found or made and locked, the rules asked, the row made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes
from mailcase.life.creating import Creation, Customer, NewCase, OpenCase, category_of, is_open, mailbox_of
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from mailcase.policy import Policy
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, insert_new
from mailcase.store.life.acting import Done, current, done
from mailcase.store.life.assign import OWNED, assign_by_rules
from mailcase.store.life.case_read import people
from mailcase.store.life.deeds import carry_out
from mailcase.store.life.doing import Doing, act_key
from mailcase.store.life.making import insert_case
from mailcase.store.life.notify import tell
from mailcase.store.raw import RawPlace

_C, _CO, _A, _AC, _D = t.case.c, t.contact.c, t.contact_address.c, t.account.c, t.account_domain.c
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
    """Contact and account, locked: two cases of one customer are made one after the other.

    `make`: whether one who is not there is made, and rows are locked.
    """
    wanted = order.wanted
    account = _account(conn, wanted.account, lock=make) if wanted.account else None
    if not wanted.contact:
        return Customer(None, account.id if account else None, account.name if account else "")
    key = key_of(wanted.contact)
    found = sa.select(t.contact).join(t.contact_address, _A.contact_id == _CO.id).where(_A.key == key)
    row = conn.execute(found.with_for_update(of=t.contact) if make else found).one_or_none()
    if row is None:
        _may_be_made(order, key)
        mine = account.id if account else None
        return _new_contact(conn, order, key, mine) if make else Customer(_NOT_YET, mine, wanted.contact)
    if not row.active:
        raise Refused(f"contact {row.name} is disabled: `mailcase contact edit {wanted.contact}` changes that")
    return Customer(row.id, account.id if account else row.account_id, wanted.contact)


_NOT_YET: Final = 0  # id of a contact whom the case will make: no row has it


def _account(conn: Connection, name: str, *, lock: bool) -> AnyRow:
    found = sa.select(t.account).where(_AC.name == name)
    row = conn.execute(found.with_for_update() if lock else found).one_or_none()
    if row is None or not row.active:
        raise Refused(f"there is no {'active ' if row else ''}account {name}: `mailcase account list` shows them")
    return row


def _may_be_made(order: NewOrder, key: str) -> None:
    """Refuse a contact that B11 would not make either."""
    wanted = order.wanted
    if "@" not in key:
        raise Refused(f"{wanted.contact} is no address, such as jane@example.com")
    if key in order.policy.own_keys:
        raise Refused(f"{wanted.contact} is an address of our own, and no customer")
    if not order.policy.cases.create_contacts:
        raise Refused(f"there is no contact {wanted.contact}: `mailcase contact add` makes one")


def _new_contact(conn: Connection, order: NewOrder, key: str, account: int | None) -> Customer:
    """As B11 makes one of a first mail."""
    wanted = order.wanted
    of_account = account if account is not None else _owner_of(conn, order, key)
    row = {
        "name": " ".join(wanted.contact_name.split()) or wanted.contact, "language": "", "timezone": "", "active": True,
        "account_id": of_account, "created_at": order.now,
    }  # fmt: skip
    made = int(conn.execute(sa.insert(t.contact).returning(_CO.id), row).scalar_one())
    conn.execute(sa.insert(t.contact_address), {"key": key, "address": wanted.contact, "contact_id": made})
    return Customer(made, of_account, wanted.contact)


def _owner_of(conn: Connection, order: NewOrder, key: str) -> int | None:
    """The account that owns the address's domain; freemail owns none."""
    domain = key.rpartition("@")[2]
    if domain in order.policy.cases.freemail:
        return None
    owner = sa.select(_D.account_id).where(_D.domain == domain)
    found: int | None = conn.execute(owner).scalar_one_or_none()
    return found


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

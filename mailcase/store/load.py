"""Answering a Lookup with a Snapshot, in few statements."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.notice_rules import ACKNOWLEDGEMENTS
from mailcase.outbox.breaker import FLAG as BREAKER
from mailcase.snapshot import AccountView, Acked, ContactView, Lookup, Snapshot
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.hot import Hot, is_in, padded, places
from mailcase.store.load_cases import load_cases
from mailcase.store.load_messages import load_messages

_MOST_OPEN = 25  # newest open cases of the contact, and as many of the account
_MOST_ACKS = 200
_SAME_AGAIN = timedelta(minutes=60)  # K10 looks back so far, whatever the window of per_address
_NOT_ACKED = ("suppressed", "failed", "expired")  # states of mails that never reached anyone
_CA, _CO, _AD, _AC = t.contact_address.c, t.contact.c, t.account_domain.c, t.account.c
_SU, _FL, _O, _C, _AG = t.suppression.c, t.flag.c, t.outbox.c, t.case.c, t.agent.c


def _sender_statement() -> sa.Select[Any]:
    """One row about the sender: contact, account of the domain, suppression, breaker, and whether he is an agent."""
    key: sa.BindParameter[str] = sa.bindparam("sender")
    now = sa.bindparam("now", type_=_SU.until.type)
    one = sa.select(sa.literal_column("1").label("one")).subquery("one")
    joined = (
        one.outerjoin(t.contact_address, _CA.key == key)
        .outerjoin(t.contact, _CO.id == _CA.contact_id)
        .outerjoin(t.account_domain, _AD.domain == sa.bindparam("domain"))
        .outerjoin(t.account, _AC.id == _AD.account_id)
        .outerjoin(t.suppression, sa.and_(_SU.key == key, sa.or_(_SU.until.is_(None), _SU.until > now)))
        .outerjoin(t.flag, _FL.name == BREAKER)
        .outerjoin(t.agent, sa.and_(_AG.key == key, _AG.active.is_(True)))
    )
    return sa.select(
        _CO.id.label("contact"), _CO.name, _CO.account_id, _CO.language, _AC.id.label("account"),
        _AC.name.label("account_name"), _SU.reason.label("suppressed"), _FL.value.label("breaker"),
        _AG.id.label("agent"),
    ).select_from(joined)  # fmt: skip


@lru_cache(maxsize=16)
def _open_statement(final: int) -> Hot:
    def newest(owner: sa.ColumnElement[bool]) -> sa.Select[Any]:
        mine = sa.and_(owner, _C.group_name == sa.bindparam("of_group"), _C.merged_into_id.is_(None))
        ended = [~is_in(_C.status, "final", final)] if final else []
        inner = sa.select(_C.running).where(mine, *ended)
        limited = inner.order_by(_C.running.desc()).limit(_MOST_OPEN).subquery()
        return sa.select(limited.c.running)

    both = sa.union(
        newest(_C.contact_id == sa.bindparam("of_contact")), newest(_C.account_id == sa.bindparam("of_account"))
    ).subquery()
    return Hot(sa.select(both.c.running).order_by(both.c.running.desc()))


_SENDER = Hot(_sender_statement())
_ACKS = Hot(
    sa.select(_O.created_at, _O.content_key, _O.group_name)
    .where(_O.to_key == sa.bindparam("sender"), _O.created_at >= sa.bindparam("since"))
    .where(sa.or_(*(_O.kind == one for one in ACKNOWLEDGEMENTS)), *(_O.state != one for one in _NOT_ACKED))
    .order_by(_O.created_at.desc())
    .limit(_MOST_ACKS)
)


def load(conn: Connection, lookup: Lookup, now: datetime) -> Snapshot:
    """The Snapshot of this Lookup, as the connection's transaction sees it; every field as snapshot.py says."""
    messages = load_messages(conn, lookup)
    sender = _SENDER.run(conn, {"sender": lookup.sender_key, "domain": lookup.account_domain, "now": now})[0]
    opened = _open_cases(conn, lookup, sender)
    return Snapshot(
        lookup=lookup,
        now=now,
        same=messages.same,
        messages=messages.named,
        citing=messages.citing,
        cases=load_cases(conn, lookup.groups, {*lookup.case_numbers, *messages.cases(), *opened}),
        contact=_contact(sender),
        account=AccountView(sender.account, sender.account_name) if sender.account is not None else None,
        open_cases=opened,
        suppressed=sender.suppressed or "",
        suppressed_copies=_suppressed_copies(conn, lookup, now),
        acks=_acks(conn, lookup, now),
        breaker_open=sender.breaker is not None,
        agent=sender.agent is not None,
        forwarded_agents=_forwarded_agents(conn, lookup) if sender.agent is not None else frozenset(),
    )


def _contact(sender: AnyRow) -> ContactView | None:
    if sender.contact is None:
        return None
    return ContactView(sender.contact, sender.name, sender.account_id, sender.language)


def _open_cases(conn: Connection, lookup: Lookup, sender: AnyRow) -> tuple[int, ...]:
    account = sender.account_id if sender.account_id is not None else sender.account
    if sender.contact is None and account is None:
        return ()
    mine = {"of_contact": sender.contact, "of_account": account, "of_group": lookup.group}
    final = sorted(lookup.final_statuses)
    found = _open_statement(padded(len(final))).run(conn, {**mine, **places("final", final)})
    return tuple(one.running for one in found)


def _acks(conn: Connection, lookup: Lookup, now: datetime) -> tuple[Acked, ...]:
    if not lookup.sender_key:
        return ()
    since = now - max(lookup.ack_window, _SAME_AGAIN)
    return tuple(Acked(*row) for row in _ACKS.run(conn, {"sender": lookup.sender_key, "since": since}))


def _forwarded_agents(conn: Connection, lookup: Lookup) -> frozenset[str]:
    if not lookup.forwarded_keys:
        return frozenset()
    return frozenset(conn.execute(sa.select(_AG.key).where(_AG.key.in_(sorted(lookup.forwarded_keys)))).scalars())


def _suppressed_copies(conn: Connection, lookup: Lookup, now: datetime) -> frozenset[str]:
    if not lookup.copy_keys:
        return frozenset()
    lasting = sa.or_(_SU.until.is_(None), _SU.until > now)
    return frozenset(conn.execute(sa.select(_SU.key).where(_SU.key.in_(lookup.copy_keys), lasting)).scalars())

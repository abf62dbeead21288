"""Small edits by hand or at the start: a case's status, configured accounts, flags."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import StatusTable
from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.life.follows import Was, follows
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new, insert_or_set

_C, _F, _A = t.case.c, t.flag.c, t.account.c


def set_case(
    conn: Connection,
    number: str,
    now: datetime,
    actor: str,
    wanted: Mapping[str, str | None],
    closing_reason: str | None,
    statuses: StatusTable,
    organizations: tuple[str, ...] | None = None,
) -> None:
    """Set the wanted columns that differ, an event each; the version tells mails under way (L8).

    Permanent where there is no such case, or none of these organizations (None: of any; (): of none).
    """
    seen = [_C.organization.in_(organizations or ("",))] if organizations is not None else []
    row = conn.execute(sa.select(t.case).where(_C.number == number, *seen).with_for_update()).one_or_none()
    if row is None:
        raise Permanent(f"there is no case {number}")
    old = row._mapping
    changes = {name: value for name, value in wanted.items() if value is not None and value != old[name]}
    if not changes:
        return
    values: dict[str, Any] = {**changes, "updated_at": now, "version": _C.version + 1}
    if status := changes.get("status"):
        was = Was(statuses.kind(row.status), row.resolved_at, row.closed_at)
        values |= follows(statuses.kind(status), now, was)
    if closing_reason is not None:
        values["closing_reason"] = closing_reason
    conn.execute(sa.update(t.case).where(_C.running == row.running).values(values))
    events = [
        {
            "case_id": row.running, "at": now, "event": f"{name}_set", "actor": actor, "delivery_id": None,
            "data": {"from": old[name], "to": value},
        }
        for name, value in changes.items()
    ]  # fmt: skip
    conn.execute(sa.insert(t.case_event), events)


def used_statuses(conn: Connection) -> set[str]:
    """Every status that a case has."""
    return set(conn.execute(sa.select(_C.status).distinct()).scalars())


def adopt_accounts(conn: Connection, domains: Mapping[str, str]) -> None:
    """Make the accounts that are named and give them the domains; stored ones of other domains stay."""
    for name in sorted(set(domains.values())):
        conn.execute(insert_new(conn, t.account, "name"), {"name": name, "created_at": utcnow()})
    named = sa.select(_A.name, _A.id).where(_A.name.in_(set(domains.values())))
    ids = {row.name: row.id for row in conn.execute(named)}
    rows = [{"domain": domain, "account_id": ids[name]} for domain, name in sorted(domains.items())]
    if rows:
        conn.execute(insert_or_set(conn, t.account_domain, "account_id"), rows)


def get_flag(conn: Connection, name: str) -> str | None:
    """The flag's value, or None."""
    return conn.execute(sa.select(_F.value).where(_F.name == name)).scalar_one_or_none()


def flags(conn: Connection, prefix: str) -> dict[str, str]:
    """All flags whose name begins so."""
    rows = conn.execute(sa.select(_F.name, _F.value).where(_F.name.startswith(prefix, autoescape=True)))
    return {row.name: row.value for row in rows}


def swap_flag(conn: Connection, name: str, was: str | None, becomes: str) -> bool:
    """Set it if it is still what it was (None: not there); of several who try at once one does."""
    if was is None:
        new = insert_new(conn, t.flag, "name").returning(_F.name)
        return conn.execute(new, {"name": name, "value": becomes}).one_or_none() is not None
    mine = sa.update(t.flag).where(_F.name == name, _F.value == was).values(value=becomes)
    return conn.execute(mine).rowcount > 0


def set_flag(conn: Connection, name: str, value: str | None) -> None:
    """Set, or clear with None."""
    if value is None:
        conn.execute(sa.delete(t.flag).where(_F.name == name))
    else:
        conn.execute(insert_or_set(conn, t.flag, "value"), {"name": name, "value": value})

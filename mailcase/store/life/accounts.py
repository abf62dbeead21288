"""Accounts as entries: entered, changed and listed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.entries import FORMS, Entry, Kind, Refused
from mailcase.store import tables as t
from mailcase.store.life.register import Stored, texts

_A, _D, _C, _CO = t.account.c, t.account_domain.c, t.case.c, t.contact.c


class AccountBook:
    """See `register.Book`."""

    form = FORMS[Kind.ACCOUNT]

    def load(self, conn: Connection, keys: Sequence[str] | None) -> list[Stored]:  # noqa: ARG002 - they are few
        """All of them, oldest first."""
        domains: dict[int, list[str]] = {}
        for row in conn.execute(sa.select(_D.account_id, _D.domain).order_by(_D.domain)):
            domains.setdefault(row.account_id, []).append(row.domain)
        rows = conn.execute(sa.select(_A.id, _A.name, _A.active).order_by(_A.id))
        return [
            Stored(row.id, {"name": row.name, "domains": tuple(domains.get(row.id, ())), "active": row.active})
            for row in rows
        ]

    def save(self, conn: Connection, old: Stored | None, new: Entry, now: datetime) -> Stored:
        """The row, and its domains."""
        values = {"name": new["name"], "active": new["active"]}
        if old is None:
            made = sa.insert(t.account).values(**values, created_at=now).returning(_A.id)
            account = conn.execute(made).scalar_one()
        else:
            account = old.id
            conn.execute(sa.update(t.account).where(_A.id == account).values(values))
        before, after = {*texts(old.entry["domains"] if old else ())}, {*texts(new["domains"])}
        _nobody_elses(conn, after - before)
        gone = sa.delete(t.account_domain).where(_D.account_id == account, _D.domain.in_(before - after))
        conn.execute(gone)
        if after - before:
            rows = [{"domain": one, "account_id": account} for one in sorted(after - before)]
            conn.execute(sa.insert(t.account_domain), rows)
        return Stored(account, new)

    def prepare(self, conn: Connection, said: Iterable[Entry], now: datetime) -> list[str]:  # noqa: ARG002 - as Register asks
        """Nothing."""
        return []


def _nobody_elses(conn: Connection, domains: set[str]) -> None:
    joined = sa.join(t.account_domain, t.account, _A.id == _D.account_id)
    owned = sa.select(_D.domain, _A.name).select_from(joined).where(_D.domain.in_(domains)).order_by(_D.domain)
    if (found := conn.execute(owned).first()) is not None:
        cure = f"`mailcase account edit '{found.name}' --remove-domain {found.domain}` frees it"
        raise Refused(f"{found.domain} belongs to {found.name}: {cure}", "domains")


def listing(conn: Connection) -> list[dict[str, Any]]:
    """`account list`, oldest first."""
    made = {row.id: row.created_at for row in conn.execute(sa.select(_A.id, _A.created_at))}
    contacts, cases = _count(conn, _CO.account_id), _count(conn, _C.account_id)
    return [
        {
            "id": one.id, **one.entry, "contacts": contacts.get(one.id, 0), "cases": cases.get(one.id, 0),
            "created_at": made[one.id],
        }
        for one in AccountBook().load(conn, None)
    ]  # fmt: skip


def _count(conn: Connection, column: sa.ColumnElement[int]) -> dict[int, int]:
    counted = sa.select(column, sa.func.count()).where(column.is_not(None)).group_by(column)
    return {int(account): int(count) for account, count in conn.execute(counted)}

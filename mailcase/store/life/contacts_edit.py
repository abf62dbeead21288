"""Contacts as entries: entered and changed by hand (those who write to us are made by their mail, B11)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.life.entries import FORMS, Entry, Kind, Refused
from mailcase.life.named import meant
from mailcase.store import tables as t
from mailcase.store.hot import Hot
from mailcase.store.life.register import Stored, texts

_CO, _AD, _AC = t.contact.c, t.contact_address.c, t.account.c
_PLAIN = ("name", "language", "timezone", "active")
# A file may have many thousand lines, and nobody else writes meanwhile.
_INSERT = Hot(sa.insert(t.contact).returning(_CO.id))
_INSERT_ADDRESS = Hot(sa.insert(t.contact_address))
_ACCOUNT = Hot(sa.select(_AC.id).where(_AC.name == sa.bindparam("of_name")))


class ContactBook:
    """See `register.Book`."""

    form = FORMS[Kind.CONTACT]

    def load(self, conn: Connection, keys: Sequence[str] | None) -> list[Stored]:
        """Those with an address, oldest first; who was erased has none."""
        mine: sa.ColumnElement[bool] = sa.true()
        if keys is not None:
            mine = _AD.contact_id.in_(sa.select(_AD.contact_id).where(_AD.key.in_(keys)))
        addresses: dict[int, list[str]] = {}
        for row in conn.execute(sa.select(_AD.contact_id, _AD.address).where(mine).order_by(_AD.key)):
            addresses.setdefault(row.contact_id, []).append(row.address)
        joined = sa.outerjoin(t.contact, t.account, _AC.id == _CO.account_id)
        columns = (_CO.id, _CO.name, _CO.language, _CO.timezone, _CO.active, _AC.name.label("account"))
        asked = sa.select(*columns).select_from(joined).order_by(_CO.id)
        if keys is not None:
            asked = asked.where(_CO.id.in_(list(addresses)))
        return [Stored(row.id, _entry(row, addresses[row.id])) for row in conn.execute(asked) if row.id in addresses]

    def save(self, conn: Connection, old: Stored | None, new: Entry, now: datetime) -> Stored:
        """The row, and his addresses."""
        values = {one: new[one] for one in _PLAIN} | {"account_id": _account(conn, str(new["account"]))}
        if old is None:
            contact = int(_INSERT.run(conn, {**values, "created_at": now})[0].id)
        else:
            contact = old.id
            conn.execute(sa.update(t.contact).where(_CO.id == contact).values(values))
        _addresses(conn, contact, texts(old.entry["addresses"]) if old else (), texts(new["addresses"]))
        return Stored(contact, new)

    def prepare(self, conn: Connection, said: Iterable[Entry], now: datetime) -> list[str]:  # noqa: ARG002 - as Register asks
        """Nothing."""
        return []


def _entry(row: Any, addresses: Sequence[str]) -> Entry:
    return {
        "addresses": tuple(addresses), "name": row.name, "language": row.language, "timezone": row.timezone,
        "account": row.account or "", "active": row.active,
    }  # fmt: skip


def _account(conn: Connection, name: str) -> int | None:
    if not name:
        return None
    found = _ACCOUNT.run(conn, {"of_name": name})
    if not found:
        names = conn.execute(sa.select(_AC.name)).scalars().all()
        same = next((known for known in names if known.casefold() == name.casefold()), "")
        cure = f"it is written {same}" if same else "`mailcase account add` makes one"
        near = "" if same else meant(name, names)
        raise Refused(f"there is no account {name}{near or ':'} {cure}", "account")
    return int(found[0].id)


def _addresses(conn: Connection, contact: int, old: Sequence[str], new: Sequence[str]) -> None:
    before, after = ({key_of(one): one for one in texts} for texts in (old, new))
    if gone := before.keys() - after.keys():
        conn.execute(sa.delete(t.contact_address).where(_AD.contact_id == contact, _AD.key.in_(gone)))
    for key in sorted(before.keys() & after.keys()):
        if before[key] != after[key]:
            conn.execute(sa.update(t.contact_address).where(_AD.key == key).values(address=after[key]))
    fresh = sorted(after.keys() - before.keys())
    _INSERT_ADDRESS.many(conn, [{"key": key, "address": after[key], "contact_id": contact} for key in fresh])

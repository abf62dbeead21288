"""The customer that a person names: contact and account, found and locked; an unknown address becomes a contact."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.junk.sendable import why_not_sendable
from mailcase.life.acts.limits import line
from mailcase.life.customers import Customer, NamedCustomer
from mailcase.life.named import meant
from mailcase.life.refused import Refused
from mailcase.policy import Policy
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life.reached import address_of_case

_C, _CO, _A, _AC, _D = t.case.c, t.contact.c, t.contact_address.c, t.account.c, t.account_domain.c
_NOT_YET: Final = 0  # id of a contact whom the act will make: no row has it
_NOBODY: Final = Customer(None, None)


@dataclass(frozen=True, slots=True)
class Naming:
    """Somebody names a customer. `make`: whether one who is not there is made, and rows are locked."""

    conn: Connection
    policy: Policy
    now: datetime
    make: bool = True

    def customer(self, named: NamedCustomer) -> Customer:
        """Contact and account, locked: what is done for one customer is done one after the other.

        Raises:
            Refused: one of them is out of use or cannot be a customer, or there is no such account.
        """
        account = self._account(named.account) if named.account else None
        if not named.contact:
            return replace(_with(_NOBODY, account), name=account.name) if account else _NOBODY
        found = self._contact(named, account)
        return _with(found, account) if named.account is not None else found

    def instead(self, running: int, named: NamedCustomer) -> tuple[Customer, Customer]:
        """Whose the case is, and whose it is to be; raises as `customer`."""
        was = self._of_case(running)
        if named.contact:
            return was, self.customer(named)
        kept = was if named.contact is None else replace(_NOBODY, account_id=was.account_id, account=was.account)
        if named.account is None:
            return was, kept
        account = self._account(named.account) if named.account else None
        return was, _with(kept, account)

    def _of_case(self, running: int) -> Customer:
        whose = sa.outerjoin(
            sa.outerjoin(t.case, t.contact, _CO.id == _C.contact_id), t.account, _AC.id == _C.account_id
        )
        columns = (
            _C.contact_id, _C.account_id, _CO.name, address_of_case().label("address"), _AC.name.label("account"),
        )  # fmt: skip
        row = self.conn.execute(sa.select(*columns).select_from(whose).where(_C.running == running)).one()
        address = row.address or ""
        return Customer(row.contact_id, row.account_id, row.name or "", address, key_of(address), row.account or "")

    def _contact(self, named: NamedCustomer, account: AnyRow | None) -> Customer:
        """The one who has the address, with his own account; else a new one."""
        given = named.contact or ""
        key = key_of(given)
        if self.policy.is_ours(key):
            raise Refused(f"{given} is an address of our own, and no customer")
        his = sa.join(t.contact, t.contact_address, _A.contact_id == _CO.id)
        owner = sa.outerjoin(his, t.account, _AC.id == _CO.account_id)
        columns = (_CO.id, _CO.name, _CO.active, _CO.account_id, _A.address, _AC.name.label("account"))
        found = sa.select(*columns).select_from(owner).where(_A.key == key)
        locked = found.with_for_update(of=t.contact) if self.make else found
        row = self.conn.execute(locked).one_or_none()
        if row is None and self.make:  # he may have waited for one who was joined with another, who has the address now
            row = self.conn.execute(locked).one_or_none()
        if row is None:
            return self._new(named, key, account)
        if not row.active:
            raise Refused(f"contact {row.name} is disabled: `mailcase contact enable {given}` changes that")
        return Customer(row.id, row.account_id, given, row.address, key, row.account or "")

    def _account(self, name: str) -> AnyRow:
        found = sa.select(t.account).where(_AC.name == name)
        row = self.conn.execute(found.with_for_update() if self.make else found).one_or_none()
        if row is None or not row.active:
            near = "" if row else meant(name, self.conn.execute(sa.select(_AC.name).order_by(_AC.id)).scalars().all())
            told = f"there is no {'active ' if row else ''}account {name}{near or ':'}"
            raise Refused(f"{told} `mailcase account list` shows them")
        return row

    def _new(self, named: NamedCustomer, key: str, account: AnyRow | None) -> Customer:
        """As B11 makes one of a first mail."""
        given = named.contact or ""
        self._may_be_made(given)
        owner = account or self._owner_of(key)
        made = _with(Customer(_NOT_YET, None, given, given, key), owner)
        if not self.make:
            return made
        row = {
            "name": line(named.contact_name, "contact's name", needed=False) or given,
            "language": "", "timezone": "", "active": True, "account_id": made.account_id, "created_at": self.now,
        }  # fmt: skip
        contact = int(self.conn.execute(sa.insert(t.contact).returning(_CO.id), row).scalar_one())
        self.conn.execute(sa.insert(t.contact_address), {"key": key, "address": given, "contact_id": contact})
        return replace(made, contact_id=contact)

    def _may_be_made(self, given: str) -> None:
        """Refuse a contact that B11 would not make either, or that nobody could write to."""
        if wrong := why_not_sendable(given):
            raise Refused(f"{given!a} is no address that could be written to, such as jane@example.com: {wrong}")
        if not self.policy.cases.create_contacts:
            raise Refused(f"there is no contact {given}: `mailcase contact add` makes one")

    def _owner_of(self, key: str) -> AnyRow | None:
        """The account that owns the address's domain; freemail owns none."""
        domain = key.rpartition("@")[2]
        if domain in self.policy.cases.freemail:
            return None
        owner = sa.select(t.account).join(t.account_domain, _D.account_id == _AC.id).where(_D.domain == domain)
        return self.conn.execute(owner).one_or_none()


def _with(customer: Customer, account: AnyRow | None) -> Customer:
    """The same with that account, or with none."""
    return replace(customer, account_id=account.id if account else None, account=account.name if account else "")

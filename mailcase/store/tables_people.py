"""Accounts and contacts: who writes to us (B11)."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, Row


class Account(Row, table=True):
    """A customer's organization."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    name: str = Field(unique=True)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    created_at: datetime


class AccountDomain(Row, table=True):
    """A mail domain that belongs to one account."""

    __tablename__ = "account_domain"
    domain: str = Field(primary_key=True)  # A-labels, lower case
    account_id: int = Field(sa_type=BIG, foreign_key="account.id", index=True)


class Contact(Row, table=True):
    """A person who writes to us."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    name: str
    language: str = ""
    timezone: str = Field(default="", sa_column_kwargs={"server_default": ""})  # "" = that of [cases]
    active: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    account_id: int | None = Field(default=None, sa_type=BIG, foreign_key="account.id", index=True)
    created_at: datetime


class ContactAddress(Row, table=True):
    """An address of a contact; the unique key makes one contact of two first mails at once."""

    __tablename__ = "contact_address"
    key: str = Field(primary_key=True)  # message.Address.key
    address: str  # as a person should read it
    contact_id: int = Field(sa_type=BIG, foreign_key="contact.id", index=True)

"""Who enters and changes each kind of people."""

from typing import Final

from mailcase.life.entries import Kind
from mailcase.store.life.accounts import AccountBook
from mailcase.store.life.agents import AgentBook
from mailcase.store.life.contacts_edit import ContactBook
from mailcase.store.life.groups import GroupBook
from mailcase.store.life.register import Book

BOOKS: Final[dict[Kind, Book]] = {
    Kind.AGENT: AgentBook(),
    Kind.GROUP: GroupBook(),
    Kind.ACCOUNT: AccountBook(),
    Kind.CONTACT: ContactBook(),
}

"""The store's door for people: agents, groups, accounts and contacts, entered and changed by hand or by a file.

What enters and changes them is imported when it is asked: a daemon is ready without it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from mailcase.life.named import Gone, Named
from mailcase.life.people import Agent
from mailcase.store.again import again
from mailcase.store.engine import Engines
from mailcase.store.life import named, people
from mailcase.store.marks import reads

if TYPE_CHECKING:
    from mailcase.life.admitting import Change, Rules
    from mailcase.life.csv_people import CsvRow
    from mailcase.life.entries import Entry, Kind
    from mailcase.store.life.contacts_join import Join, Joined
    from mailcase.store.life.register import Imported


class PeopleDoor:
    """What the store can do with people; `Store` is one."""

    _engines: Engines

    @reads
    def agent_by_key(self, key: str) -> Agent | None:
        """The agent whose address has this key, active or not."""
        with self._engines.read() as conn:
            return people.agent_by_key(conn, key)

    @reads
    def people_list(self, kind: "Kind", final: Sequence[str]) -> list[dict[str, Any]]:
        """`agent list` and the others, as docs/people.md says; `final` are the statuses that are not open."""
        from mailcase.life.entries import Kind
        from mailcase.store import export
        from mailcase.store.life import accounts, agents, groups

        with self._engines.read() as conn:
            match kind:
                case Kind.AGENT:
                    return agents.listing(conn, final)
                case Kind.GROUP:
                    return groups.listing(conn, final)
                case Kind.ACCOUNT:
                    return accounts.listing(conn)
            return export.contacts(conn)

    @reads
    def people_entries(self, kind: "Kind") -> "list[Entry]":
        """All entries as a file has them; contacts without an address (erased ones) are left out."""
        from mailcase.store.life.books import BOOKS

        with self._engines.read() as conn:
            return [one.entry for one in BOOKS[kind].load(conn, None)]

    @reads
    def cases_as_customer(self, address: str, final: Sequence[str]) -> int:
        """How many open cases somebody with this address has as a customer; `final`: as for `people_list`."""
        from mailcase.store.life import agents

        with self._engines.read() as conn:
            return agents.cases_as_customer(conn, address, final)

    @reads
    def gone(self, wanted: Sequence[Named]) -> tuple[Gone, ...]:
        """Groups and agents that the configuration names and whom no case reaches."""
        with self._engines.read() as conn:
            return named.gone(conn, wanted)

    @again
    def person_add(self, kind: "Kind", said: "Entry", rules: "Rules", now: datetime) -> "Entry":
        """Enter somebody new, and return what stands there now.

        Raises:
            Refused: he is there already, an address, domain or name is somebody else's, the configuration
                speaks against it, or it names somebody who is not there. The text names the cure.
        """
        from mailcase.store.life.books import BOOKS
        from mailcase.store.life.register import Register

        with self._engines.write() as conn:
            return Register(conn, BOOKS[kind], _by_hand(conn, kind, rules), now).add(said).entry

    @again
    def person_edit(self, kind: "Kind", text: str, change: "Change", rules: "Rules", now: datetime) -> "Entry":
        """Change the one that `text` (an address, or a name) names, and return what stands there now.

        Raises:
            Refused: as `person_add`, or there is none.
        """
        from mailcase.store.life.books import BOOKS
        from mailcase.store.life.register import Register

        with self._engines.write() as conn:
            return Register(conn, BOOKS[kind], _by_hand(conn, kind, rules), now).edit(text, change).entry

    @again
    def people_import(self, kind: "Kind", rows: "Sequence[CsvRow]", rules: "Rules", now: datetime) -> "Imported":
        """Enter and change what a file says, in one transaction; nobody is taken away.

        Raises:
            Permanent: naming line, column and cure; then nothing of the file is taken in.
        """
        from mailcase.store.life.books import BOOKS
        from mailcase.store.life.register import Register

        with self._engines.write() as conn:
            return Register(conn, BOOKS[kind], rules, now).take_in(rows)

    @again
    def contacts_join(self, wanted: "Join") -> "Joined":
        """Two contacts who are one person become one: what the one has, the other has from now on.

        His name, language, time zone and account stay, or are the other's where he has none. Each case that was the
        other's has a line of it; the other's entry is gone. Nobody is told.

        Raises:
            Refused: one of them is not there, they are one already, they belong to different accounts, or who acts
                may not see all their cases. Nothing was written.
        """
        from mailcase.store.life import contacts_join

        with self._engines.write() as conn:
            return contacts_join.join(conn, wanted)


def _by_hand(conn: Connection, kind: "Kind", rules: "Rules") -> "Rules":
    """A hand gives no agent's address to a contact; a file may: agents who wrote as customers stand in an export."""
    from mailcase.life.entries import Kind

    return replace(rules, agents=people.active_keys(conn)) if kind is Kind.CONTACT else rules

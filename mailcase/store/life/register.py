"""Entering and changing people, one by one or a whole file in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.life.admitting import Change, Rules, admit, changed
from mailcase.life.csv_people import CsvRow
from mailcase.life.entries import Entry, Form, Kind, Refused


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it stands."""

    id: Any
    entry: Entry


class Book(Protocol):
    """Where the entries of one kind are."""

    form: Form

    def load(self, conn: Connection, keys: Sequence[str] | None) -> list[Stored]:
        """All entries, or at least those that one of these keys names."""

    def save(self, conn: Connection, old: Stored | None, new: Entry, now: datetime) -> Stored:
        """Write what differs; raises Refused where the entry names somebody who is not there."""

    def prepare(self, conn: Connection, said: Iterable[Entry], now: datetime) -> list[str]:
        """Before a file is taken in: make what its lines name and what is there by being named. Returns names."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's lines."""

    new: int
    changed: int
    same: int
    groups_made: tuple[str, ...] = ()


@dataclass(slots=True)
class Register:
    """The entries of one kind in one write transaction."""

    conn: Connection
    book: Book
    rules: Rules
    now: datetime
    _by_key: dict[str, Stored] = field(default_factory=dict)

    def add(self, said: Entry) -> Stored:
        """Enter somebody new; raises Refused, also where there is one already."""
        form = self.book.form
        new = form.filled(said)
        self._read(form.keys(new))
        if (known := self._meant(new)) is not None:
            told = f"{_named(form, known)} is there already; `mailcase {form.kind} edit` changes what is stored"
            raise Refused(told, form.key.name)
        return self._put(None, new)

    def edit(self, text: str, change: Change) -> Stored:
        """Change one; raises Refused, also where there is none that `text` names."""
        form = self.book.form
        self._read((form.compared(text), *(form.compared(one) for one in change.add.get(form.key.name, ()))))
        old = self._by_key.get(form.compared(text))
        if old is None:
            raise Refused(f"there is no {form.kind} {text}; `mailcase {form.kind} list` shows all", form.key.name)
        return self._put(old, form.named(changed(form, old.entry, change), old.entry))

    def take_in(self, rows: Sequence[CsvRow]) -> Imported:
        """Enter and change what the lines say, all or nothing: Permanent names the line and the column."""
        groups = self.book.prepare(self.conn, [row.said for row in rows], self.now)
        self._read(None)
        done = []
        for row in rows:
            try:
                done.append(self._take(row.said))
            except Refused as error:
                place = f"line {row.line}, column {error.field}" if error.field else f"line {row.line}"
                raise Permanent(f"{place}: {error}\nnothing was imported") from None
        return Imported(done.count("new"), done.count("changed"), done.count("same"), tuple(groups))

    def _take(self, said: Entry) -> str:
        form = self.book.form
        old = self._meant(said)
        if old is None:
            self._put(None, form.filled(said))
            return "new"
        new = form.named({**old.entry, **said}, old.entry)
        if not form.by_address:  # a name in other letters is still the same one
            new[form.key.name] = old.entry[form.key.name]
        if _same(old.entry, new):
            return "same"
        self._put(old, new)
        return "changed"

    def _read(self, keys: Sequence[str] | None) -> None:
        for one in self.book.load(self.conn, keys):
            self._know(one)

    def _know(self, one: Stored) -> None:
        self._by_key.update(dict.fromkeys(self.book.form.keys(one.entry), one))

    def _meant(self, entry: Entry) -> Stored | None:
        """Who is named; Refused where it is more than one."""
        form = self.book.form
        found = {id(one): one for key in form.keys(entry) if (one := self._by_key.get(key)) is not None}
        if len(found) > 1:
            names = " and ".join(_named(form, one) for one in found.values())
            raise Refused(f"these are addresses of {names}: take them out of one of the two first", form.key.name)
        return next(iter(found.values()), None)

    def _put(self, old: Stored | None, new: Entry) -> Stored:
        form = self.book.form
        for key in form.keys(new):
            if (other := self._by_key.get(key)) is not None and other is not old:
                raise Refused(f"{key} is {_named(form, other)}'s{_CURES.get(form.kind, '').format(key)}", form.key.name)
        admit(form, old.entry if old else None, new, self.rules)
        saved = self.book.save(self.conn, old, new, self.now)
        for key in form.keys(old.entry) if old else ():
            self._by_key.pop(key, None)
        self._know(saved)
        return saved


#: What can be done where an address is somebody else's.
_CURES: Final = {
    Kind.CONTACT: ": take it out there first (`contact edit --remove-address`); a case is given to him by "
    "`mailcase case contact NUMBER {}`",
}


def _same(old: Entry, new: Entry) -> bool:
    return all(_plain(old[name]) == _plain(value) for name, value in new.items())


def _plain(value: Any) -> Any:
    """Lists have no order."""
    return sorted(value) if isinstance(value, tuple) else value


def _named(form: Form, one: Stored) -> str:
    key = one.entry[form.key.name]
    name = str(one.entry["name"]) if "name" in one.entry else ""
    address = key[0] if isinstance(key, tuple) else str(key)
    return name if name == address else f"{name} <{address}>" if "@" in address else address


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a field that is a list."""
    return tuple(value)

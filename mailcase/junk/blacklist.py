"""The blacklist: which sender addresses are blocked, and which are allowed whatever is blocked (B6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from mailcase.intake.addresses import without_tag
from mailcase.junk.blacklist_entry import BlacklistLine, parse_line

_MOST_TOLD: Final = 10  # wrong lines of a file
_DEEPEST: Final = 128  # labels of a domain that are looked at; RFC 1035 allows 127


@dataclass(frozen=True, slots=True)
class BlacklistVerdict:
    """What the blacklist says of a mail's addresses, with the line that decided."""

    blocked: bool
    key: str = ""  # the address that is blocked, else the one that is allowed
    line_number: int = 0
    entry: str = ""  # the blocking entry as written
    allowed_by: str = ""  # the allowing entry, where one beat a block line
    looked_at: int = 0  # entries of the list


@dataclass(frozen=True, slots=True)
class _Index:
    """Lines by what they match; only `*part*@` entries are walked through."""

    addresses: dict[str, BlacklistLine]
    domains: dict[str, BlacklistLine]
    trees: dict[str, BlacklistLine]  # *.domain
    locals: dict[str, BlacklistLine]
    globs: tuple[BlacklistLine, ...]

    @classmethod
    def build(cls, lines: Iterable[BlacklistLine]) -> "_Index":
        tables: dict[str, dict[str, BlacklistLine]] = {"address": {}, "domain": {}, "tree": {}, "local": {}, "glob": {}}
        for line in lines:
            table = tables[line.form]
            table[line.value] = _longer(table.get(line.value), line)
        return cls(tables["address"], tables["domain"], tables["tree"], tables["local"], tuple(tables["glob"].values()))

    def find(self, key: str, today: date) -> BlacklistLine | None:
        """The first entry in force that matches this normalised address without tag."""
        local, _, domain = key.rpartition("@") if "@" in key else (key, "", "")
        hits = [self.addresses.get(key), self.domains.get(domain), self.locals.get(local)]
        hits += [self.trees.get(tree) for tree in _parents(domain)]
        for line in hits:
            if line and line.in_force(today):
                return line
        return next((line for line in self.globs if line.in_force(today) and line.matches(local)), None)


def _longer(old: BlacklistLine | None, new: BlacklistLine) -> BlacklistLine:
    """Of two lines with one entry the one that is in force longer; the first where they are equal."""
    if old is None:
        return new
    return new if (new.until or date.max) > (old.until or date.max) else old


def _parents(domain: str) -> list[str]:
    """The domain and every domain above it."""
    labels = domain.split(".")[-_DEEPEST:]
    return [".".join(labels[start:]) for start in range(len(labels))]


def _parsed(text: str) -> list[BlacklistLine]:
    """The entries; raises as `Blacklist.parse`."""
    lines: list[BlacklistLine] = []
    wrong: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            entry = parse_line(number, line)
        except ValueError as error:
            wrong.append(str(error))
        else:
            lines += [entry] if entry else []
    if wrong:
        more = [f"{len(wrong) - _MOST_TOLD} more lines are wrong"] if len(wrong) > _MOST_TOLD else []
        raise ValueError("\n".join([*wrong[:_MOST_TOLD], *more]))
    return lines


@dataclass(frozen=True, slots=True)
class Blacklist:
    """A parsed blacklist file. Lookups cost the same for ten lines and for a hundred thousand."""

    lines: tuple[BlacklistLine, ...]
    _block: _Index
    _allow: _Index

    @classmethod
    def parse(cls, text: str) -> "Blacklist":
        """Read the file's text (contract.md, `blacklist.txt`).

        Raises:
            ValueError: a line for each wrong one, the first ten: its number, what is wrong and the cure.
        """
        lines = tuple(_parsed(text))
        return cls(
            lines,
            _Index.build(line for line in lines if not line.allows),
            _Index.build(line for line in lines if line.allows),
        )

    def judge(self, keys: Iterable[str], today: date) -> BlacklistVerdict:
        """Look at each key (From, Reply-To, Sender): blocked if one is blocked and not itself allowed.

        `keys` are in the form of `intake.addresses.key_of`; `today` is the date in UTC.
        """
        spared = BlacklistVerdict(False, looked_at=len(self.lines))
        for key in dict.fromkeys(keys):
            plain = without_tag(key)
            block = self._block.find(plain, today)
            if block is None:
                continue
            allow = self._allow.find(plain, today)
            if allow is None:
                return BlacklistVerdict(True, key, block.number, block.entry, "", len(self.lines))
            spared = BlacklistVerdict(False, key, block.number, block.entry, allow.entry, len(self.lines))
        return spared

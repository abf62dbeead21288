"""What is said of agents, groups, accounts and contacts: their fields, and the texts that each field takes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from mailcase.errors import Permanent
from mailcase.intake.addresses import key_of
from mailcase.intake.texts import why_no_text
from mailcase.life.people import AgentRole

Value = str | bool | tuple[str, ...]
Entry = Mapping[str, Value]

_LONGEST_NAME: Final = 998  # a contact without a name is named by his address
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_DOMAIN: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")
_YES: Final = ("yes", "true", "1", "ja", "")
_NO: Final = ("no", "false", "0", "nein")


class Kind(StrEnum):
    """Whom an entry is about."""

    AGENT = "agent"
    GROUP = "group"
    ACCOUNT = "account"
    CONTACT = "contact"


class Refused(Permanent):
    """An entry that cannot be: the text names the cure, `field` the place in it ("" for the whole)."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry."""

    name: str
    read: Callable[[str], str | bool]  # of one text; raises ValueError with what was expected
    many: bool = False  # a list of such texts, each once
    empty: Value = ""  # what stands there where nothing was said

    def value(self, given: str | Sequence[str]) -> Value:
        """The field's value from one text, or from several where it is a list; raises ValueError."""
        if not self.many:
            return self.read(given if isinstance(given, str) else given[0])
        texts = [given] if isinstance(given, str) else given
        read = (str(self.read(one)) for one in texts if one.strip())
        return tuple({self.identity(one): one for one in read}.values())

    def identity(self, text: str) -> str:
        """By what two texts of the list are the same."""
        return key_of(text) if self.read is address else text


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one kind, the identifying one first."""

    kind: Kind
    fields: tuple[Field, ...]
    must: tuple[str, ...]  # a new entry says these

    @property
    def key(self) -> Field:
        """What names the entry: where it is a list, each of its texts does."""
        return self.fields[0]

    @property
    def by_address(self) -> bool:
        """Whether addresses identify it, not a name."""
        return self.key.read is address

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(one for one in self.fields if one.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields' names, in order."""
        return tuple(one.name for one in self.fields)

    def keys(self, entry: Entry) -> tuple[str, ...]:
        """What identifies the entry, in the form that is compared: address keys, or the name in lower case."""
        value = entry[self.key.name]
        texts = value if isinstance(value, tuple) else (str(value),)
        return tuple(self.compared(one) for one in texts)

    def compared(self, text: str) -> str:
        """An identifying text in the form that is compared; Refused where it is no text."""
        if wrong := why_no_text(text):
            raise Refused(f"the {self.kind}'s {self.key.name} cannot be read: {wrong}", self.key.name)
        return key_of(text) if self.by_address else text.strip().casefold()

    def filled(self, said: Entry) -> dict[str, Value]:
        """A new entry: what was said, and nothing else.

        Raises:
            Refused: something that it needs was not said.
        """
        for name in self.must:
            if not said.get(name):
                raise Refused(f"a new {self.kind} needs {name}", name)
        return self.named({one.name: said.get(one.name, one.empty) for one in self.fields})

    def named(self, new: dict[str, Value], old: Entry | None = None) -> dict[str, Value]:
        """The entry with a name: where none is said, it keeps the one that it has, or is called by its address."""
        if not new["name"]:
            first = new[self.key.name]
            new["name"] = old["name"] if old else first[0] if isinstance(first, tuple) else first
        return new


def name(text: str) -> str:
    """One line of text, not empty."""
    plain = text.strip()
    if not plain:
        raise ValueError("expected a name; it is empty")
    if wrong := why_no_text(plain):
        raise ValueError(f"expected a name; {wrong}")
    if len(plain) > _LONGEST_NAME or any(ord(char) < 32 or ord(char) == 127 for char in plain):
        raise ValueError(f"expected a name of one line, at most {_LONGEST_NAME} characters, without control characters")
    return plain


def name_or_none(text: str) -> str:
    """As `name`, or nothing."""
    return name(text) if text.strip() else ""


def address(text: str) -> str:
    """One mail address without a display name.

    What customers write from is taken as it came, so that only the form is looked at.
    """
    plain = text.strip()
    local, _, domain = key_of(plain).rpartition("@")
    blank = '"' not in plain and any(char.isspace() for char in plain)
    if not (local and domain) or blank or not plain.isprintable() or any(char in "<>," for char in domain):
        raise ValueError(f"expected one mail address such as jane@example.com, not {plain!r}")
    return plain


def domain(text: str) -> str:
    """A mail domain as lower-case A-labels."""
    found = key_of(f"x@{text.strip().removeprefix('@')}").removeprefix("x@")
    if not _DOMAIN.fullmatch(found):
        raise ValueError(f"expected a domain such as example.com, not {text.strip()!r}")
    return found


def language(text: str) -> str:
    """A language's tag such as en or pt-br, in lower case; nothing is the default."""
    plain = text.strip()
    if plain and not _LANGUAGE.fullmatch(plain):
        raise ValueError(f"expected a language such as en, de or pt-BR, or nothing, not {plain!r}")
    return plain.lower().replace("_", "-")


def timezone(text: str) -> str:
    """A time zone's name; nothing is that of [cases]."""
    plain = text.strip()
    try:
        ZoneInfo(plain or "UTC")
    except (KeyError, ValueError, OSError):
        raise ValueError(f"expected a time zone such as UTC or Europe/Berlin, or nothing, not {plain!r}") from None
    return plain


def role(text: str) -> str:
    """agent or admin; nothing is agent."""
    plain = text.strip().lower() or AgentRole.AGENT.value
    if plain not in [one.value for one in AgentRole]:
        raise ValueError(f"expected agent or admin, not {plain!r}")
    return plain


def active(text: str) -> bool:
    """yes or no; nothing is yes."""
    plain = text.strip().lower()
    if plain not in (*_YES, *_NO):
        raise ValueError(f"expected yes or no, not {plain!r}")
    return plain in _YES


_ACTIVE: Final = Field("active", active, empty=True)
_LANGUAGE_FIELD: Final = Field("language", language)
_TIMEZONE_FIELD: Final = Field("timezone", timezone)

#: What can be said of whom.
FORMS: Final[dict[Kind, Form]] = {
    form.kind: form
    for form in (
        Form(
            Kind.AGENT,
            (
                Field("address", address),
                Field("name", name),
                _LANGUAGE_FIELD,
                _TIMEZONE_FIELD,
                Field("role", role, empty=AgentRole.AGENT.value),
                Field("groups", name, many=True, empty=()),
                Field("organizations", name, many=True, empty=()),
                _ACTIVE,
            ),
            must=("address", "name"),
        ),
        Form(
            Kind.GROUP,
            (Field("name", name), Field("members", address, many=True, empty=()), _ACTIVE),
            must=("name",),
        ),
        Form(
            Kind.ACCOUNT,
            (Field("name", name), Field("domains", domain, many=True, empty=()), _ACTIVE),
            must=("name",),
        ),
        Form(
            Kind.CONTACT,
            (
                Field("addresses", address, many=True, empty=()),
                Field("name", name_or_none),
                _LANGUAGE_FIELD,
                _TIMEZONE_FIELD,
                Field("account", name_or_none),
                _ACTIVE,
            ),
            must=("addresses",),
        ),
    )
}

"""Changing an entry, and what the configuration and the agents there are say against it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mailcase.intake.addresses import key_of
from mailcase.intake.among import is_among
from mailcase.junk.sendable import why_not_sendable
from mailcase.life.entries import Entry, Field, Form, Kind, Refused, Value


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the configuration, and of the agents there are, counts for people."""

    own_keys: frozenset[str] = frozenset()  # every address of every mailbox
    organizations: tuple[str, ...] = ()
    freemail: frozenset[str] = frozenset()
    domains: Mapping[str, str] = field(default_factory=dict)  # of [[cases.account]]: domain -> account
    agents: frozenset[str] = frozenset()  # addresses of active agents, none of which a hand gives to a contact


@dataclass(frozen=True, slots=True)
class Change:
    """An edit: fields set anew, and texts put into lists or taken out."""

    set: Entry = field(default_factory=dict)
    add: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def changed(form: Form, old: Entry, change: Change) -> dict[str, Value]:
    """The entry after the change.

    Raises:
        Refused: something to be taken out is not there.
    """
    new = {**old, **change.set}
    for name in {*change.add, *change.remove}:
        one = form.field(name)
        new[name] = _list(one, _texts(new[name]), change.add.get(name, ()), change.remove.get(name, ()))
    return new


def _list(one: Field, old: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    gone = {one.identity(text): text for text in remove}
    there = {one.identity(text): text for text in old}
    if missing := gone.keys() - there.keys():
        text = gone[min(missing)]
        raise Refused(f"{text} is not among the {one.name}: {', '.join(old) or 'there are none'}", one.name)
    left = {key: text for key, text in there.items() if key not in gone}
    return tuple(sorted(({one.identity(text): text for text in add} | left).values()))


def admit(form: Form, old: Entry | None, new: Entry, rules: Rules) -> None:
    """What is new in an entry is compared with the configuration; what stood there before stays.

    Raises:
        Refused: naming the field and the cure.
    """
    before = old or {}
    for name, check in _CHECKS.get(form.kind, {}).items():
        known = {form.field(name).identity(one) for one in _texts(before.get(name, ()))}
        fresh = [one for one in _texts(new[name]) if form.field(name).identity(one) not in known]
        for text in fresh:
            if said := check(text, new, rules):
                raise Refused(said, name)
    if form.kind is Kind.CONTACT and not new["addresses"]:
        raise Refused("a contact keeps one address at least; `mailcase contact disable` puts him aside", "addresses")
    if form.kind is Kind.ACCOUNT and old is not None:
        _configured(old, new, rules)


def _configured(before: Entry, new: Entry, rules: Rules) -> None:
    """What [[cases.account]] says would be there again as soon as the daemon starts."""
    if before["name"] != new["name"] and before["name"] in rules.domains.values():
        raise Refused(f"{before['name']} stands in [[cases.account]] of the configuration: rename it there too", "name")
    for gone in sorted({*_texts(before.get("domains", ()))} - {*_texts(new["domains"])}):
        if rules.domains.get(gone) == before.get("name"):
            raise Refused(f"{gone} stands in [[cases.account]] of the configuration: take it out there", "domains")


def _own(text: str, _new: Entry, rules: Rules) -> str:
    key = key_of(text)
    if is_among(key, rules.own_keys):
        return f"{text} is an address of a mailbox of ours: nobody's own"
    return ""


def _agent_address(text: str, new: Entry, rules: Rules) -> str:
    if wrong := why_not_sendable(text):
        return f"no notice could be sent to {text}: {wrong}"
    return _own(text, new, rules)


def _contact_address(text: str, new: Entry, rules: Rules) -> str:
    """Of a person's hand; whoever writes to us is a contact by whatever address he has."""
    if wrong := why_not_sendable(text):
        return f"nobody could write to {text!a}: {wrong}"
    if key_of(text) in rules.agents:  # on the contact's cases his mails would be read as the customer's
        return (
            f"{text} is an agent's address: `mailcase agent disable {text}` first where he is none any more; "
            f"`mailcase case contact NUMBER {text}` gives him a case of his own as a customer"
        )
    return _own(text, new, rules)


def _organization(text: str, _new: Entry, rules: Rules) -> str:
    if text in rules.organizations:
        return ""
    known = ", ".join(rules.organizations) or "none"
    return f"there is no organization {text} in [cases] organizations; there are {known}"


def _domain(text: str, new: Entry, rules: Rules) -> str:
    if text in rules.freemail:
        return f"{text} is a freemail domain: its addresses belong to anybody, it cannot be an account's"
    owner = rules.domains.get(text, new["name"])
    return f"{text} is {owner}'s by [[cases.account]] of the configuration" if owner != new["name"] else ""


_CHECKS: Final[dict[Kind, dict[str, Callable[[str, Entry, Rules], str]]]] = {
    Kind.AGENT: {"address": _agent_address, "organizations": _organization},
    Kind.ACCOUNT: {"domains": _domain},
    Kind.CONTACT: {"addresses": _contact_address},
}


def _texts(value: Value | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if not isinstance(value, bool) else ()

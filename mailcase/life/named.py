"""Groups and agents that the configuration names, compared with those that are there. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from mailcase.intake.addresses import key_of
from mailcase.life.people import Agent

_NEAR: Final = 0.7  # of difflib's likeness: one or two letters of a short name


@dataclass(frozen=True, slots=True)
class Named:
    """Where cases go to by the configuration."""

    path: tuple[str | int, ...]  # of the key in the configuration
    kind: Literal["group", "agent"]
    name: str  # as written there
    mailbox: str = ""  # whose; "": an assignment rule's

    @property
    def place(self) -> str:
        """The key as people know it; entries of a list are counted from 1."""
        table, number, key = self.path
        return f"[[{table}]] {key}" if self.mailbox else f"[[{table}]] {int(number) + 1}, {key}"

    @property
    def key(self) -> str:
        """As the store has it."""
        return key_of(self.name) if self.kind == "agent" else self.name


@dataclass(frozen=True, slots=True)
class Gone:
    """One of them whom no case reaches."""

    of: Named
    detail: str
    cure: str


def gone(named: Iterable[Named], agents: Sequence[Agent], groups: Mapping[str, bool]) -> tuple[Gone, ...]:
    """Those that are missing, disabled or without an active member, in order.

    Args:
        named: by the configuration.
        agents: all there are, active or not.
        groups: all there are -> whether it is active.
    """
    return tuple(found for one in named for found in _gone(one, agents, groups))


def _gone(one: Named, agents: Sequence[Agent], groups: Mapping[str, bool]) -> Iterator[Gone]:
    if one.kind == "group":
        wrong, cure = _group(one.name, agents, groups)
    else:
        wrong, cure = _agent(one, agents)
    if wrong:
        yield Gone(one, wrong, cure)


def _group(name: str, agents: Sequence[Agent], groups: Mapping[str, bool]) -> tuple[str, str]:
    """What is wrong, and what to do; ("", "") where nothing is."""
    if name not in groups:
        return _missing("group", name, list(groups), f'mailcase group add "{name}" --member ADDRESS')
    if not groups[name]:
        return f"group {name} is disabled", f'`mailcase group enable "{name}"`, or name another one'
    if not any(one.active and name in one.groups for one in agents):
        return f"group {name} has no active member", f'`mailcase group edit "{name}" --add-member ADDRESS`'
    return "", ""


def _agent(named: Named, agents: Sequence[Agent]) -> tuple[str, str]:
    found = next((one for one in agents if one.key == named.key), None)
    if found is None:
        known = [one.address for one in agents]
        return _missing("agent", named.name, known, f"mailcase agent add {named.name} --name NAME")
    if not found.active:
        return f"{found.address} is disabled", f"`mailcase agent enable {found.address}`, or name another one"
    return "", ""


def _missing(kind: str, name: str, known: Sequence[str], command: str) -> tuple[str, str]:
    return f"there is no {kind} {name}{meant(name, known)}", f"correct the name, or `{command}`"


def meant(name: str, known: Sequence[str]) -> str:
    """`; did you mean ann@x.example?`, of the nearest of those known; "" where none is near."""
    lower = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), lower, n=1, cutoff=_NEAR)
    return f"; did you mean {lower[near[0]]}?" if near else ""

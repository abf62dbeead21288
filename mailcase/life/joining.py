"""Two contacts who are one person: what the one has that is left, and who may join them."""

from collections.abc import Collection
from typing import Final

from mailcase.intake.addresses import key_of
from mailcase.life.acts.table import may_see
from mailcase.life.case_state import Actor
from mailcase.life.entries import Entry
from mailcase.life.refused import Refused
from mailcase.policy import Policy

#: What the other one fills, where the one who stays has nothing.
_FILLED: Final = ("language", "timezone", "account")


def joined(stays: Entry, goes: Entry, named: str) -> Entry:
    """The contact who stays, with the addresses of both; `named` is by what the other one was named.

    Raises:
        Refused: they belong to different accounts.
    """
    mine, others = str(stays["account"]), str(goes["account"])
    if mine and others and mine != others:
        cure = f'`mailcase contact edit {address_named(goes, named)} --account "{mine}"` moves one of them first'
        raise Refused(f"they belong to different accounts, {mine} and {others}: {cure}")
    both = (*_addresses(stays), *_addresses(goes))
    filled = {name: stays[name] or goes[name] for name in _FILLED}
    return {**stays, **filled, "name": _name(stays, goes), "addresses": both}


def _name(stays: Entry, goes: Entry) -> str:
    """His own; where that is nothing but an address, the other's."""
    name = str(stays["name"])
    return str(goes["name"]) if not name or "@" in name else name


def _addresses(entry: Entry) -> tuple[str, ...]:
    found = entry["addresses"]
    return found if isinstance(found, tuple) else ()


def address_named(entry: Entry, named: str) -> str:
    """That of the contact's addresses by which somebody named him, as it is stored."""
    return next(one for one in _addresses(entry) if key_of(one) == key_of(named))


def may_join(actor: Actor, organizations: Collection[str], policy: Policy) -> None:
    """Refuse an agent who does not see all cases of both: joining shows the mails of one on those of the other.

    Raises:
        Refused: he is disabled, or organizations are kept apart and not all of these are his.
    """
    agent = actor.agent
    if agent is None:
        return
    if not agent.active:
        raise Refused(f"{agent.address} is disabled: `mailcase agent enable {agent.address}` lets him act again")
    if not all(may_see(policy, agent, one) for one in organizations):
        raise Refused("contacts are joined by somebody who may see every case of both, such as an admin")

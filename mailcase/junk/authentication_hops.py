"""Above which Received fields a result may stand and still count: the servers that can have written it.

A name in `trusted_authserv_ids` is the id that a server of ours writes, or one of the services below.
"""

import ipaddress
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from mailcase.junk.authentication_results import authserv_id, received_by, received_from

#: Exchange Online writes no authserv-id (`spf=pass …`): this word in `trusted_authserv_ids` believes such fields.
EXCHANGE_ONLINE: Final = "exchange-online"
_GMAIL: Final = "mx.google.com"
_GMAIL_HOSTS: Final = ("google.com",)
_EXCHANGE_HOSTS: Final = ("outlook.com", "office365.com", "exchangelabs.com", "office365.us", "outlook.cn")


@dataclass(slots=True)
class Trust:
    """Walks a mail's header from the top; `in_force` are the names whose fields may count here."""

    trusted: Set[str]  # lower case
    hops: int = 0  # Received fields passed
    in_force: Set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.in_force = frozenset(self.trusted)

    def pass_hop(self, received: str) -> None:
        """Go below this Received field: names whose servers did not write it say nothing any more."""
        self.hops += 1
        self.in_force = frozenset(name for name in self.in_force if self._stays(name, received))

    def believes(self, value: str) -> bool:
        """Whether this Authentication-Results field was written by a server of ours."""
        name = authserv_id(value)
        if name:
            return name in self.in_force and name != EXCHANGE_ONLINE
        # Exchange Online's own Received stand above it, always: elsewhere nothing says who wrote it.
        return EXCHANGE_ONLINE in self.in_force and self.hops > 0

    def _stays(self, name: str, received: str) -> bool:
        if name in SERVICES:
            return SERVICES[name](received)
        by = received_by(received)
        return self.hops == 1 or any(_below(by, (one,)) for one in self.trusted if one not in SERVICES)


def _below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == one or host.endswith("." + one) for one in domains)


def _gmail(received: str) -> bool:
    """By a host of Google, or handed on inside: `by 2002:a05:… with SMTP id …`, from nobody."""
    by = received_by(received)
    return _below(by, _GMAIL_HOSTS) or (not received_from(received) and _is_number(by))


def _exchange_online(received: str) -> bool:
    """From one of its hosts to another; below the border, where the mail came in, nothing counts."""
    return _below(received_by(received), _EXCHANGE_HOSTS) and _below(received_from(received), _EXCHANGE_HOSTS)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


#: Services whose servers are known by name: of each hop above the field, the first one too, it must be one of theirs.
SERVICES: Final[Mapping[str, Callable[[str], bool]]] = {_GMAIL: _gmail, EXCHANGE_ONLINE: _exchange_online}

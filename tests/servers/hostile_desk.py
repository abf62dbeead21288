"""Hostile mails on their way from a real Dovecot through the real program to a relay, and what became of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.hostile import HOSTILE
from tests.hostile.evasion import BLACKLIST
from tests.servers.desk import Desk
from tests.servers.invariants import desk_scene, findings
from tests.servers.scene import Facts, sha_of

#: What `tests.road.make_bench` says of the rules, as a configuration.
RULES = """
[security]
trusted_authserv_ids = ["mx.helpdesk.example"]
[[junk.header]]
name = "X-Spam-Flag"
matches = "^YES$"
reason = "spam_header"
[acknowledge]
reopened = true
per_address = "100000/1h"
per_domain = "100000/1h"
total = "100000/1h"
"""
MAILBOX = "sub_addressing = true"


def as_served(raw: bytes) -> bytes:
    """As IMAP can carry it: no server may send a NUL in a literal (RFC 3501 9), and Dovecot sends this instead."""
    return raw.replace(b"\x00", b"\x80")


@dataclass
class HostileDesk:
    """A desk opened with `RULES` and `MAILBOX`."""

    desk: Desk

    def __post_init__(self) -> None:
        (self.desk.dir / "blacklist.txt").write_text(BLACKLIST)
        assert self.desk.once() == 0

    def wrong(self, raws: Mapping[str, bytes]) -> Iterator[str]:
        """Put them there, run the program once, and say what is not as it must be."""
        served = {name: as_served(raw) for name, raw in raws.items()}
        for raw in served.values():
            self.desk.put(raw)
        if status := self.desk.once():
            yield f"the program ended with {status}"
        scene = desk_scene(self.desk, list(served.values()))
        yield from findings(scene)
        yield from self._outcomes(served, Facts.read(scene))

    def _outcomes(self, served: Mapping[str, bytes], facts: Facts) -> Iterator[str]:
        shelved = {one["id"] for one in self.desk.json("quarantine", "list")}
        by_sha = {row.raw_sha256: row for row in facts.deliveries}
        for name, raw in served.items():
            row = by_sha[sha_of(raw)]
            if row.outcome != (HOSTILE[name].outcome or row.outcome):
                yield f"{name} is {row.outcome}, not {HOSTILE[name].outcome}"
            if (row.outcome == "quarantined") != (row.id in shelved):
                yield f"{name} is {row.outcome} and stands in quarantine: {row.id in shelved}"

"""Hostile mails on their way from a real Dovecot through the real program to a relay, and what became of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.hostile import AGENT, HOSTILE, as_answer
from tests.hostile.evasion import BLACKLIST
from tests.servers.desk import Desk
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
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
    """A desk opened with `RULES` and `MAILBOX`, and a case of Erin's of which an agent was told."""

    desk: Desk
    customer: str = "erin@customer.example"
    put: list[bytes] = field(default_factory=list)
    notice: str = field(default="", init=False)  # the Message-ID of what the agent was told
    taken: Counter[str] = field(default_factory=Counter)  # the agent's answers by the reason of their outcome

    def __post_init__(self) -> None:
        (self.desk.dir / "blacklist.txt").write_text(BLACKLIST)
        assert self.desk.once() == 0
        self._arrive(letter("first", sender=self.customer))
        assert self.desk.once() == 0
        self.desk.json("agent", "add", AGENT, "--name", "Jane Roe", "--role", "admin")
        self.desk.json("case", "assign", self.desk.cases()[0]["number"], "--to", AGENT)
        (self.notice,) = (one["message_id"] for one in self.desk.outbox() if one["kind"] == "assigned")

    def wrong(self, raws: Mapping[str, bytes], answers: Mapping[str, bytes]) -> Iterator[str]:
        """Put them there, `answers` as the agent's, run the program once, and say what is not as it must be.

        Names come once: the same mail again is no new one.
        """
        served = {name: as_served(raw) for name, raw in raws.items()}
        by_agent = {name: as_served(as_answer(raw, self.notice)) for name, raw in answers.items()}
        self._arrive(*served.values(), *by_agent.values())
        if status := self.desk.once():
            yield f"the program ended with {status}"
        scene = desk_scene(self.desk, self.put)
        yield from findings(scene)
        facts = Facts.read(scene)
        yield from self._outcomes(served, facts)
        yield from self._answers(by_agent, facts)

    def _arrive(self, *raws: bytes) -> None:
        for raw in raws:
            self.desk.put(raw)
        self.put += raws

    def _outcomes(self, served: Mapping[str, bytes], facts: Facts) -> Iterator[str]:
        shelved = {one["id"] for one in self.desk.json("quarantine", "list")}
        by_sha = {row.raw_sha256: row for row in facts.deliveries}
        for name, raw in served.items():
            row = by_sha[sha_of(raw)]
            if row.outcome != (HOSTILE[name].outcome or row.outcome):
                yield f"{name} is {row.outcome}, not {HOSTILE[name].outcome}"
            if (row.outcome == "quarantined") != (row.id in shelved):
                yield f"{name} is {row.outcome} and stands in quarantine: {row.id in shelved}"

    def _answers(self, served: Mapping[str, bytes], facts: Facts) -> Iterator[str]:
        """Each is decided; what left of them is for the customer of the case, or tells the agent why nothing did."""
        by_sha = {row.raw_sha256: row for row in facts.deliveries}
        self.taken.update(by_sha[sha_of(raw)].reason for raw in served.values())
        for name, raw in served.items():
            row = by_sha[sha_of(raw)]
            if row.outcome == "quarantined" or (row.reason == "agent_mail" and row.case_id != 1):
                yield f"{name} of an agent is {row.outcome} {row.reason} on case {row.case_id}: {row.error}"
        people = {"reply": self.customer, "kept_as_note": AGENT, "partly_done": AGENT}
        for one in facts.outbox:
            if one.kind in people and (one.to, *one.cc) != (people[one.kind],):
                yield f"{one.kind} {one.message_id} is for {one.to} and {one.cc}"

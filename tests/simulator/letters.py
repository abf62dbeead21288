"""The mails of the simulator: as bytes, each with the truth that no daemon knows."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tests.servers.letters import bounce_of, letter

ADDRESS: Final = {
    "support": "support@helpdesk.example",
    "billing": "billing@helpdesk.example",
    "library": "library@helpdesk.example",
}
GROUP: Final = {"support": "default", "billing": "default", "library": "library"}


@dataclass(frozen=True)
class Letter:
    """One mail as its writer meant it, however often and wherever it arrives."""

    number: int
    sender: str
    boxes: tuple[str, ...]
    kind: str = "person"  # or: automatic, forged
    answers: str = ""  # Message-ID of our mail that it answers
    chain: int = 0  # letters of one chain belong together
    raw: bytes = b""

    def again(self, copy: int) -> bytes:
        """The same mail on another way: one more Received line; the third way adds a list's footer."""
        if not copy:
            return self.raw
        body = self.raw + b"-- \r\nlist footer\r\n" if copy % 3 == 0 and b"\r\nMessage-ID:" in self.raw else self.raw
        return b"Received: from relay%d.example by mx.helpdesk.example; x\r\n" % copy + body


@dataclass
class Archive:
    """Who wrote what: from the bytes back to the letter."""

    letters: list[Letter] = field(default_factory=list)
    by_sha256: dict[str, Letter] = field(default_factory=dict)

    def copy_of(self, one: Letter, copy: int) -> bytes:
        """The bytes of one arrival, remembered."""
        raw = one.again(copy)
        self.by_sha256[hashlib.sha256(raw).hexdigest()] = one
        return raw

    def write(self, number: int, sender: str, boxes: tuple[str, ...], date: datetime, **over: str) -> Letter:
        """A letter; `over`: kind, answers (what `Letter` has), no_id, and header lines as tests.servers.letters."""
        mine = {name: over.pop(name, "") for name in ("kind", "answers", "chain", "no_id")}
        to = ", ".join(ADDRESS[box] for box in boxes)
        raw = letter(number, sender=sender, to=to, date=date, **over)
        if mine["no_id"]:
            raw = b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Message-ID:"))
        return self._kept(
            Letter(number, sender, boxes, mine["kind"] or "person", mine["answers"], int(mine["chain"] or 0), raw)
        )

    def bounce(self, number: int, box: str, date: datetime, message_id: str, recipient: str) -> Letter:
        """A delivery report about a mail of ours."""
        raw = bounce_of(message_id, recipient, to=ADDRESS[box], date=date)
        return self._kept(Letter(number, "mailer-daemon@mx.visitor.example", (box,), "automatic", raw=raw))

    def _kept(self, one: Letter) -> Letter:
        self.letters.append(one)
        return one

"""A mail for several mailboxes: each has a copy with lines of its own, and one of them is in memory at a time (R10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from mailcase.lmtp.budget import Load
from mailcase.ports import Arrival

SOURCE: Final = "lmtp"


class Copies:
    """Makes the copy of one mailbox out of the one before; whoever asks for the next lets go of it first."""

    def __init__(self, traces: Mapping[str, bytes], content: bytes, load: Load) -> None:
        """`traces`: mailbox -> lines above its copy; `content`: the mail as handed in; `load`: its room in memory."""
        self._traces = traces
        self._raw = content
        self._made = ""  # the mailbox whose copy `_raw` is; "": it is the content alone
        self._load = load

    @property
    def mailboxes(self) -> Sequence[str]:
        """In the order of their first recipients."""
        return tuple(self._traces)

    def raw(self, mailbox: str) -> bytes:
        """The copy of that mailbox: below its lines the bytes are as they were handed in."""
        if mailbox != self._made:
            above = len(self._traces.get(self._made, b""))
            self._raw = b"".join((self._traces[mailbox], memoryview(self._raw)[above:]))
            self._made = mailbox
            self._load.becomes(len(self._raw))
        return self._raw

    def arrival(self, mailbox: str, now: datetime) -> Arrival:
        """The delivery of that mailbox, a new one each time."""
        return Arrival(mailbox, SOURCE, "", uuid4().hex, None, None, now, self.raw(mailbox))

    def release(self) -> None:
        """No copy is needed any more."""
        self._raw = b""
        self._load.release()

"""Ten mailboxes, one of which gets a flood: how long the others wait, and what the process takes (F20)."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from mailcase.store import tables as t
from tests.servers.desk import Desk
from tests.servers.invariants import Box, message_id
from tests.servers.letters import letter
from tests.servers.prefork import Process

SMALL: Final = tuple(f"small{number}" for number in range(9))
USERS: Final = dict.fromkeys(("user", *SMALL), "pass")
_MIB: Final = 1024
#: For `extra` of a desk: the answers are not what is measured.
FEW_ANSWERS: Final = '[acknowledge]\nper_domain = "5/1h"\n'


@dataclass
class Burst:
    """A desk with a large mailbox ("support") and nine small ones; `put` is by mailbox."""

    desk: Desk
    put: dict[str, list[bytes | str]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)  # seconds a mail of a small mailbox waited for its outcome
    memory: list[int] = field(default_factory=list)  # MiB of the daemon, once a look and at the end
    half: int = 0  # of them, that of the first look at which no more than half was left
    trickled: int = 0  # how often one mail came into each small mailbox while the flood was worked on
    overtaken: int = 0  # how many of the flood were behind such a mail, at most
    looked: Callable[[], object] = lambda: None  # called after each look
    _numbers: "count[int]" = field(default_factory=count)
    _waiting: dict[str, float] = field(default_factory=dict)  # Message-ID -> when it came

    def __post_init__(self) -> None:
        text = self.desk.config.read_text()
        one = text[text.index("[[mailbox]]") :]
        for name in SMALL:
            own = one.replace('"support"', f'"{name}"').replace("support@", f"{name}@")
            text += own.replace('user = "user"', f'user = "{name}"')
        self.desk.config.write_text(text)
        self.put = {name: [] for name in ("support", *SMALL)}

    def flood(self, mails: int) -> None:
        """So many into the large mailbox."""
        for _ in range(mails):
            self._arrive("support")

    def trickle(self) -> None:
        """One into each small mailbox."""
        for name in SMALL:
            self._waiting[self._arrive(name)] = time.monotonic()

    def found_again(self) -> None:
        """After an interruption: what was put is what lies in the mailboxes; nobody knows how long mails waited."""
        for name in self.put:
            there = self.desk.dovecot.mails("user" if name == "support" else name)
            self.put[name] = list(dict.fromkeys([*self.put[name], *map(message_id, there)]))
        self._numbers = count(sum(map(len, self.put.values())))

    def _arrive(self, name: str) -> str:
        number = next(self._numbers)
        self.desk.dovecot.put("user" if name == "support" else name, letter(number, to=f"{name}@helpdesk.example"))
        self.put[name].append(f"<m{number}@visitor.example>")
        return f"<m{number}@visitor.example>"

    def watch(self, daemon: Process, *, every: float, mails: int, seconds: float) -> int:
        """Until all is decided; `mails` small ones on the way in all. Returns how many of the flood were behind them.

        Raises AssertionError at the deadline or if the daemon ends.
        """
        deadline = time.monotonic() + seconds
        half = sum(map(len, self.put.values())) // 2
        while (left := self._undecided()) or self.trickled < mails:
            assert daemon.poll() is None, "the daemon ended"
            assert time.monotonic() < deadline, f"{left} undecided, {len(self._waiting)} of small mailboxes"
            self._weigh(daemon, half_done=left <= half)
            if not self._waiting:
                self.overtaken = max(self.overtaken, left)
                if self.trickled < mails and left:
                    self.trickle()
                self.trickled += 1
            self.looked()
            select.select([], [], [], every)
        self._weigh(daemon, half_done=True)
        return self.overtaken

    def _weigh(self, daemon: Process, *, half_done: bool) -> None:
        self.memory.append(_resident(daemon.pid))
        if half_done:
            self.half = self.half or self.memory[-1]

    def _undecided(self) -> int:
        """How many mails have no outcome yet; notes how long the decided ones of small mailboxes waited."""
        columns = t.delivery.c
        with self._store() as conn:
            done = sa.select(columns.message_id).where(columns.outcome.is_not(None))
            total = conn.execute(sa.select(sa.func.count()).select_from(done.subquery())).scalar_one()
            small = set(conn.execute(done.where(columns.mailbox != "support")).scalars())
        for name in small & self._waiting.keys():
            self.delays.append(time.monotonic() - self._waiting.pop(name))
        return sum(map(len, self.put.values())) - int(total)

    def behind(self) -> int:
        """How many of the flood were decided after the first mail of each small mailbox, as the store tells it."""
        firsts = [self.put[name][0] for name in SMALL]
        done = t.delivery_outcome.join(t.delivery, t.delivery.c.id == t.delivery_outcome.c.delivery_id)
        number, mail = t.delivery_outcome.c.id, t.delivery.c
        last = sa.select(sa.func.max(number)).select_from(done).where(mail.message_id.in_(firsts)).scalar_subquery()
        later = sa.select(sa.func.count()).select_from(done).where(mail.mailbox == "support", number > last)
        with self._store() as conn:
            return int(conn.execute(later).scalar_one())

    def placed(self) -> bool:
        """Whether every answer left or is held by a limit, not only queued."""
        columns = t.outbox.c
        waits = sa.select(columns.id).where(columns.state.in_(("pending", "sending")), columns.reason == "")
        with self._store() as conn:
            return conn.execute(waits.limit(1)).first() is None

    @contextmanager
    def _store(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(f"sqlite:///{self.desk.dir}/mailcase.db")
        try:
            with engine.connect() as conn:
                yield conn
        finally:
            engine.dispose()

    def boxes(self) -> list[Box]:
        """For the checker."""
        shelf = self.desk.dovecot
        return [Box(put, name, shelf, "user" if name == "support" else name) for name, put in self.put.items()]


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:", 1)[1].split(maxsplit=1)[0]) // _MIB

"""How mail comes to three daemons: laid into mailboxes, handed in by LMTP until it is taken, and answered by people."""

import heapq
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parseaddr
from typing import Final

from soak._letters import STAFF, Letter, Letters
from tests.servers.crew import Crew
from tests.servers.scene import header_of
from tests.servers.smtp import Received

_WAYS: Final = 16  # one that waits for a frozen daemon delivers nothing for that long
_THINKS_S: Final = 3.0  # at most, until somebody answers what he got
_LOOK_S: Final = 0.1
_TAKEN: Final = 250


@dataclass
class Post:
    """Delivers mail as an MTA does: what was not taken for certain is handed in again."""

    crew: Crew
    letters: Letters
    mails: int  # that are written without being asked; answers come on top
    seconds: float
    laying: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    by_lmtp: dict[str, list[bytes]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)

    def run(self) -> list[threading.Thread]:
        """Threads that deliver, each every so many mails: one into the mailboxes, the next by LMTP."""
        threads = [threading.Thread(target=self._deliver, args=(one,), daemon=True) for one in range(_WAYS)]
        for one in threads:
            one.start()
        return threads

    def _deliver(self, first: int) -> None:
        began = time.monotonic()
        for number in range(first, self.mails, _WAYS):
            due = began + self.seconds * number / self.mails
            if self.stop.wait(max(0.0, due - time.monotonic())):
                return
            self.bring(self.letters.planned(number), number, lmtp=bool(first % 2))

    def bring(self, one: Letter, number: int, *, lmtp: bool) -> None:
        """Into its mailboxes, for certain."""
        (self._surely if lmtp else self._lay)(one, number)

    def _lay(self, one: Letter, _number: int) -> None:
        """Into the Maildirs, as an MTA's own delivery agent does; file names are counted by one thread at a time."""
        with self.laying:
            for box in one.boxes:
                self.crew.write(box, one.raw)
            self.taken["laid"] += 1

    def _surely(self, one: Letter, number: int) -> None:
        while not self.stop.is_set():
            try:
                self._lmtp(one, number)
            except (OSError, smtplib.SMTPException):
                self.taken["again"] += 1
                time.sleep(0.2)
                number += 1  # another daemon
            else:
                return

    def _lmtp(self, one: Letter, number: int) -> None:
        """All recipients in one transaction, each with a reply of its own; where one is refused all is handed in again.

        Raises:
            OSError, SMTPException: it was not taken for certain.
        """
        port = self.crew.lmtp[number % len(self.crew.lmtp)]
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            refused = client.sendmail("c@visitor.example", [f"{box}@helpdesk.example" for box in one.boxes], one.raw)
            replies = [client.getreply()[0] for _ in one.boxes[1:]]  # smtplib reads one
        if refused or any(code != _TAKEN for code in replies):
            raise smtplib.SMTPRecipientsRefused(refused)
        with self.laying:
            for box in one.boxes:
                self.by_lmtp.setdefault(box, []).append(one.raw)
            self.taken["lmtp"] += 1


@dataclass
class People:
    """Customers and agents: each looks at what he was sent, and some of them answer, at once or a moment later."""

    post: Post
    chance: random.Random
    seen: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    _due: list[tuple[float, int, Letter]] = field(default_factory=list)

    stopped: str = ""  # what ended them before the time

    def run(self, until: Callable[[], bool]) -> threading.Thread:
        """A thread that reads and answers until then, and ends when each answer is delivered."""
        thread = threading.Thread(target=self._work, args=(until,), daemon=True)
        thread.start()
        return thread

    def wrong(self) -> list[str]:
        """What they should have done and did not: without answers everything else would hold all the same."""
        idle = [who for who in ("customer", "agent") if not self.answered[who]]
        return [*([self.stopped] if self.stopped else []), *(f"no {who} answered anything" for who in idle)]

    def _work(self, until: Callable[[], bool]) -> None:
        try:
            self._live(until)
        except Exception as error:  # whatever it is, the run must not end as if all had been answered
            self.stopped = f"the people stopped at mail {self.seen}: {type(error).__name__}: {error}"

    def _live(self, until: Callable[[], bool]) -> None:
        while not (self.post.stop.is_set() or (until() and not self._due)):
            over = until()
            for mail in self.post.crew.sink.mails[self.seen :]:
                self.seen += 1
                if not over:
                    self._read(mail)
            while self._due and self._due[0][0] <= time.monotonic():
                _, number, one = heapq.heappop(self._due)
                self.post.bring(one, number, lmtp=bool(number % 2))
            time.sleep(_LOOK_S)

    def _read(self, mail: Received) -> None:
        header = header_of(mail.data)
        who = "agent" if mail.recipients[0].endswith(f"@{STAFF}") else "customer"
        one = self._agent(header, mail) if who == "agent" else self._customer(header)
        if one is not None:
            self.answered[who] += 1
            heapq.heappush(self._due, (time.monotonic() + self.chance.uniform(0, _THINKS_S), self.seen, one))

    def _customer(self, header: Message) -> Letter | None:
        return self.post.letters.answer(
            str(header["In-Reply-To"] or ""), str(header["Message-ID"]), _from(header), str(header["Subject"])
        )

    def _agent(self, header: Message, mail: Received) -> Letter | None:
        return self.post.letters.work(
            mail.recipients[0], str(header["Message-ID"]), _from(header), str(header["Subject"])
        )


def _from(header: Message) -> str:
    return parseaddr(str(header["From"]))[1]

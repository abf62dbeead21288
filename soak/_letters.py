"""What people write to three daemons, and what must come of it: threads by their case, known to the writer alone."""

import random
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.servers.letters import letter

DOMAIN: Final = "helpdesk.example"
STAFF: Final = "staff.example"
SHARED: Final = (("box00", "box01"), ("box02", "box03"), ("box04", "box05"), ("box06", "box07"), ("box08", "box09"))
MOVED: Final = ("box06", "box07")  # after = "move:Done"
STAFFED: Final = ("box08", "box09")  # their cases go to agents in turn
APART: Final = ("box10", "box11")  # each a group of its own
GROUP: Final = {box: boxes[0] for boxes in SHARED for box in boxes} | {box: box for box in APART}
AGENTS: Final = tuple(f"agent{number:02}@{STAFF}" for number in range(20))
BODY: Final = "line of text\r\n" * 40
#: How often what is written; "reply" to an earlier mail by its Message-ID, the others are first mails.
KINDS: Final = {"new": 53, "reply": 17, "two of a group": 12, "two groups": 6, "staffed": 12}
_BACK: Final = 300  # mails: how far back a reply goes; the newest of them have not been delivered yet
_ANSWERS: Final = 0.25  # of those who get an acknowledgement


@dataclass
class Thread:
    """One case of a group, as the people see it: who writes, and the Message-IDs that must be on it."""

    group: str
    sender: str
    mails: list[str] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)  # of them: those whose acknowledgement somebody answered
    agent: list[tuple[str, str]] = field(default_factory=list)  # an agent's answer: its Message-ID, and its words


@dataclass(frozen=True)
class Letter:
    """A mail, and the mailboxes that it is delivered to."""

    raw: bytes
    boxes: tuple[str, ...]


class Letters:
    """Writes; safe for many threads. The same seed writes the same mails, but for the answers to what arrives."""

    def __init__(self, seed: int) -> None:
        self.threads: list[Thread] = []
        self._seed = seed
        self._of: dict[tuple[str, str], Thread] = {}  # Message-ID, group
        self._roots: dict[int, tuple[Thread, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def planned(self, number: int) -> Letter:
        """The mail of that number: a customer's first one, or his next one on an earlier thread."""
        chance = random.Random(self._seed * 1_000_003 + number)
        (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
        with self._lock:
            if kind == "reply" and (known := self._earlier(number, chance)):
                thread, boxes = known
                ids = {"In_Reply_To": thread.mails[-1], "References": " ".join(thread.mails)}
                return self._write(thread, str(number), (chance.choice(boxes),), **ids)
            return self._first(number, kind, chance)

    def _earlier(self, number: int, chance: random.Random) -> tuple[Thread, tuple[str, ...]] | None:
        near = [self._roots[one] for one in range(max(0, number - _BACK), number) if one in self._roots]
        return chance.choice(near) if near else None

    def _first(self, number: int, kind: str, chance: random.Random) -> Letter:
        boxes: tuple[str, ...]
        match kind:
            case "two of a group":
                boxes = chance.choice(SHARED[:-1])
            case "two groups":
                boxes = APART
            case "staffed":
                boxes = (chance.choice(STAFFED),)
            case _:
                boxes = (chance.choice([*GROUP.keys() - set(STAFFED)]),)
        sender = f"c{number}@visitor.example"
        made = [Thread(group, sender) for group in dict.fromkeys(GROUP[box] for box in boxes)]
        self.threads += made
        if len(made) == 1:
            self._roots[number] = (made[0], tuple(box for box in GROUP if GROUP[box] == made[0].group))
        written = [self._write(thread, str(number), boxes) for thread in made]
        return written[0]

    def _write(self, thread: Thread, name: str, boxes: Sequence[str], **more: str) -> Letter:
        """A customer's mail of that name; it must come to the thread's case."""
        own = f"<m{name}@visitor.example>"
        to = ", ".join(f"{box}@{DOMAIN}" for box in boxes)
        subject = more.pop("subject", f"{'Re: ' if more else ''}Problem {name}")
        body = f"Mail {name}\r\n{BODY}"
        more |= {"sender": thread.sender, "to": to, "subject": subject, "body": body, "message_id": own}
        raw = letter(name, **more)  # type: ignore[arg-type]  # texts all
        thread.mails.append(own)
        self._of[own, thread.group] = thread
        return Letter(raw, tuple(boxes))

    # what people write when something has come

    def answer(self, answers: str, own: str, sent_from: str, subject: str) -> Letter | None:
        """The customer's answer to an acknowledgement, as some write one: by its header, or by the case number alone.

        Args:
            answers: In-Reply-To of the acknowledgement.
            own: its Message-ID.
            sent_from: the address that it came from.
            subject: its subject.
        """
        box = sent_from.partition("@")[0]
        with self._lock:
            thread = self._of.get((answers, GROUP.get(box, "")))
            chance = random.Random(f"{self._seed} {answers} {box}")
            if thread is None or answers in thread.answered or chance.random() >= _ANSWERS:
                return None
            thread.answered.add(answers)
            name = f"{answers.strip('<>').partition('@')[0]}.{thread.group}"
            number = re.search(r"\[(SR-\d+)\]", subject)
            if number and chance.random() < 0.5:
                return self._write(thread, name, (box,), subject=f"More about my {number[1]}")
            ids = {"In_Reply_To": own, "References": f"{answers} {own}"}
            return self._write(thread, name, (box,), **ids, subject=f"Re: {subject}")

    def work(self, agent: str, own: str, sent_from: str, subject: str) -> Letter | None:
        """An agent's answer to the first notice of a case; its subject names the mail that made it."""
        box, title = sent_from.partition("@")[0], re.search(r"Problem (\S+)", subject)
        with self._lock:
            thread = self._of.get((f"<m{title[1]}@visitor.example>", GROUP.get(box, ""))) if title else None
            if thread is None or thread.agent:
                return None
            name = f"a{len(self._of)}-{title[1] if title else ''}"
            words, mine = f"Turn it off and on again, then say {name}.", f"<{name}@{STAFF}>"
            body = f"#start\r\n{words}" if len(self._of) % 2 else words
            thread.agent.append((mine, words))
            raw = letter(
                name, sender=agent, to=sent_from, subject=f"Re: {subject}", body=body, message_id=mine, In_Reply_To=own
            )
            return Letter(raw, (box,))

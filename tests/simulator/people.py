"""What happens to the daemons from outside, by chance: customers, robots, forgers, agents, servers, clocks."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from mailcase.cases.statuses import StatusTable
from tests.simulator.letters import GROUP, Letter
from tests.simulator.servers import FAILURES, Held

if TYPE_CHECKING:
    from tests.simulator.world import World

_JUMPS: Final = (timedelta(minutes=7), timedelta(hours=3), timedelta(days=1), timedelta(days=-1), timedelta(days=3650))


class People:
    """Makes one event of chance after another."""

    def __init__(self, world: "World", chance: Random) -> None:
        self.world, self.chance = world, chance
        self.written = 0
        self.held_back: list[Letter] = []  # parents that arrive after their children

    def act(self) -> str:
        """One event; what it was."""
        events, weights = zip(*EVENTS, strict=True)
        event: Callable[[People], None] = self.chance.choices(events, weights)[0]
        event(self)
        return event.__name__

    def mood(self) -> str:
        """What the relay does with a mail."""
        return self.chance.choice(sorted(FAILURES)) if self.chance.random() < 0.15 else ""

    # --- customers ---

    def new(self, **over: str) -> Letter:
        """Somebody writes, to one mailbox or to several."""
        boxes = tuple(self.chance.sample(sorted(GROUP), self.chance.choice((1, 1, 1, 2, 3))))
        over.setdefault("no_id", "yes" if self.chance.random() < self.world.plan.no_id else "")
        return self.sent(self.letter(self._customer(), boxes, **over))

    def again(self) -> None:
        """A mail arrives once more: in its mailbox, by another way, through a list."""
        if self.world.archive.letters:
            one = self.chance.choice(self.world.archive.letters)
            self._put(one, self.chance.choice(one.boxes), self.chance.randrange(7))

    def reply(self) -> None:
        """A customer answers an acknowledgement: by header, or by the number in the subject."""
        if (found := self._of_ours()) is None:
            return
        mail, box = found
        thread = {"In_Reply_To": mail.message_id} if self.chance.random() < 0.7 else {}
        subject = f"Re: {mail.subject}"
        self.sent(self.letter(mail.to, (box,), subject=subject, answers=mail.left, **thread))

    def late_parent(self) -> None:
        """A chain of three by two people arrives out of order."""
        sender, other = self._customer(), self._customer()
        box = self.chance.choice(sorted(GROUP))
        first = self.letter(sender, (box,))
        root, chain = f"<m{first.number}@visitor.example>", {"Cc": f"{other}, {sender}", "chain": str(first.number)}
        second = self.letter(other, (box,), subject="Re: chain", In_Reply_To=root, References=root, **chain)
        both = f"{root} <m{second.number}@visitor.example>"
        third = self.letter(sender, (box,), subject="Re: chain", References=both, **chain)
        order = [first, second, third]
        self.chance.shuffle(order)
        for one in order:
            self.sent(one)

    # --- machines and forgers ---

    def away(self) -> None:
        """An out-of-office answers us."""
        if (found := self._of_ours()) is not None:
            mail, box = found
            marks = {"Auto_Submitted": "auto-replied", "In_Reply_To": mail.message_id}
            self.sent(self.letter(mail.to, (box,), kind="automatic", subject="Out of office", **marks))

    def robot(self) -> None:
        """A desk that does not mark its automatic mail answers us."""
        if (found := self._of_ours()) is not None:
            mail, box = found
            self.sent(self.letter(mail.to, (box,), subject=f"Your ticket {self.written} was received"))

    def bounce(self) -> None:
        """Our mail comes back."""
        if (found := self._of_ours()) is not None:
            mail, box = found
            self.written += 1
            made = self.world.archive.bounce(self.written, box, self.world.server_now, mail.message_id, mail.to)
            self.sent(made)

    def forge(self) -> None:
        """A stranger makes up a mark of ours, of a case that there is: without its HMAC it would be believed."""
        running = self.chance.randrange(1, 12)
        if numbers := self.world.case_numbers():
            running = int(numbers[running % len(numbers)].rpartition("-")[2])
        made_up = f"<c{running}.m{'a' * 12}a.{'b' * 16}@mid.helpdesk.example>"
        box = self.chance.choice(sorted(GROUP))
        self.sent(self.letter("mallory@evil.example", (box,), kind="forged", In_Reply_To=made_up))

    def poison(self) -> None:
        """A mail that cannot be read, or that kills who reads it."""
        self.new(kind="poison", X_Poison=self.chance.choice(("kills", "raises")), no_id="")

    # --- agents and their mail programs ---

    def status(self) -> None:
        """An agent sets the status of a case."""
        numbers = self.world.case_numbers()
        if numbers:
            name = self.chance.choice([one.name for one in StatusTable().statuses])
            self.world.ledger.set_status(self.chance.choice(numbers), name)

    def take_away(self) -> None:
        """Somebody deletes a mail on the server."""
        if (found := self._in_inbox()) is not None:
            post, uid = found
            post.taken.add(post.inbox.pop(uid).sha256)

    def bring_back(self) -> None:
        """Somebody moves a mail back into the inbox, or out and in again."""
        box = self.chance.choice(sorted(GROUP))
        post = self.world.posts[box]
        if post.done:
            post.put(post.done.pop(self.chance.randrange(len(post.done))))
        elif post.inbox:
            post.put(post.inbox.pop(self.chance.choice(sorted(post.inbox))))

    def renumber(self) -> None:
        """The server gives the folder another UIDVALIDITY."""
        self.world.posts[self.chance.choice(sorted(GROUP))].renumber()

    # --- machines of ours ---

    def jump(self) -> None:
        """The daemons' clock is set."""
        self.world.now += self.chance.choice(_JUMPS)

    def crash(self) -> None:
        """A process is killed between two steps."""
        if lives := self.world.living():
            self.chance.choice(lives).end()

    def freeze(self) -> None:
        """A process stands still for a while (SIGSTOP); another daemon may take over meanwhile."""
        if lives := [one for one in self.world.living() if not one.gate.frozen]:
            self.world.freeze(self.chance.choice(lives))

    def thaw(self) -> None:
        """It goes on."""
        if lives := [one for one in self.world.living() if one.gate.frozen]:
            self.chance.choice(lives).gate.frozen = False

    def cut(self) -> None:
        """The database ends the session on which a living daemon's claim hangs."""
        if lives := [one for one in self.world.living() if not one.gate.frozen]:
            self.world.cut(self.chance.choice(lives))

    # --- how ---

    def letter(self, sender: str, boxes: tuple[str, ...], **over: str) -> Letter:
        """Written, not yet sent."""
        self.written += 1
        return self.world.archive.write(self.written, sender, boxes, self.world.server_now, **over)

    def sent(self, one: Letter) -> Letter:
        """It arrives in each mailbox that it was sent to."""
        for box in one.boxes:
            self._put(one, box, self.chance.choice((0, 0, 1)))
        return one

    def _put(self, one: Letter, box: str, copy: int) -> None:
        raw = self.world.archive.copy_of(one, copy)
        self.world.posts[box].put(Held(raw, self.world.server_now))
        self.world.arrived.append((box, one, Held(raw, self.world.server_now).sha256))

    def _customer(self) -> str:
        return f"c{self.chance.randrange(4)}@visitor{self.chance.randrange(2)}.example"

    def _of_ours(self) -> "tuple[Ours, str] | None":
        """A mail that the relay took, and the mailbox that sent it."""
        found = self.world.ours()
        return self.chance.choice(found) if found else None

    def _in_inbox(self) -> "tuple[Post, int] | None":
        post = self.world.posts[self.chance.choice(sorted(GROUP))]
        return (post, self.chance.choice(sorted(post.inbox))) if post.inbox else None


if TYPE_CHECKING:
    from tests.simulator.servers import Post
    from tests.simulator.world import Ours

EVENTS: Final[tuple[tuple[Callable[[People], object], int], ...]] = (
    (People.new, 8),
    (People.again, 4),
    (People.reply, 5),
    (People.late_parent, 2),
    (People.away, 2),
    (People.robot, 2),
    (People.bounce, 1),
    (People.forge, 1),
    (People.poison, 1),
    (People.status, 4),
    (People.take_away, 1),
    (People.bring_back, 2),
    (People.renumber, 1),
    (People.jump, 1),
    (People.crash, 3),
    (People.freeze, 1),
    (People.cut, 1),
    (People.thaw, 2),
)

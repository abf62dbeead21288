"""Other people's programs that answer whatever comes, and floods of mail: what they write, wave by wave (F34, F35)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from mailcase.ports import Settled
from tests.servers.branch import Branch
from tests.servers.letters import letter
from tests.servers.smtp import Received

MINUTE = timedelta(minutes=1)
BAIT = "BUY-THIS"
_WAVE = 100  # mails between two looks of the drain

#: What a peer desk writes as its n-th answer to a mail of ours: keywords of `letter`.
Write = Callable[[int, EmailMessage], dict[str, str]]


def headers(mail: Received) -> EmailMessage:
    """A mail that left, to be read."""
    return message_from_bytes(mail.data, policy=policy.default)


def unmarked(mail: Received, sender: str) -> bytes:
    """Our mail as a gateway hands it on that strips every mark of automatic mail."""
    head, _, body = mail.data.partition(b"\r\n\r\n")
    lines = message_from_bytes(head + b"\r\n\r\n", policy=policy.compat32)
    for name in {name for name in lines if name.lower().startswith(("x-", "auto-submitted", "precedence"))}:
        del lines[name]
    lines["Return-Path"] = f"<{sender}>"
    return lines.as_bytes(policy=policy.SMTP).rstrip() + b"\r\n\r\n" + body


def as_it_is(mail: Received, _sender: str) -> bytes:
    """Our mail as its receiver's server delivers it."""
    return b"Return-Path: <" + mail.sender.encode() + b">\r\n" + mail.data


# a peer desk that marks nothing


def in_thread(number: int, ours: EmailMessage) -> dict[str, str]:
    """It keeps to the thread."""
    return {"subject": f"Re: {ours['Subject']}", "In_Reply_To": str(ours["Message-ID"]), "body": f"Ticket {number}"}


def by_number(number: int, ours: EmailMessage) -> dict[str, str]:
    """It repeats our subject and knows no threads."""
    return {"subject": f"[Ticket {number}] {ours['Subject']}", "body": f"We have it as {number}."}


def anew(number: int, _ours: EmailMessage) -> dict[str, str]:
    """Nothing ties its answer to our mail."""
    return {"subject": f"[Ticket {number}] We have your mail", "body": f"Your number is {number}."}


class Peer:
    """Another program's desk: it answers whatever comes."""

    def __init__(self, write: Write, sender: str = "desk@peer.example") -> None:
        self.write, self.sender, self.count = write, sender, 0

    def answer(self, mail: Received) -> bytes:
        """Its answer to a mail of ours."""
        self.count += 1
        values = self.write(self.count, headers(mail))
        return letter(f"{self.count}.{self.sender}", sender=self.sender, **values)  # type: ignore[arg-type]  # texts all


async def exchange(desk: Branch, peer: Peer, rounds: int, pause: timedelta) -> list[datetime]:
    """The two for so many rounds; a person there writes anew once an hour. When each of our mails left."""
    left: list[datetime] = []
    for number in range(rounds):
        if (number * pause) % timedelta(hours=1) < pause:
            desk.receive([letter(f"person{number}", sender=peer.sender)])
        mails = await desk.look(pause)
        left += [desk.now] * len(mails)
        desk.receive([peer.answer(mail) for mail in mails])
    return left


def most_within(left: list[datetime], window: timedelta) -> int:
    """The most of these moments that lie within one window."""
    return max((sum(1 for one in left if at <= one < at + window) for at in left), default=0)


# floods


async def one_sender(desk: Branch, mails: int) -> list[Settled]:
    """So many different mails of one sender, a wave a minute."""
    settled: list[Settled] = []
    for start in range(0, mails, _WAVE):
        numbers = range(start, min(start + _WAVE, mails))
        settled += desk.receive([letter(number, sender="eager@visitor.example") for number in numbers])
        await desk.look(MINUTE)
    return settled


async def forged_senders(desk: Branch, mails: int, wave: int) -> None:
    """A mail bomb, so many a minute: what the victims are to read stands in each field that we might repeat."""
    for start in range(0, mails, wave):
        desk.receive([forged(number) for number in range(start, min(start + wave, mails))])
        await desk.look(MINUTE)


def forged(number: int) -> bytes:
    """One of them."""
    who = f"{BAIT} {number} <victim{number}@v{number}.example>"
    return letter(number, subject=f"{BAIT} {number}", body=BAIT, From=who)

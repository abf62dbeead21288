"""Hours of mail that answers mail, and floods of a thousand, by a clock of their own (F34, F35)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from soak.part import Outcome, Work
from tests.servers.branch import Branch
from tests.servers.smtp import SmtpSink
from tests.servers.storms import (
    BAIT,
    MINUTE,
    Peer,
    Write,
    anew,
    by_number,
    exchange,
    forged_senders,
    in_thread,
    most_within,
    one_sender,
)

SAYS: Final = "six simulated hours with each kind of desk that marks nothing, and two floods of a thousand mails"
MINUTES: float = 4.0
COUNTED: Final = True

_HOUR: Final = timedelta(hours=1)
_PER_ADDRESS: Final = 5  # shipped
_TOTAL: Final = 200
_MAILS: Final = 1000
_PEERS: Final[dict[str, Write]] = {"in the thread": in_thread, "by the number": by_number, "anew": anew}
_NEUTRAL: Final = f'[security]\ntrusted_authserv_ids = ["mx.helpdesk.example"]\n[acknowledge]\ntotal = "{_TOTAL}/1h"\n'


def run(work: Work) -> Outcome:
    """Each scenario once; all of them always, for the time is simulated. What was seen is kept."""
    done: dict[str, tuple[bool, str]] = work.kept("done", {})
    for name, scenario in _scenarios().items():
        if name not in done:
            done[name] = asyncio.run(scenario(work.folder / name.replace(" ", "-")))
            work.keep("done", done)
            work.say(done[name][1])
    return Outcome(all(held for held, _ in done.values()), tuple(told for _, told in done.values()))


def _scenarios() -> "dict[str, Callable[[Path], Coroutine[None, None, tuple[bool, str]]]]":
    """What is done, by name: in a folder of its own, it tells whether it held."""
    peers = {name: partial(_peer, name=name, write=write) for name, write in _PEERS.items()}
    return {**peers, "one sender": _one, "forged senders": _forged}


def _branch(folder: Path, sink: SmtpSink, extra: str = "") -> Branch:
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("mailcase.db*"):
        left.unlink()
    return Branch(folder, sink, extra=extra)


async def _peer(folder: Path, name: str, write: Write) -> tuple[bool, str]:
    with SmtpSink() as sink:
        desk = _branch(folder, sink)
        left = await exchange(desk, Peer(write), rounds=6 * 120, pause=MINUTE / 2)
        most = most_within(left, _HOUR)
        desk.close()
    told = f"a peer desk that answers {name}: {len(left)} mails of ours in 6 hours, at most {most} within one"
    return most <= _PER_ADDRESS, told


async def _one(folder: Path) -> tuple[bool, str]:
    with SmtpSink() as sink:
        desk = _branch(folder, sink)
        outcomes = Counter(one.outcome for one in await one_sender(desk, _MAILS))
        answers = len(sink.mails)
        desk.close()
    told = f"{_MAILS} mails of one sender: {outcomes['created']} cases, {answers} answers"
    return outcomes == {"created": _MAILS} and answers == _PER_ADDRESS, told


async def _forged(folder: Path) -> tuple[bool, str]:
    with SmtpSink() as sink:
        desk = _branch(folder, sink, _NEUTRAL)
        await forged_senders(desk, _MAILS, wave=100)
        hours = [len(sink.mails), *[len(await desk.look(_HOUR)) for _ in range(26)]]
        baited = sum(BAIT.encode() in mail.data for mail in sink.mails)
        opened, cases = desk.events.count("breaker_opened"), desk.cases()
        desk.close()
    told = (
        f"{_MAILS} forged senders, limit {_TOTAL} an hour: {cases} cases, at most {max(hours)} answers an hour, "
        f"{baited} of them with a word of the sender's; the breaker opened {opened} times"
    )
    return cases == _MAILS and max(hours) <= _TOTAL and not baited and opened > 0, told

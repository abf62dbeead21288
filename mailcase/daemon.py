"""The daemon: a watcher a mailbox, the drain and the timers in one task group; signals and systemd."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any, Final

from mailcase import sdnotify
from mailcase.clock import utcnow
from mailcase.config import Settings
from mailcase.errors import MailcaseError, Transient
from mailcase.house import House, open_house
from mailcase.intake.watcher import Watcher
from mailcase.log import Event, emit
from mailcase.ports import Journalled
from mailcase.waiting import first_of

RECOVER_EVERY: Final = 5.0  # seconds between looks for undecided mail that nobody works on
STOP_WITHIN: Final = 15.0  # seconds for what is open after SIGTERM; the unit waits longer


async def run(settings: Settings, *, once: bool) -> int:
    """Run until SIGTERM or SIGINT, or for one pass.

    Returns the exit status: 0; 1 if a mailbox could not be read (`once`) or a part of the daemon died.

    Raises:
        ConfigError, Unavailable: see `open_house`.
    """
    async with open_house(settings, sender="mailcase run --once" if once else "mailcase run") as house:
        return await (_once(house) if once else _for_ever(house))


async def _once(house: House) -> int:
    """Every mailbox read to its end, everything decided, everything due sent."""
    await house.recovery.run()
    watchers = _watchers(house, asyncio.Event())
    results = await asyncio.gather(*(one.once() for one in watchers), return_exceptions=True)
    for watcher, error in zip(watchers, results, strict=True):
        if isinstance(error, MailcaseError):
            emit(Event.CONNECTION_LOST, mailbox=watcher.settings.mailbox, error=str(error))
        elif isinstance(error, BaseException):
            raise error
    await house.pipeline.drained()
    await house.drain.once()
    return 1 if any(results) else 0


async def _for_ever(house: House) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [
        *(asyncio.create_task(one.run(), name=f"watcher {one.settings.mailbox}") for one in _watchers(house, stop)),
        asyncio.create_task(house.drain.run(stop), name="drain"),
        asyncio.create_task(_recover(house, stop), name="timer"),
        asyncio.create_task(_alive(stop), name="watchdog"),
    ]
    emit(Event.STARTED, mailboxes=len(house.built.imap), policy=house.policy.hash)
    sdnotify.notify(sdnotify.READY)
    try:
        return await _supervise(tasks, stop)
    finally:
        emit(Event.STOPPED)


async def _supervise(tasks: "Sequence[asyncio.Task[None]]", stop: asyncio.Event) -> int:
    """Wait for the stop; a part that ends by itself stops the process, and systemd starts it again."""
    stopping = asyncio.create_task(stop.wait())
    everything: list[asyncio.Task[Any]] = [stopping, *tasks]
    await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
    died = [] if stop.is_set() else [one for one in tasks if one.done()]
    for task in died:
        emit(Event.TASK_DIED, task=task.get_name(), error=repr(task.exception()))
    emit(Event.STOPPING)
    sdnotify.notify(sdnotify.STOPPING)
    stop.set()
    await asyncio.wait(tasks, timeout=STOP_WITHIN)
    for task in everything:
        if not task.done():
            task.cancel()
    await asyncio.gather(*everything, return_exceptions=True)
    return 1 if died else 0


async def _recover(house: House, stop: asyncio.Event) -> None:
    """Take up undecided mail: what a crash left, what another command put back, what the store refused."""
    while not stop.is_set():
        try:
            await house.recovery.run(lambda: not stop.is_set())
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
        await first_of(RECOVER_EVERY, stop)


async def _alive(stop: asyncio.Event) -> None:
    """Tell systemd's watchdog, from the main loop, that the main loop turns."""
    interval = sdnotify.watchdog_interval()
    while not stop.is_set():
        sdnotify.notify(sdnotify.ALIVE)
        await first_of(interval / 2 if interval else 3600.0, stop)


def _watchers(house: House, stop: asyncio.Event) -> list[Watcher]:
    """A watcher for each mailbox that has an IMAP server; logins are staggered by host."""
    gates: dict[str, asyncio.Semaphore] = {}

    async def submit(journalled: Sequence[Journalled], raws: Sequence[bytes]) -> None:
        await house.pipeline.submit(journalled, raws)

    return [
        Watcher(
            imap,
            house.store,
            house.call,
            submit,
            stop=stop,
            now=utcnow,
            drained=house.pipeline.drained,
            gate=gates.setdefault(imap.host, asyncio.Semaphore(house.settings.intake.connections_per_host)),
        )
        for imap in house.built.imap.values()
    ]

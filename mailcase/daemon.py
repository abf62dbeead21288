"""The daemon: the roster of mailboxes, the drain and the timers in one task group; signals and systemd."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from mailcase import sdnotify
from mailcase.clock import utcnow
from mailcase.config import Settings
from mailcase.errors import ConfigError, Transient
from mailcase.health.watch import Watch
from mailcase.house import House, open_house
from mailcase.lmtp.start import lmtp_server
from mailcase.log import Event, emit
from mailcase.patience import patiently
from mailcase.reloading import Looked, Reloader, look
from mailcase.retention import Retention, keep_for
from mailcase.roster import Roster
from mailcase.sources import Sources
from mailcase.telling import facts_of
from mailcase.waiting import first_of

Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]  # runs until the stop event

RECOVER_EVERY: Final = 5.0  # seconds between looks for undecided mail that nobody works on
AGAIN_AFTER: Final = 60.0  # seconds until a part that failed is started anew
STOP_WITHIN: Final = 20.0  # seconds for what is open after SIGTERM; the unit waits longer
_AT_WORK: Final = (10_000, 10, 10)  # when garbage is looked for: Python's 700 took 2 % of the time of a busy daemon


async def run(settings: Settings, *, once: bool) -> int:
    """Run until SIGTERM or SIGINT, or for one pass.

    Returns the exit status: 0; 1 if a mailbox could not be read (`once`) or a part of the daemon died.

    Raises:
        ConfigError, Unavailable: see `open_house`.
    """
    signals = Signals()
    if not once:
        signals.listen()  # before the store is opened: a stop during a long migration is a stop
    looked = look(settings)
    async with open_house(settings, sender="mailcase run --once" if once else "mailcase run", older=True) as house:
        gc.freeze()  # what the start made lives as long as the process: not looked through again and again
        gc.set_threshold(*_AT_WORK)
        return await (_once(house) if once else _for_ever(house, signals, looked))


@dataclass(frozen=True, slots=True)
class Signals:
    """What the system asks of the daemon."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)  # SIGTERM, SIGINT
    reload: asyncio.Event = field(default_factory=asyncio.Event)  # SIGHUP

    def listen(self) -> None:
        """From now on a signal sets its event and does nothing else."""
        loop = asyncio.get_running_loop()
        for number, event in ((signal.SIGTERM, self.stop), (signal.SIGINT, self.stop), (signal.SIGHUP, self.reload)):
            loop.add_signal_handler(number, event.set)


async def _once(house: House) -> int:
    """Every mailbox read to its end, everything decided, everything due sent; not those that other daemons work."""
    async with house.tenure.visiting():
        await house.recovery.run()
        read = await Roster(house, Sources(house).make).once()
        await house.pipeline.drained()
        await house.drain.once()
    return 0 if read else 1


async def _for_ever(house: House, signals: Signals, looked: Looked) -> int:
    """Every part of the daemon until the stop; the death of one that mail depends on stops the process."""
    stop, sources = signals.stop, Sources(house)
    roster = Roster(house, sources.make)
    await house.tenure.join()
    reloader = Reloader(house, (sources.renew, roster.look_again, house.drain.wake), signals.reload, looked)
    lmtp = lmtp_server(house, paused=roster.asleep, room=house.disk.check)
    watch = Watch(house, lambda: facts_of(house, roster, reloader, lmtp.last_mail if lmtp else {}))
    released = asyncio.Event()
    needed: dict[str, Part] = {
        "roster": roster.run,
        "drain": house.drain.run,
        "timer": partial(_recover, house),
        "watchdog": _alive,
    }
    with watch.listening():
        if lmtp is not None:
            await lmtp.start()
            needed["lmtp"] = lmtp.run
        helpful: dict[str, Part] = {
            "reloader": reloader.run,
            "retention": _retention(house).run,
            "sweep": partial(_sweep, house),
        }
        keeping = asyncio.create_task(house.tenure.run(roster, stop, released), name="tenure keeper")
        needed["tenure"] = partial(_while_it_runs, keeping)
        tasks = [asyncio.create_task(part(stop), name=name) for name, part in needed.items()]
        for name, part in {**helpful, **watch.parts()}.items():
            tasks.append(asyncio.create_task(_kept_up(name, part, stop), name=name))
        emit(Event.STARTED, mailboxes=len(house.policy.mailboxes), policy=house.policy.hash)
        sdnotify.notify(sdnotify.READY)
        try:
            return await _supervise(tasks, stop)
        finally:
            released.set()  # only now: until then the heartbeat holds what is still being settled and sent
            await asyncio.gather(keeping, return_exceptions=True)
            emit(Event.STOPPED)


async def _while_it_runs(task: "asyncio.Task[None]", stop: asyncio.Event) -> None:
    """Until the stop, or until the task died: then so does this, with the same error."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        await task


async def _kept_up(name: str, part: Part, stop: asyncio.Event) -> None:
    """Run a part without which mail goes on all the same; what it did not expect ends it for a minute only."""
    while not stop.is_set():
        try:
            await part(stop)
        except Exception as error:  # whatever it is: mail must not wait for it (P4)
            emit(Event.TASK_DIED, task=name, error=repr(error))
            await first_of(AGAIN_AFTER, stop)
        else:
            await stop.wait()  # what is done early has not died


async def _sweep(house: House, stop: asyncio.Event) -> None:
    """End an erasure that was killed half-way."""
    with suppress(Transient):  # only when it is time to stop
        await patiently(house.call, house.store.sweep_erased, utcnow(), stop=stop)


def _retention(house: House) -> Retention:
    """Of several daemons one is enough."""
    return Retention(
        house.store,
        house.call,
        keep=lambda: keep_for(house.settings.retention.raw) if house.tenure.is_senior else None,
        final=lambda: house.policy.statuses.final_names,
        now=utcnow,
    )


async def _supervise(tasks: "Sequence[asyncio.Task[None]]", stop: asyncio.Event) -> int:
    """Wait for the stop; a part that ends by itself stops the process, and systemd starts it again.

    Raises:
        ConfigError: a part found out that the configuration cannot work (a pooler before the store): exit 78.
    """
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
    for error in (task.exception() for task in died if not task.cancelled()):
        if isinstance(error, ConfigError):
            raise error
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

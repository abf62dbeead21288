"""Builds everything in one place: store, writer thread, parser processes, pipeline, drain."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from mailcase.clock import PROCESS, utcnow
from mailcase.config import Settings
from mailcase.disk import DiskGuard
from mailcase.errors import ConfigError, Transient
from mailcase.intake.reader import Reader
from mailcase.lock import hold
from mailcase.log import Event, emit
from mailcase.outbox.drain import Drain
from mailcase.pipeline import Pipeline
from mailcase.places import private_folder
from mailcase.policy import Policy
from mailcase.policy_build import Built, build, build_for_deciding
from mailcase.reading import read_all
from mailcase.recovery import Recovery
from mailcase.rules import Rules
from mailcase.store.raw.setting import raw_setting
from mailcase.store.store import Store
from mailcase.tenure import Tenure
from mailcase.writer import Writer


@dataclass(slots=True, kw_only=True)
class House:
    """The parts, wired; a reload replaces `rules` and nothing else. Made by `open_house`."""

    owner: str  # this process, in what it writes into the store
    rules: Rules
    store: Store
    call: Writer
    disk: DiskGuard
    pipeline: Pipeline = field(init=False)
    recovery: Recovery = field(init=False)
    drain: Drain = field(init=False)
    tenure: Tenure = field(init=False)

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self.rules.settings

    @property
    def built(self) -> Built:
        """What was made of it."""
        return self.rules.built

    @property
    def policy(self) -> Policy:
        """The part of it that decides."""
        return self.rules.built.policy


@asynccontextmanager
async def open_house(settings: Settings, *, sender: str = "", older: bool = False) -> AsyncIterator[House]:
    """Open everything and close it again in the right order.

    Args:
        settings: the configuration.
        sender: what this process is ("mailcase run") if it works mailboxes or sends: it then holds the lock
            of a SQLite store; "" for commands that only decide or set: they need no server's password.
        older: whether an older SQLite store is migrated; for the daemon alone, which holds the lock.

    Raises:
        ConfigError: something in the configuration is wrong, or the store is newer or older than the program.
        Unavailable: the store cannot be reached, or another process holds it.
    """
    built = build(settings) if sender else build_for_deciding(settings)
    async with AsyncExitStack() as stack:
        private_folder(settings.state_dir)
        if sender and settings.sqlite_file is not None:
            stack.enter_context(hold(settings.state_dir, sender, settings.sqlite_file))
        store = open_store(settings, built.policy, older=older)
        stack.callback(store.close)
        writer = Writer()
        stack.callback(writer.close)
        reader = Reader(workers=settings.intake.workers, task=read_all, killed=_tell_killed)
        stack.push_async_callback(reader.close)
        owner = f"{socket.gethostname()}:{os.getpid()}:{utcnow():%Y%m%dT%H%M%S%f}"
        disk = DiskGuard.of((settings.state_dir, store.raw_folder), settings.intake.disk_low)
        house = House(owner=owner, rules=Rules.of(settings, built), store=store, call=writer, disk=disk)
        _furnish(house, reader)
        stack.push_async_callback(house.tenure.leave)
        stack.push_async_callback(_give_back, house.recovery)
        stack.push_async_callback(house.pipeline.close)
        yield house


def _tell_killed(error: str) -> None:
    emit(Event.PARSER_KILLED, error=error)


async def _give_back(recovery: Recovery) -> None:
    """Attempts that a stop is no reason for; a store that is away counts one too many, and the stop goes on."""
    try:
        await recovery.give_back()
    except Transient as error:
        emit(Event.STORE_BUSY, error=str(error))


def open_store(settings: Settings, policy: Policy, *, older: bool = False) -> Store:
    """The store, with what the configuration says made true in it: accounts, first number, statuses."""
    store = Store.open(
        settings.store.url,
        settings.state_dir,
        raw=raw_setting(settings),
        lease=settings.store.lease,
        older=older,
        migrated=lambda old, new: emit(Event.STORE_MIGRATED, was=old, now=new),
        split=lambda mails, error: emit(Event.BATCH_SPLIT, mails=mails, error=error),
    )
    try:
        adopt(store, settings, policy)
    except BaseException:
        store.close()
        raise
    return store


def adopt(store: Store, settings: Settings, policy: Policy) -> None:
    """Make true in the store what a configuration says of it: accounts and the first number.

    Raises:
        ConfigError: a status that cases have is no longer configured; nothing was changed.
    """
    lost = sorted(name for name in store.used_statuses() if policy.statuses.find(name) is None)
    if lost:
        raise ConfigError(
            f"{settings.file}: [[cases.status]]: cases have the status {lost[0]!r}, which is not configured; "
            "keep it, or name it in `formerly` of the status that it became"
        )
    store.adopt_accounts(policy.cases.accounts)
    store.raise_counter(policy.cases.first_number)


def _furnish(house: House, reader: Reader) -> None:
    """The parts that work on mail; each asks the house for the rules, so that a reload reaches it."""
    house.drain = Drain(
        house.store,
        house.call,
        smtp=lambda: house.built.smtp,
        policy=lambda: house.policy,
        now=utcnow,
        report=report,
        owner=house.owner,
        portion=lambda: house.tenure.sends(),
        lease=house.settings.store.lease,
        judge=lambda: house.rules.bench,
        place=lambda: house.tenure.place,
    )
    house.pipeline = Pipeline(
        house.store, house.call, reader, judge=lambda: house.rules.bench, now=utcnow, queued=house.drain.wake
    )
    house.tenure = Tenure(
        house.store,
        house.owner,
        wants=lambda: house.policy.mailboxes.keys(),
        lease=house.settings.store.lease,
        now=utcnow,
        clock=PROCESS,
        knows=lambda row: house.rules.bench.knows(row.delivery),
        looked=house.drain.wake,
        orphans=house.drain.settle_orphans,
    )
    house.recovery = Recovery(house.pipeline, house.tenure.takes_up)


def report(event: Event, fields: Mapping[str, object]) -> None:
    """Write an event of a part that does not write the log itself."""
    emit(event, **fields)

"""Builds everything in one place: store, writer thread, parser processes, pipeline, drain."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from mailcase.bench import Bench
from mailcase.clock import utcnow
from mailcase.config import Settings
from mailcase.errors import ConfigError
from mailcase.intake.reader import Reader
from mailcase.lock import hold
from mailcase.log import Event, emit
from mailcase.outbox.compose import Composer
from mailcase.outbox.drain import Drain
from mailcase.pipeline import Pipeline
from mailcase.places import private_folder
from mailcase.policy import Policy
from mailcase.policy_build import Built, build, build_for_deciding
from mailcase.recovery import Recovery
from mailcase.store.store import Store
from mailcase.writer import Writer


@dataclass(frozen=True, slots=True)
class House:
    """The parts, wired. Made by `open_house`."""

    settings: Settings
    built: Built
    store: Store
    call: Writer
    pipeline: Pipeline
    recovery: Recovery
    drain: Drain

    @property
    def policy(self) -> Policy:
        """The rules in force."""
        return self.built.policy


@asynccontextmanager
async def open_house(settings: Settings, *, sender: str = "") -> AsyncIterator[House]:
    """Open everything and close it again in the right order.

    Args:
        settings: the configuration.
        sender: what this process is ("mailcase run") if it works mailboxes or sends: it then holds the lock
            of a SQLite store; "" for commands that only decide or set: they need no server's password.

    Raises:
        ConfigError: something in the configuration is wrong, or the store is newer than the program.
        Unavailable: the store cannot be reached, or another process holds it.
    """
    built = build(settings) if sender else build_for_deciding(settings)
    async with AsyncExitStack() as stack:
        private_folder(settings.state_dir)
        if sender and settings.sqlite_file is not None:
            stack.enter_context(hold(settings.state_dir, sender))
        store = open_store(settings, built.policy)
        stack.callback(store.close)
        writer = Writer()
        stack.callback(writer.close)
        reader = Reader(workers=settings.intake.workers, killed=lambda error: emit(Event.PARSER_KILLED, error=error))
        stack.push_async_callback(reader.close)
        pipeline, drain = _parts(built, store, writer, reader)
        recovery = Recovery(pipeline)
        stack.push_async_callback(recovery.give_back)
        stack.push_async_callback(pipeline.close)
        yield House(settings, built, store, writer, pipeline, recovery, drain)


def open_store(settings: Settings, policy: Policy) -> Store:
    """The store, with what the configuration says made true in it: accounts, first number, statuses."""
    store = Store.open(
        settings.store.url,
        settings.state_dir,
        raw=settings.store.raw,
        migrated=lambda old, new: emit(Event.STORE_MIGRATED, was=old, now=new),
        split=lambda mails, error: emit(Event.BATCH_SPLIT, mails=mails, error=error),
    )
    lost = sorted(name for name in store.used_statuses() if policy.statuses.find(name) is None)
    if lost:
        store.close()
        raise ConfigError(
            f"{settings.file}: [[cases.status]]: cases have the status {lost[0]!r}, which is not configured; "
            "keep it, or name it in `formerly` of the status that it became"
        )
    store.adopt_accounts(policy.cases.accounts)
    store.raise_counter(policy.cases.first_number)
    return store


def _parts(built: Built, store: Store, writer: Writer, reader: Reader) -> tuple[Pipeline, Drain]:
    bench = Bench(built.policy, Composer(built.policy, built.templates))
    drain = Drain(
        store,
        writer,
        smtp=lambda: built.smtp,
        policy=lambda: built.policy,
        now=utcnow,
        report=report,
        owner=f"{socket.gethostname()}:{os.getpid()}:{utcnow():%Y%m%dT%H%M%S%f}",
    )
    pipeline = Pipeline(store, writer, reader, judge=lambda: bench, now=utcnow, queued=drain.wake)
    return pipeline, drain


def report(event: Event, fields: Mapping[str, object]) -> None:
    """Write an event of a part that does not write the log itself."""
    emit(event, **fields)

"""pytest fixtures of the IMAP servers; a missing server skips, or fails where servers are required."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest

from mailcase.intake import watcher
from tests.servers.dovecot import Dovecot, ServerMissingError
from tests.servers.imap_help import ONE, TWO
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import ScriptedImap

StartDovecot = Callable[..., Dovecot]


def missing(reason: str) -> None:
    """Skip with the reason, or fail with MAILCASE_REQUIRE_SERVERS=1 (make test, CI)."""
    if os.environ.get("MAILCASE_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _enter(stack: ExitStack, **options: object) -> Dovecot:
    try:
        return stack.enter_context(Dovecot(**options))  # type: ignore[arg-type]  # options are Dovecot's own
    except ServerMissingError as error:
        missing(str(error))
        raise


@pytest.fixture(scope="session")
def shared_dovecot() -> Iterator[Dovecot]:
    """One Dovecot a run with the users u0 … u199 (password "pass"); take a user of your own each test."""
    with ExitStack() as stack:
        yield _enter(stack, users={f"u{number}": "pass" for number in range(200)})


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot of one's own with the user "user" and the password "pass"; may be killed."""
    with ExitStack() as stack:
        yield _enter(stack)


@pytest.fixture
def start_dovecot() -> Iterator[StartDovecot]:
    """Start Dovecots with one's own users= and extra=; all end with the test."""
    with ExitStack() as stack:
        yield lambda **options: _enter(stack, **options)


@pytest.fixture
def journal() -> MemoryJournal:
    """The store's twin."""
    return MemoryJournal()


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedImap]:
    """A scripted server with two mails."""
    async with ScriptedImap({1: ONE, 2: TWO}) as server:
        yield server


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watchers try again at once."""
    monkeypatch.setattr(watcher, "_backoff", lambda _: 0.01)

"""Many mailboxes on one host: never more than so many connections, all of them served, no bad one in the way (P4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from mailcase.intake import gate as gates
from mailcase.intake.gate import Gate
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.watcher import Watcher
from tests.servers.dovecot import Dovecot
from tests.servers.fixtures import StartDovecot
from tests.servers.imap_help import ONE, settings
from tests.servers.imap_source import mail
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until
from tests.servers.scripted_imap import ScriptedImap

MAILBOXES, PERMITS = 50, 8


class Counter:
    """Stands before a server and counts the connections that are open at once."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.open = self.most = self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Counter"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)  # one that was just hung up may still be heard of
        self.open += 1
        self.most = max(self.most, self.open)
        there = await asyncio.open_connection("127.0.0.1", self._server_port)
        ways = [asyncio.create_task(_pump(reader, there[1])), asyncio.create_task(_pump(there[0], writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.open -= 1
        for one in (writer, there[1]):
            one.close()
        await asyncio.gather(*ways)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def mute_server() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in held:
        writer.close()


def box(name: str, port: int, **other: Any) -> ImapSettings:
    usual: dict[str, Any] = {"start": "all", "poll_s": 5, "timeout_s": 60, "password": "pass"} | other
    return ImapSettings(name, "127.0.0.1", name, port=port, security="none", **usual)


def put_one_each(server: Dovecot) -> set[bytes]:
    sent = {f"u{number}": mail(f"to {number}") for number in range(MAILBOXES)}
    for user, raw in sent.items():
        server.put(user, raw)
    return set(sent.values())


@pytest.mark.dovecot
async def test_fifty_mailboxes_share_eight_connections_and_no_bad_one_holds_them_up(
    start_dovecot: StartDovecot, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "APART_S", (0.0, 0.01))  # the test has not the time of a mail server
    users = [f"u{number}" for number in range(MAILBOXES)]
    server, gate, stop = start_dovecot(users=dict.fromkeys(users, "pass")), Gate(PERMITS), asyncio.Event()
    async with Counter(server.port).listening() as counter, mute_server() as mute:
        told = [box(user, counter.port) for user in users]
        bad = [box("u0", counter.port, password="wrong"), box("hangs", mute)]
        watchers = [
            Watcher(one, journal, journal.in_store, journal.submit, stop=stop, gate=gate) for one in (*bad, *told)
        ]
        sent = put_one_each(server)
        tasks = [asyncio.create_task(one.run()) for one in watchers]
        await until(lambda: set(journal.raws) == sent)
        server.put("u7", mail("later"))
        await until(lambda: mail("later") in journal.raws)
        await until(lambda: watchers[0].state.trouble == "login_refused")
        assert watchers[1].state.last_look is None
        assert all(one.state.trouble == "" for one in watchers[2:])
        stop.set()
        await asyncio.gather(*tasks[:1], *tasks[2:])
        tasks[1].cancel()  # hangs in its server's greeting, for a minute
        await asyncio.gather(tasks[1], return_exceptions=True)
        await until(lambda: counter.open == 0)
    assert len(journal.raws) == MAILBOXES + 1
    assert counter.most <= PERMITS


@pytest.mark.dovecot
async def test_one_pass_over_more_mailboxes_than_connections_reads_them_all(
    shared_dovecot: Dovecot, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "APART_S", (0.0, 0.01))
    gate, users = Gate(2), [f"u{number}" for number in range(190, 196)]
    for user in users:
        shared_dovecot.put(user, mail(user))
    async with Counter(shared_dovecot.port).listening() as counter:
        passes = [
            Watcher(box(user, counter.port), journal, journal.in_store, journal.submit, gate=gate) for user in users
        ]
        await asyncio.gather(*(one.once() for one in passes))
    assert sorted(journal.raws) == [mail(user) for user in users]
    assert counter.most <= 2


@pytest.mark.parametrize(("permits", "logins"), [(3, range(3, 4)), (2, range(6, 1000))])
async def test_they_take_turns_only_where_there_are_too_few_connections(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch, permits: int, logins: range
) -> None:
    monkeypatch.setattr(gates, "APART_S", (0.0, 0.0))
    looks = [0, 0, 0]
    async with ScriptedImap({1: ONE}) as server:
        gate, stop = Gate(permits), asyncio.Event()
        watchers = [
            Watcher(settings(server, poll_s=0.05), journal, journal.in_store, journal.submit, stop=stop, gate=gate)
            for _ in looks
        ]
        for number, watcher in enumerate(watchers):

            def counted(number: int = number) -> None:
                looks[number] += 1

            monkeypatch.setattr(watcher._faring, "looked", counted)
        tasks = [asyncio.create_task(one.run()) for one in watchers]
        await until(lambda: min(looks) >= 4)
        stop.set()
        await asyncio.gather(*tasks)
    assert server.count("LOGIN") in logins
    assert server.count("LOGOUT") == server.count("LOGIN")


async def test_one_that_idles_makes_room_at_once_for_one_that_waits(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "APART_S", (0.0, 0.0))
    async with ScriptedImap({1: ONE}) as server:
        gate, stop = Gate(1), asyncio.Event()
        first, second = (
            Watcher(settings(server, poll_s=3600), journal, journal.in_store, journal.submit, stop=stop, gate=gate)
            for _ in range(2)
        )
        tasks = [asyncio.create_task(first.run())]
        await until(lambda: server.count("IDLE") == 1)
        tasks.append(asyncio.create_task(second.run()))
        await until(lambda: second.state.last_look is not None)
        await until(lambda: server.count("IDLE") == 2)
        assert first.state.connected  # it will be again, in its turn
        stop.set()
        await asyncio.gather(*tasks)
    assert (server.count("LOGIN"), server.count("LOGOUT")) == (2, 2)

"""The daemon's own look through its store: what it sees, what waits for it, how it is ended; late mail is counted."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from structlog.testing import capture_logs

from mailcase.errors import Unavailable
from mailcase.health.auditor import Auditor
from mailcase.health.digest import Digest
from mailcase.health.proof import FLAG, STUCK_AFTER, proof_of
from mailcase.health.pulse import Pulse
from mailcase.store import audit
from mailcase.store.ending import Ending
from mailcase.store.store import Store
from tests.contract.findings_kit import stored_twice
from tests.contract.store_kit import LATER, NOW, Desk, arrival, journalled, mail

SOON: Final = 30.0  # seconds until something that must happen has happened
#: Far longer than anybody waits, and not for ever where nothing ends it.
ENDLESS: Final = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5e7) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


@contextmanager
def looking(store: Store, ending: Ending) -> Iterator["Future[Any]"]:
    """A look in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(store.look_through, NOW, STUCK_AFTER, 0, ending)


def test_it_sees_what_the_audit_sees_and_counts_what_came_since_the_look_before(desk: Desk) -> None:
    store = desk.store
    assert store.look_through(NOW, STUCK_AFTER, 0, Ending()) == ([], 0, 0)
    desk.receive(mail("a"), mail("b"))
    assert store.look_through(LATER, STUCK_AFTER, 0, Ending()) == ([], 2, 2)
    desk.receive(mail("c"))
    with store._engines.write() as conn:
        stored_twice()(conn)
    found, mails, newest = store.look_through(LATER, STUCK_AFTER, 2, Ending())
    assert (mails, newest) == (1, 3)
    assert found == store.findings(LATER, STUCK_AFTER)
    assert [one.word for one in found] == ["mail_twice"]


def test_what_it_found_is_among_the_numbers_of_every_daemon(store: Store) -> None:
    assert store.health_numbers().proof is None
    proof = proof_of([], NOW, 0.4, 35, 99, None)
    store.set_flag(FLAG, proof.to_text())
    assert store.health_numbers().proof == store.health_told(NOW).numbers.proof == proof
    store.set_flag(FLAG, "of another version")
    assert store.health_numbers().proof is None


def test_mail_is_journalled_while_it_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    there, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> list[object]:
        there.set()
        assert go_on.wait(SOON)
        return []

    monkeypatch.setattr(audit, "found_in", slow)
    with looking(store, Ending()) as look:
        assert there.wait(SOON)
        rows = journalled(store, 2)
        go_on.set()
        assert look.result(SOON) == ([], 0, 0)
    assert [row.new for row in rows] == [True, True]


def test_it_ends_when_it_is_told_to_and_the_store_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(conn: Connection, *_: object) -> None:
        begun.set()
        conn.execute(sa.text(ENDLESS[conn.dialect.name]))

    monkeypatch.setattr(audit, "found_in", endless)
    ending = Ending()
    with looking(store, ending) as look:
        assert begun.wait(SOON)
        for _ in range(round(SOON / 0.05)):
            ending.end()  # before the statement itself has begun it hits nothing
            if wait((look,), 0.05).done:
                break
        with pytest.raises(Unavailable):
            look.result(0)
    with pytest.raises(Unavailable, match="the look was ended"):
        store.look_through(NOW, STUCK_AFTER, 0, ending)
    monkeypatch.undo()
    assert store.look_through(NOW, STUCK_AFTER, 0, Ending()) == ([], 0, 0)


async def test_a_stop_does_not_wait_for_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stop = threading.Event(), asyncio.Event()

    def endless(conn: Connection, *_: object) -> None:
        begun.set()
        conn.execute(sa.text(ENDLESS[conn.dialect.name]))

    async def call(work: Any, *args: Any) -> Any:
        return work(*args)

    monkeypatch.setattr(audit, "found_in", endless)
    auditor = Auditor(store, call, Pulse("host", lambda: timedelta(minutes=5), NOW), lambda: True, lambda: NOW)
    with capture_logs() as logs:
        looking = asyncio.create_task(auditor.look(stop))
        assert await asyncio.to_thread(begun.wait, SOON)
        stop.set()
        await looking
    assert store.get_flag(FLAG) is None
    assert not logs  # a stop is no trouble of the store


def test_what_came_late_is_counted_once_until_a_digest_told_of_it(store: Store) -> None:
    def late() -> int:
        found: Digest = store.digest(NOW - timedelta(hours=1), NOW)
        return found.late

    store.journal([arrival("1:1"), arrival("1:3")], None)
    assert late() == 0
    for _ in range(2):  # the second time their keys are known
        store.journal([arrival("1:2", late=True), arrival("1:4", late=True), arrival("1:5")], None)
        assert late() == 2
    store.journal([arrival("1:6", late=True)], None)
    assert not store.queue_digest("another", "2026-11-03 …", [], NOW, 2)
    assert late() == 3
    assert store.queue_digest(None, "2026-11-03 …", [], NOW, 2)
    assert late() == 1  # it came while the digest was written

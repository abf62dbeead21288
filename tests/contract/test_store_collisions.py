"""Deadlocks, serialization failures, ended sessions, long locks on PostgreSQL: tried again, nothing halved (F25)."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from mailcase.errors import StoreFull, Unavailable
from mailcase.message import Wish
from mailcase.ports import ROW_HELD, Reading
from mailcase.store import tables as t
from mailcase.store.again import Collided, Locked
from mailcase.store.store import Store
from tests.contract.store_kit import LATER, NOW, Clerk, arrival, journalled, mail, rows
from tests.contract.tenure_kit import SOON, Server, Slow
from tests.servers.ports import wait_until

pytestmark = pytest.mark.postgres
CASE_TABLES = (t.case, t.message, t.outbox, t.case_event, t.contact, t.case_message)
WRITING = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"


@pytest.fixture
def splits() -> list[int]:
    return []


@pytest.fixture
def store(shared_url: str, tmp_path: Path, splits: list[int]) -> Iterator[Store]:
    """It waits a tenth of a second for a lock."""
    url = f"{shared_url}?options=-c%20lock_timeout%3D100"
    opened = Store.open(url, tmp_path, split=lambda mails, _: splits.append(mails))
    yield opened
    opened.close()


def readings(store: Store, *names: str) -> list[Reading]:
    pairs = zip(journalled(store, len(names)), names, strict=True)
    return [Reading(row.delivery, mail(name, sender=f"{name}@x.example")) for row, name in pairs]


def counts(store: Store) -> list[int]:
    return [rows(store, table) for table in CASE_TABLES]


def whole(cases: int) -> list[int]:
    """So many new cases, each with its mail and our answer; no row too many."""
    return [cases, 2 * cases, cases, cases, cases, 2 * cases]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"], ids=["serialization failure", "deadlock"])
class TestCollided:
    """PostgreSQL took the transaction back: it is tried again at once."""

    def test_a_batch_goes_one_by_one_and_every_mail_is_decided_once(
        self, store: Store, server: Server, splits: list[int], sqlstate: str
    ) -> None:
        work = readings(store, "a", "b", "c")
        server.refuse("case", sqlstate, 2)
        settled = store.settle(work, Clerk(), NOW)
        assert [(one.outcome, one.error) for one in settled] == [("created", "")] * 3
        assert (splits, counts(store)) == ([3], whole(3))

    def test_the_journal_is_written(self, store: Store, server: Server, sqlstate: str) -> None:
        server.refuse("delivery", sqlstate, 2)
        assert [row.new for row in journalled(store, 3)] == [True] * 3
        assert (rows(store, t.raw), rows(store, t.delivery)) == (1, 3)

    def test_it_is_not_tried_for_ever(self, store: Store, server: Server, sqlstate: str) -> None:
        server.refuse("delivery", sqlstate, 1000)
        with pytest.raises(Collided):
            journalled(store)
        assert server.ask("SELECT last_value FROM refused_delivery") == [(5,)]
        assert (rows(store, t.raw), rows(store, t.delivery)) == (0, 0)


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [("53100", StoreFull), ("53200", Locked), ("53400", Locked)],
    ids=["disk full", "out of memory", "configuration limit"],
)
class TestNoRoom:
    """The server has no room for anybody (F26): intake waits, no mail is blamed, nothing is halved."""

    def test_no_mail_is_decided_or_given_up(
        self, store: Store, server: Server, splits: list[int], sqlstate: str, kind: type[Unavailable]
    ) -> None:
        work, tries = readings(store, "a", "b"), 1 if kind is StoreFull else 2  # a full disk is not tried one by one
        server.refuse("case", sqlstate, tries)
        with pytest.raises(kind):
            store.settle(work, Clerk(), NOW)
        assert (len(splits), counts(store), len(store.undecided(9))) == (tries - 1, [0] * 6, 2)
        assert [(one.outcome, one.error) for one in store.settle(work, Clerk(), NOW)] == [("created", "")] * 2
        assert counts(store) == whole(2)

    def test_no_mail_is_journalled_by_halves(
        self, store: Store, server: Server, sqlstate: str, kind: type[Unavailable]
    ) -> None:
        server.refuse("delivery", sqlstate, 1)
        with pytest.raises(kind):
            journalled(store, 3)
        assert (rows(store, t.raw), rows(store, t.delivery)) == (0, 0)
        assert [row.new for row in journalled(store, 3)] == [True] * 3


@pytest.mark.parametrize("sqlstate", ["57P01", "57P02", "57P03"], ids=["shutdown", "crash", "not ready yet"])
def test_a_server_that_goes_down_is_asked_again(store: Store, server: Server, splits: list[int], sqlstate: str) -> None:
    work = readings(store, "a", "b")
    server.refuse("case", sqlstate, 2)
    assert [(one.outcome, one.error) for one in store.settle(work, Clerk(), NOW)] == [("created", "")] * 2
    assert (splits, counts(store)) == ([2], whole(2))


def writer_of(server: Server) -> int:
    """The session that is in a transaction and waits for us."""
    (found,) = server.ask(WRITING)
    return int(found[0])


def rival(server: Server, delivery: int, waits: threading.Event) -> None:
    """Another program that has the case and wants the delivery; it gives way only when it got both."""
    with psycopg.connect(server.url.replace("+psycopg", "")) as conn:
        conn.execute("SET deadlock_timeout = '60s'")
        conn.execute('SELECT 1 FROM "case" FOR UPDATE')
        waits.set()
        conn.execute("SELECT 1 FROM delivery WHERE id = %s FOR UPDATE", (delivery,))


def test_a_real_deadlock_is_met_and_the_mail_is_decided_once(shared_url: str, server: Server, tmp_path: Path) -> None:
    splits: list[str] = []
    jobs: list[Future[None]] = []

    def split(_mails: int, error: str) -> None:
        splits.append(error)
        jobs[0].result(SOON)  # he has both: else we would take the delivery again before he is awake

    store = Store.open(f"{shared_url}?options=-c%20deadlock_timeout%3D50", tmp_path, split=split)
    (first,) = store.settle(readings(store, "a"), Clerk(), NOW)
    store.set_case("SR-1", NOW, "kim", status="Resolved")
    (row,) = store.journal([arrival("1:2")], None)
    stuck = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    waits = threading.Event()
    with ThreadPoolExecutor(1) as pool:

        def meanwhile() -> None:
            jobs.append(pool.submit(rival, server, row.delivery.id, waits))
            waits.wait(SOON)
            wait_until(lambda: bool(server.ask(stuck)), SOON, "nobody waits")

        (second,) = store.settle([Reading(row.delivery, mail("b", "a"))], Slow(meanwhile), LATER)
    store.close()
    assert (first.outcome, second.outcome, second.error, second.case) == ("created", "reopened", "", "SR-1")
    assert len(splits) == 1
    assert "deadlock" in splits[0]


def test_a_session_that_is_terminated_in_mid_transaction_leaves_nothing_and_the_mail_is_decided_once(
    store: Store, server: Server, splits: list[int]
) -> None:
    work = readings(store, "a", "b")
    settled = store.settle(work, Slow(lambda: server.end(writer_of(server))), NOW)
    assert [(one.outcome, one.error) for one in settled] == [("created", "")] * 2
    assert (splits, counts(store)) == ([2], whole(2))


def test_a_mail_whose_session_ends_each_time_is_told_as_transient_and_stays_undecided(
    store: Store, server: Server
) -> None:
    class Fatal(Clerk):
        def look(self, *args: Any) -> Any:
            server.end(writer_of(server))
            return super().look(*args)

    work = readings(store, "a")
    (settled,) = store.settle(work, Fatal(), NOW)
    assert (settled.outcome, settled.transient, bool(settled.error)) == ("", True, True)
    assert (counts(store), len(store.undecided(9))) == ([0] * 6, 1)
    assert store.settle(work, Clerk(), NOW)[0].outcome == "created"


def test_a_journal_whose_session_ends_stores_nothing_and_can_be_repeated(store: Store, server: Server) -> None:
    server.end_at("delivery")
    with pytest.raises(Unavailable):
        journalled(store, 3)
    assert (rows(store, t.raw), rows(store, t.delivery)) == (0, 0)
    assert [row.new for row in journalled(store, 3)] == [True] * 3


def test_a_lock_that_lasts_is_the_stores_trouble_and_no_mails(store: Store, server: Server, splits: list[int]) -> None:
    work = readings(store, "a", "b")
    with psycopg.connect(server.url.replace("+psycopg", "")) as other:
        other.execute('LOCK TABLE "case" IN EXCLUSIVE MODE')
        with pytest.raises(Locked):
            store.settle(work, Clerk(), NOW)
    assert (splits, counts(store)) == ([2], [0] * 6)
    assert [one.outcome for one in store.settle(work, Clerk(), NOW)] == ["created"] * 2


def test_a_mail_that_needs_a_row_which_somebody_holds_is_left_and_the_others_go_on(
    store: Store, server: Server
) -> None:
    """An open transaction of an administrator, for hours perhaps."""
    store.settle(readings(store, "a"), Clerk(), NOW)
    store.set_case("SR-1", NOW, "kim", status="Resolved")
    first, second, third = journalled(store, 3, 2)
    work = [
        Reading(first.delivery, mail("b", "a")),
        Reading(second.delivery, mail("c")),
        Reading(third.delivery, mail("d")),
    ]
    with psycopg.connect(server.url.replace("+psycopg", "")) as other:
        other.execute('SELECT 1 FROM "case" FOR UPDATE')
        held, *others = store.settle(work, Clerk(), LATER)
        assert [one.outcome for one in others] == ["created"] * 2
        assert (held.outcome, held.reason, held.transient) == ("", ROW_HELD, True)
        assert store.settle(work[:1], Clerk(), LATER)[0].reason == ROW_HELD, "alone it is left as well"
        wanted = replace(first.delivery, wish=Wish(accept=True))
        with pytest.raises(Locked):
            store.settle([Reading(wanted, mail("b", "a"))], Clerk(), LATER)
        assert [row.delivery.id for row in store.undecided(9)] == [first.delivery.id]
    assert [one.outcome for one in store.settle(work, Clerk(), LATER)] == ["reopened", "created", "created"]


def test_while_a_row_is_held_no_later_batch_waits_for_it_at_length(store: Store, server: Server) -> None:
    """Recovery asks for its mail every five seconds, and new mail of other cases rides along."""
    store.settle(readings(store, "a"), Clerk(), NOW)
    store.set_case("SR-1", NOW, "kim", status="Resolved")
    first, second = journalled(store, 2, 2)
    said: list[str] = []
    sa.event.listen(store._engines.writer, "before_cursor_execute", lambda *args: said.append(args[2]))
    with psycopg.connect(server.url.replace("+psycopg", "")) as other:
        other.execute('SELECT 1 FROM "case" FOR UPDATE')
        assert store.settle([Reading(first.delivery, mail("b", "a"))], Clerk(), LATER)[0].reason == ROW_HELD
        assert "lock_timeout" not in said[0], "as long as the session says, where nothing is known of it yet"
        said.clear()
        assert store.settle([Reading(second.delivery, mail("c"))], Clerk(), LATER)[0].outcome == "created"
        assert "lock_timeout" in said[0]


def test_a_server_that_takes_no_writes_for_a_while_is_no_mails_fault(store: Store, server: Server) -> None:
    """As after a failover to a standby, or while a managed server has too little room."""
    work = readings(store, "a", "b")
    allow = "-c default_transaction_read_only=off"
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True, options=allow) as other:
        name = other.info.dbname
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        store._engines.writer.dispose()
        with pytest.raises(Locked, match="read-only"):
            store.settle(work, Clerk(), NOW)
        other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    store._engines.writer.dispose()
    assert [one.outcome for one in store.settle(work, Clerk(), NOW)] == ["created"] * 2


def test_a_server_that_may_forget_commits_is_not_taken_at_that(store: Store, server: Server) -> None:
    name = server.ask("SELECT current_database()")[0][0]
    server.ask(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store._engines.writer.dispose()
    with store._engines.write() as conn:
        assert conn.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"

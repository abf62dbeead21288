"""Several daemons on one PostgreSQL: a mailbox is one's at a time, and who lost it writes nothing more (F17)."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import ConfigError, Fenced, TenureLost, Unavailable
from mailcase.message import Wish
from mailcase.ports import Cursor
from mailcase.store import tables as t
from mailcase.store.engine import presence_free
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, Clerk, arrival, rows
from tests.contract.tenure_kit import LEASE, SOON, Daemon, Server, Slow, as_reading, daemons, sooner, taken_over
from tests.servers.ports import wait_until

pytestmark = pytest.mark.postgres


def cursor(**over: object) -> Cursor:
    plain = Cursor("imap:host:user", "INBOX", "support", 1, 1, 1, None, "new")
    return replace(plain, **over)  # type: ignore[arg-type]  # its own fields


def test_everybody_sees_who_is_there_and_who_holds_what(crew: list[Daemon]) -> None:
    one, two = crew
    assert one.take("support") == {"support"}
    standing = two.store.tenure_look(["support"])
    assert standing.members == {"one": frozenset({"support", "sales"}), "two": frozenset({"support"})}
    assert (standing.holders, standing.last) == ({"support": "one"}, {"support": "one"})


def test_one_that_freezes_behind_a_write_of_many_rows_loses_its_transaction(shared_url: str, tmp_path: Path) -> None:
    store = Store.open(shared_url, tmp_path, lease=timedelta(seconds=6))
    with closing(store), store._engines.writer.connect() as conn:
        conn.execute(sa.insert(t.flag), [{"name": name, "value": ""} for name in "abc"])
        session: Any = conn.connection.dbapi_connection
        here, server = "SELECT 1 FROM pg_stat_activity WHERE pid = %s", Server(shared_url)
        wait_until(lambda: not server.ask(here, session.info.backend_pid), SOON, "the server waits for ever")
        conn.invalidate()


def test_a_mailbox_is_taken_by_one_and_refused_to_the_other(crew: list[Daemon]) -> None:
    one, two = crew
    assert one.take("support", "sales") == {"support", "sales"}
    assert two.take("support", "sales") == set()
    one.store.tenure_give_back(["sales"])
    assert two.take("support", "sales") == {"sales"}
    assert one.holders() == {"support": "one", "sales": "two"}


def test_a_daemon_that_stops_leaves_everything_at_once_and_its_name(crew: list[Daemon]) -> None:
    one, two = crew
    one.take("support")
    one.store.tenure_leave()
    standing = two.store.tenure_look(two.wants)
    assert (set(standing.members), standing.holders, standing.last) == ({"two"}, {}, {"support": "one"})
    assert two.take("support") == {"support"}


def test_a_daemon_that_gives_no_sign_of_life_is_put_out_by_the_server(
    crew: list[Daemon], shared_url: str, tmp_path: Path
) -> None:
    """As one that is frozen: its connection is open, and nothing comes over it."""
    two = crew[1]
    with daemons(shared_url, tmp_path, ("frozen",)) as (frozen,):
        assert frozen.take("support") == {"support"}
        sooner(frozen.seat, "idle_session_timeout", LEASE.total_seconds())
        wait_until(lambda: "frozen" not in two.members(), SOON, "the frozen daemon still counts")
        assert two.take("support") == {"support"}
        with pytest.raises(TenureLost):
            frozen.members()
        with pytest.raises(Fenced):
            frozen.reading()


WRITES: dict[str, Callable[[Store, int], object]] = {
    "journal": lambda store, _: store.journal([arrival("1:2")], None),
    "its cursor": lambda store, _: store.journal([], cursor()),
    "save_cursor": lambda store, _: store.save_cursor(cursor()),
    "begin_maildir": lambda store, _: store.begin_maildir(cursor(source="maildir:/m", folder=""), ["a"]),
    "set_marked": lambda store, row: store.set_marked([row]),
    "count_attempt": lambda store, row: store.count_attempt([row]),
    "quarantine": lambda store, row: store.quarantine(row, "poison", NOW),
    "settle": lambda store, row: store.settle([as_reading(store.delivery(row))], Clerk(), NOW),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
def test_who_lost_a_mailbox_writes_nothing_more_in_its_name(
    crew: list[Daemon], server: Server, write: Callable[[Store, int], object]
) -> None:
    one, two = crew
    one.take("support")
    row = one.reading().delivery.id
    taken_over(crew, server, "support")
    before = two.store.message_show(row)
    with pytest.raises(Fenced, match="support") as refused:
        write(one.store, row)
    assert refused.value.mailboxes == {"support"}
    assert two.store.message_show(row) == before
    assert [rows(two.store, one_) for one_ in (t.delivery, t.case, t.mailbox_cursor, t.maildir_baseline)] == [
        1,
        0,
        0,
        0,
    ]
    assert two.store.cursor("imap:host:user", "INBOX") is None
    write(two.store, row)


def test_who_gave_a_mailbox_back_writes_nothing_more_in_its_name(crew: list[Daemon]) -> None:
    one, _ = crew
    one.take("support")
    one.store.tenure_give_back(["support"])
    with pytest.raises(Fenced):
        one.reading()


def test_a_refused_batch_is_neither_split_nor_a_fault_of_its_mails(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support", "sales")
    readings = one.reading("1:1"), one.reading("1:2", mailbox="sales", source="imap:host:sales")
    taken_over(crew, server, "sales")
    splits: list[int] = []
    one.store._split = lambda mails, _: splits.append(mails)
    with pytest.raises(Fenced) as refused:
        one.settle(*readings)
    assert refused.value.mailboxes == {"sales"}
    assert (splits, rows(two.store, t.case)) == ([], 0)
    assert [settled.outcome for settled in one.settle(readings[0])] == ["created"]


def test_who_joins_again_begins_with_nothing_and_a_new_fence(crew: list[Daemon], server: Server) -> None:
    one, _ = crew
    one.take("support")
    server.end(one.backend)
    with pytest.raises(TenureLost):
        one.members()
    one.join()
    with pytest.raises(Fenced):
        one.reading()
    assert one.take("support") == {"support"}
    assert one.settle(one.reading())[0].outcome == "created"


def test_a_taker_waits_for_a_write_that_is_under_way(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    tried: list[frozenset[str]] = []

    def meanwhile() -> None:
        server.end(one.backend)
        tried.append(two.take("support"))

    (settled,) = one.settle(one.reading(), clerk=Slow(meanwhile))
    assert (tried, settled.outcome) == ([frozenset()], "created")
    assert two.holders() == {}
    assert two.take("support") == {"support"}
    with pytest.raises(Fenced):
        one.reading("1:2")


def test_a_writer_frozen_in_its_transaction_loses_it_and_decides_again(
    server: Server, shared_url: str, tmp_path: Path
) -> None:
    """The server ends the transaction; what it had written is gone, and the mail is decided once."""
    writer = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"

    begun, ended = list[Connection](), list[bool]()  # what fails within a decision is told of the mail alone

    def frozen() -> None:
        sooner(begun[-1], "idle_in_transaction_session_timeout", LEASE.total_seconds())
        wait_until(lambda: not server.ask(writer), SOON, "the transaction is still open")
        ended.append(True)

    with daemons(shared_url, tmp_path, ("one",)) as (one,):
        one.take("support")
        reading = one.reading()
        sa.event.listen(one.store._engines.writer, "begin", begun.append)
        settled = one.settle(reading, clerk=Slow(frozen))
        assert (ended, len(begun) > 1) == ([True], True)
        assert [(done.outcome, done.error) for done in settled] == [("created", "")]
        assert rows(one.store, t.case) == 1


def test_mail_that_no_source_brought_needs_no_mailbox(crew: list[Daemon]) -> None:
    one, two = crew
    two.take("support")
    handed_in = one.reading("1:1", source="lmtp", folder="")
    accepted = two.reading("1:2")
    wished = replace(accepted, delivery=replace(accepted.delivery, wish=Wish(accept=True, actor="kim")))
    assert [settled.outcome for settled in one.settle(handed_in, wished)] == ["created", "created"]


def test_mail_of_a_mailbox_that_nobody_is_configured_for_can_be_settled(crew: list[Daemon]) -> None:
    one, _ = crew
    assert one.settle(one.reading(mailbox="renamed since"))[0].outcome == "created"


def test_a_command_asks_for_no_fence(crew: list[Daemon], shared_url: str, tmp_path: Path) -> None:
    crew[0].take("support")
    command = Store.open(shared_url, tmp_path)
    assert command.journal([arrival()], cursor())[0].new
    command.close()


@pytest.mark.parametrize(
    ("statement", "hangs"),
    [
        ("_LOCK", "SELECT CASE WHEN :name = 'mailbox:support' THEN pg_sleep(60) IS NULL "
         "ELSE pg_try_advisory_lock(hashtextextended(:name, 0)) END"),
        ("_UNLOCK_EACH", "SELECT CAST(:names AS text[]), pg_sleep(60)"),
    ],
)  # fmt: skip
def test_who_does_not_know_what_he_holds_lets_go_of_all(
    shared_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, hangs: str
) -> None:
    with daemons(shared_url, tmp_path, ("one",)) as (one,):

        def takes_and_gives() -> None:
            one.take("sales", "support")
            one.store.tenure_give_back(["support"])

        def takes_again() -> bool:
            with suppress(Unavailable):  # its earlier session is about to end
                return one.join().take("sales", "support") == {"sales", "support"}
            return False

        with monkeypatch.context() as slow:
            slow.setattr(f"mailcase.store.tenure.{statement}", sa.text(hangs))
            sooner(one.seat, "statement_timeout", LEASE.total_seconds() / 4)
            with pytest.raises(TenureLost):
                takes_and_gives()
        wait_until(takes_again, SOON, "still locked")
        assert one.holders() == {"sales": "one", "support": "one"}


def test_a_server_without_room_for_more_locks_costs_nothing_of_what_is_held(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("sales")
    server.refuse("tenure", "53200", 1)
    with pytest.raises(Unavailable, match="max_locks_per_transaction") as refused:
        one.take("support")
    assert not isinstance(refused.value, TenureLost)
    assert two.holders() == {"sales": "one"}
    assert two.take("support") == {"support"}


def test_a_slow_server_costs_no_place_what_is_not_taken_in_time_is_taken_at_the_next_look(
    crew: list[Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = crew
    clock = count(0.0, one.store._engines.lease_s / 10)  # so long takes what is asked for each mailbox
    monkeypatch.setattr("mailcase.store.tenure.since_boot", lambda: next(clock))
    assert one.take("a", "b", "c", "d") == {"a", "b"}
    assert one.take("c", "d") == {"c", "d"}
    assert one.store._place is not None
    said: list[str] = []
    sa.event.listen(one.store._place.engine, "before_cursor_execute", lambda *of: said.append(of[2]))
    one.store.tenure_give_back(["a", "b", "c"])
    assert len(said) == 1, "giving back many takes no longer than one"
    assert two.take("a", "b", "d") == {"a", "b"}


def test_who_looks_whether_a_daemon_is_gone_is_not_taken_for_it(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    server.end(one.backend)
    with two.store._engines.write() as conn:
        assert presence_free(conn, "one")
        assert two.members() == {"two"}


@pytest.mark.usefixtures("crew")
def test_a_second_process_with_the_same_name_is_kept_out(shared_url: str, tmp_path: Path) -> None:
    twin = Store.open(shared_url, tmp_path)
    with pytest.raises(Unavailable, match="earlier session"):
        twin.tenure_join("one", ["support"])
    twin.close()


def test_a_pooler_that_gives_each_statement_another_session_is_refused(crew: list[Daemon]) -> None:
    one, two = crew
    one.take("support")
    mine, others = one.store._place, two.store._place
    assert mine is not None
    assert others is not None
    mine._conn, others._conn = others._conn, mine._conn  # what such a pooler does to two clients
    with pytest.raises(ConfigError, match="pooler"):
        one.members()

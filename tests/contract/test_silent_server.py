"""A PostgreSQL that answers no more on connections that stay open, and one that is set up in its own way (F25)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from mailcase.errors import TenureLost, Unavailable
from mailcase.ports import Reading
from mailcase.store import tables as t
from mailcase.store.engine import Engines
from mailcase.store.pg_session import unhurried
from tests.contract.store_kit import NOW, mail
from tests.contract.tenure_kit import LEASE, SOON, Daemon, Server, daemons, sooner
from tests.servers.ports import wait_until
from tests.servers.proxy import Fault, Proxy

pytestmark = pytest.mark.postgres
_LONGEST_S = 7
_SET = {"options": f"-c statement_timeout={_LONGEST_S}s"}
_GRACE_S = LEASE.total_seconds() / 2


@pytest.fixture
def line(shared_url: str) -> Iterator[Proxy]:
    with Proxy(make_url(shared_url).port or 0) as proxy:
        yield proxy


@pytest.fixture
def far_url(shared_url: str, line: Proxy) -> str:
    """The store by way of `line`."""
    return make_url(shared_url).set(port=line.port, query=_SET).render_as_string(hide_password=False)


@pytest.fixture
def far(far_url: str) -> Iterator[Engines]:
    engines = Engines.open(far_url, LEASE.total_seconds())
    yield engines
    engines.close()


@pytest.fixture
def far_daemon(far_url: str, tmp_path: Path) -> Iterator[Daemon]:
    with daemons(far_url, tmp_path, ("one",)) as (one,):
        yield one


def impatient(conn: Connection) -> None:
    """It gives its server up after a second of silence, and not as its settings say: too soon for a slow machine."""
    connection: Any = conn.connection.dbapi_connection
    assert connection.patience_s == _LONGEST_S + _GRACE_S
    connection.patience_s = 1.0


def write(engines: Engines, name: str, falls_silent: Callable[[], object] | None = None) -> None:
    with engines.write() as conn:
        conn.execute(sa.insert(t.flag).values(name=name, value=""))
        if falls_silent is not None:
            impatient(conn)
            falls_silent()


def names(engines: Engines) -> set[str]:
    with engines.read() as conn:
        return set(conn.execute(sa.select(t.flag.c.name)).scalars())


def test_a_session_that_falls_silent_in_a_transaction_is_given_up_and_the_next_one_works(
    far: Engines, line: Proxy
) -> None:
    write(far, "before")
    with pytest.raises(Unavailable, match="has not answered for 1 s"):
        write(far, "during", line.mute)
    write(far, "after")
    assert {"before", "after"} <= names(far)
    assert "during" not in names(far)


def test_so_is_one_whose_answer_to_the_commit_never_comes(far: Engines, line: Proxy) -> None:
    write(far, "before")
    lost = Fault(re.compile(rb"COMMIT\0"), then="stall", way="up")
    with pytest.raises(Unavailable, match="has not answered"):
        write(far, "during", lambda: line.arm(lost))
    assert lost.fired.is_set()
    write(far, "after")
    wait_until(lambda: "during" in names(far), SOON, "the server had it")


def test_sessions_that_fell_silent_in_the_pool_are_found_out_before_they_are_used(far: Engines, line: Proxy) -> None:
    rested: list[float] = []

    def hasty(connection: Any, _record: object) -> None:
        rested.append(connection.patience_s)
        connection.patience_s = 1.0

    for engine in (far.writer, far.reader):
        sa.event.listen(engine, "checkin", hasty)
    write(far, "before")
    assert "before" in names(far)
    line.mute()
    write(far, "after")
    assert "after" in names(far)
    assert set(rested) == {_GRACE_S}


def test_a_daemon_whose_locks_connection_falls_silent_joins_again(
    far_daemon: Daemon, line: Proxy, server: Server
) -> None:
    far_daemon.take("support")
    impatient(far_daemon.seat)
    line.mute()
    with pytest.raises(TenureLost, match="has not answered"):
        far_daemon.store.tenure_look(far_daemon.wants)
    server.end(far_daemon.backend)  # as it does by itself after a lease
    far_daemon.join()
    assert far_daemon.take("support") == {"support"}


def test_what_takes_its_time_is_waited_for_and_only_that(far: Engines) -> None:
    with far.write() as conn:
        sooner(conn, "statement_timeout", _LONGEST_S)
        impatient(conn)
        unhurried(conn)
        conn.execute(sa.text("SELECT pg_sleep(1.5)"))
    with far.write() as conn:
        impatient(conn)


def test_a_server_that_does_not_answer_at_all_is_named(far_url: str, line: Proxy) -> None:
    line.stall()
    engines = Engines.open(f"{far_url}&connect_timeout=2")
    with pytest.raises(Unavailable, match=f"timeout expired: 127.0.0.1:{line.port} does not answer"):
        names(engines)
    elsewhere = f"postgresql+psycopg:///mail?host=127.0.0.1&port={line.port}&connect_timeout=2"
    with pytest.raises(Unavailable, match=f": 127.0.0.1:{line.port} does not answer"):
        names(Engines.open(elsewhere))


@pytest.mark.parametrize("setting", ["datestyle = 'German'", "client_encoding = 'LATIN1'", "timezone = 'Asia/Tokyo'"])
def test_what_the_database_is_set_to_changes_nothing_that_is_read(
    server: Server, shared_url: str, tmp_path: Path, setting: str
) -> None:
    name = make_url(shared_url).database
    server.ask(f"ALTER DATABASE {name} SET {setting}")
    with daemons(shared_url, tmp_path, ("one",)) as (one,):
        one.take("support")
        read = Reading(one.reading().delivery, mail("m", subject="Grüße, 你好"))
        assert one.settle(read)[0].outcome == "created"
        (row,) = one.store.message_list()
        assert row["subject"] == "Grüße, 你好"
        assert row["received_at"] == NOW

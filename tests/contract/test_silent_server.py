"""A PostgreSQL that answers no more on connections that stay open, and one that is set up in its own way (F25)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from mailcase.errors import TenureLost, Unavailable
from mailcase.ports import Reading
from mailcase.store import tables as t
from mailcase.store.engine import Engines
from mailcase.store.pg_session import unhurried
from tests.contract.store_kit import NOW, mail
from tests.contract.tenure_kit import SHORT, Daemon, Server, daemons
from tests.servers.proxy import Fault, Proxy

pytestmark = pytest.mark.postgres
_BRIEF = {"options": "-c statement_timeout=1s"}  # else a silent session is given up after two minutes and a half lease


@pytest.fixture
def line(shared_url: str) -> Iterator[Proxy]:
    with Proxy(make_url(shared_url).port or 0) as proxy:
        yield proxy


@pytest.fixture
def far_url(shared_url: str, line: Proxy) -> str:
    """The store by way of `line`."""
    return make_url(shared_url).set(port=line.port, query=_BRIEF).render_as_string(hide_password=False)


@pytest.fixture
def far(far_url: str) -> Iterator[Engines]:
    engines = Engines.open(far_url, SHORT.total_seconds())
    yield engines
    engines.close()


@pytest.fixture
def far_daemon(far_url: str, tmp_path: Path) -> Iterator[Daemon]:
    with daemons(far_url, tmp_path, ("one",), SHORT) as (one,):
        yield one


def write(engines: Engines, name: str, line: Proxy | None = None) -> None:
    with engines.write() as conn:
        conn.execute(sa.insert(t.flag).values(name=name, value=""))
        if line is not None:
            line.mute()


def names(engines: Engines) -> set[str]:
    with engines.read() as conn:
        return set(conn.execute(sa.select(t.flag.c.name)).scalars())


def test_a_session_that_falls_silent_in_a_transaction_is_given_up_and_the_next_one_works(
    far: Engines, line: Proxy
) -> None:
    write(far, "before")
    with pytest.raises(Unavailable, match="has not answered for 2 s"):
        write(far, "during", line)
    write(far, "after")
    assert {"before", "after"} <= names(far)
    assert "during" not in names(far)


def test_so_is_one_whose_answer_to_the_commit_never_comes(far: Engines, line: Proxy) -> None:
    write(far, "before")
    line.arm(lost := Fault(re.compile(rb"during.*COMMIT\0", re.DOTALL), then="stall", way="up"))
    with pytest.raises(Unavailable, match="has not answered"):
        write(far, "during")
    assert lost.fired.is_set()
    write(far, "after")
    assert "during" in names(far), "the server had it"


def test_sessions_that_fell_silent_in_the_pool_are_found_out_before_they_are_used(far: Engines, line: Proxy) -> None:
    write(far, "before")
    assert "before" in names(far)
    line.mute()
    write(far, "after")
    assert "after" in names(far)


def test_a_daemon_whose_locks_connection_falls_silent_joins_again(far_daemon: Daemon, line: Proxy) -> None:
    far_daemon.take("support")
    line.mute()
    with pytest.raises(TenureLost, match="has not answered"):
        far_daemon.store.tenure_look(far_daemon.wants)
    far_daemon.join()
    assert far_daemon.take("support") == {"support"}


def test_what_takes_its_time_is_waited_for_and_only_that(far: Engines) -> None:
    with far.write() as conn:
        unhurried(conn)
        conn.execute(sa.text("SELECT pg_sleep(2.5)"))
    with far.write() as conn:
        connection: Any = conn.connection.dbapi_connection
        assert connection.patience_s == pytest.approx(2)


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

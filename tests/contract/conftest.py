"""Fixtures of the contract suites: a store on SQLite and on PostgreSQL, and a desk that works with it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, Desk
from tests.contract.tenure_kit import Daemon, Server, daemons
from tests.servers import new_store
from tests.servers.postgres import PostgresServer

_NUMBERS = itertools.count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of an empty store with all tables, relative to tmp_path where it is a file."""
    if request.param == "sqlite":
        new_store.place(tmp_path)
        return new_store.URL
    return str(request.getfixturevalue("shared_url"))


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An open, empty store."""
    opened = Store.open(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """The store with a clerk."""
    return Desk(store, Clerk())


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The url of a PostgreSQL database with all tables: copying it is cheaper than migrating each."""
    url = postgres_server.database()
    Store.upgrade(url, tmp_path_factory.mktemp("migrated"))
    return url


@pytest.fixture
def shared_url(postgres_server: PostgresServer, migrated: str) -> str:
    """The url of an empty store that several daemons can share."""
    place, _, template = migrated.rpartition("/")
    name = f"shared{next(_NUMBERS)}"
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return f"{place}/{name}"


@pytest.fixture
def server(shared_url: str) -> Server:
    """The hand in that database."""
    return Server(shared_url)


@pytest.fixture
def crew(shared_url: str, tmp_path: Path) -> Iterator[list[Daemon]]:
    """Two daemons on it, "one" and "two"."""
    with daemons(shared_url, tmp_path, ("one", "two")) as both:
        yield both

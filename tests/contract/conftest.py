"""Fixtures of the contract suites: a store on SQLite and on PostgreSQL, and a desk that works with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, Desk
from tests.contract.tenure_kit import Daemon, Server, daemons
from tests.servers import new_store


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


@pytest.fixture
def server(shared_url: str) -> Server:
    """The hand in that database."""
    return Server(shared_url)


@pytest.fixture
def crew(shared_url: str, tmp_path: Path) -> Iterator[list[Daemon]]:
    """Two daemons on it, "one" and "two"."""
    with daemons(shared_url, tmp_path, ("one", "two")) as both:
        yield both

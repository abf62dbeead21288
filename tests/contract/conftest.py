"""Fixtures of the contract suites: a store on SQLite and on PostgreSQL, and a desk that works with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, Desk


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """The url of an empty store, relative to tmp_path where it is a file."""
    if request.param == "sqlite":
        return "sqlite:///mailcase.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An open, empty store."""
    Store.upgrade(url, tmp_path)
    opened = Store.open(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """The store with a clerk."""
    return Desk(store, Clerk())

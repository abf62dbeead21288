"""A full disk stops the store cleanly: nothing is half stored, and it goes on when there is space again (F26)."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailcase.errors import Unavailable
from mailcase.ports import Reading
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, Clerk, arrival, journalled, mail, rows

TABLES = (t.raw, t.delivery, t.case, t.message, t.outbox, t.case_event, t.contact)


def allow_pages(store: Store, more: int | None) -> None:
    """So many pages more than now; None: as many as it likes."""
    with store._engines.writer.connect() as conn:
        now = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={now + more if more is not None else 2**30}")


def counts(store: Store) -> list[int]:
    return [rows(store, table) for table in TABLES]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open("sqlite:///mailcase.db", tmp_path)


def test_no_mail_is_journalled_by_halves(store: Store) -> None:
    before = counts(store)
    allow_pages(store, 20)
    mails = [arrival("1:1", b"small"), arrival("1:2", b"x" * 1_000_000)]
    with pytest.raises(Unavailable, match="full"):
        store.journal(mails, None)
    assert counts(store) == before
    allow_pages(store, None)
    assert [one.new for one in store.journal(mails, None)] == [True, True]
    store.close()


def test_no_mail_is_decided_by_halves(store: Store) -> None:
    (row,) = journalled(store)
    before = counts(store)
    reading = Reading(row.delivery, mail("big", text="x" * 1_000_000))
    allow_pages(store, 20)
    with pytest.raises(Unavailable, match="full"):
        store.settle([reading], Clerk(), NOW)
    assert counts(store) == before
    assert [one.delivery.id for one in store.undecided(10)] == [row.delivery.id]
    allow_pages(store, None)
    assert store.settle([reading], Clerk(), NOW)[0].outcome == "created"
    with store._engines.read() as conn:
        assert conn.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
    store.close()


def test_a_raw_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open("sqlite:///mailcase.db", tmp_path, raw="file:raw/")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="No space left"):
            store.journal([arrival("1:1", b"mail")], None)
    assert rows(store, t.delivery) == 0
    assert not [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]
    assert store.journal([arrival("1:1", b"mail")], None)[0].new
    store.close()

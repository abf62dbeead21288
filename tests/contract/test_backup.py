"""What `db backup` saved, `db restore` brings back: nothing is sent or numbered twice because of it (P2, P3)."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.errors import Fenced, Permanent, TenureLost, Unavailable
from mailcase.store import tables as t
from mailcase.store.raw import RawSetting
from tests.contract.backup_kit import KEYS, Place, fill, must_be_safe, take
from tests.contract.store_kit import STATUSES, arrival, rows
from tests.contract.tenure_kit import Server, daemons


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, and one with a mail and its backup: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "empty").mkdir()
    Place("sqlite:///mailcase.db", folder / "empty").open().close()
    shutil.copytree(folder / "empty", folder / "lite")
    lite = Place("sqlite:///mailcase.db", folder / "lite")
    store = lite.open()
    take(store, "1")
    lite.save()
    store.close()
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """An empty store."""
    return Place("sqlite:///mailcase.db", shutil.copytree(made / "empty", tmp_path / "state"))


@pytest.fixture
def lite(made: Path, tmp_path: Path) -> Place:
    """A store with a mail, and a backup of it."""
    return Place("sqlite:///mailcase.db", shutil.copytree(made / "lite", tmp_path / "state"))


def test_mail_raw_and_keys_come_back_and_the_store_before_is_kept(place: Place) -> None:
    store = place.open()
    take(store, "1")
    take(store, "2")
    saved = place.save()
    take(store, "3")
    store.close()
    assert (saved.raw, saved.lost, saved.in_s3, saved.manifest.last_number) == (2, (), 0, 2)
    assert place.file.stat().st_mode & 0o777 == 0o600
    shutil.rmtree(place.folder / "raw")
    with pytest.raises(Permanent, match="--replace"):
        place.restore()
    done = place.restore(replace=True)
    assert (done.keys, done.manifest.keys) == (tuple(key for _, key in KEYS), ["token.key", "old.key"])
    assert (done.manifest.counts["cases"], done.raw, done.unnamed) == (2, 2, 0)
    assert "before-restore-" in done.kept
    assert Path(done.kept).stat().st_mode & 0o777 == 0o600
    assert not [one for one in place.folder.iterdir() if one.name.startswith((".restore", ".backup"))]
    store = place.open()
    assert [one["number"] for one in store.case_list(STATUSES)] == ["SR-1", "SR-2"]
    assert [store.raw(store.delivery(one["id"]).sha256) for one in store.message_list()] == [b"1", b"2"]
    store.close()


def test_no_number_is_given_out_twice_and_nothing_old_is_sent(place: Place) -> None:
    store = place.open()
    fill(store)
    place.save()
    store.close()
    place.restore(replace=True, margin=10)
    store = place.open()
    must_be_safe(store)
    store.close()


@pytest.mark.postgres
def test_a_daemon_that_was_cut_off_meanwhile_writes_nothing_into_what_was_restored(
    shared_url: str, tmp_path: Path, server: Server
) -> None:
    with daemons(shared_url, tmp_path, ("one",)) as (one,):
        one.take("support")
        row = one.queued()
        waiting = one.reading("1:2")
        place = Place(shared_url, tmp_path, RawSetting())
        place.save()
        server.end(one.backend)
        one.store._engines.writer.dispose()
        place.restore(replace=True)
        with pytest.raises(Fenced):
            one.settle(waiting)
        with pytest.raises(TenureLost):
            one.store.claim(row, "one", utcnow())
        one.join()
        assert one.take("support") == {"support"}
        assert one.settle(waiting)[0].outcome == "created"


def test_mail_of_before_the_restore_makes_cases_and_is_not_acknowledged(lite: Place) -> None:
    lite.restore(replace=True)
    store = lite.open()
    now = utcnow()
    old, new = store.journal(
        [arrival("8:1", b"old", received_at=now), arrival("8:2", b"new", received_at=now + timedelta(minutes=11))], None
    )
    assert (old.delivery.no_ack, new.delivery.no_ack) == (True, False)
    assert store.delivery(old.delivery.id).delivery.no_ack
    store.close()


def test_a_folder_that_the_backup_does_not_know_begins_at_its_date_for_a_day(
    lite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = utcnow()
    lite.restore(replace=True)
    store = lite.open()
    lost = store.lost_cursor("sales", "INBOX")
    assert lost is not None
    assert (lost.start, lost.folder, lost.mailbox) == ("new", "INBOX", "sales")
    assert lost.baseline_at is not None
    assert lost.baseline_at < before - timedelta(minutes=5)
    monkeypatch.setattr("mailcase.store.store.utcnow", lambda: utcnow() + timedelta(days=2))
    assert store.lost_cursor("sales", "INBOX") is None
    store.close()


def test_a_backup_goes_into_an_empty_store_and_never_over_a_file(place: Place) -> None:
    store = place.open()
    take(store, "1")
    place.save()
    with pytest.raises(Permanent, match="is there already"):
        place.save()
    store.close()
    (place.folder / "mailcase.db").unlink()
    place.open().close()
    assert place.restore().kept == ""
    store = place.open()
    assert rows(store, t.case) == 1
    store.close()


def test_raw_mail_of_after_the_backup_is_counted_and_stays(place: Place) -> None:
    store = place.open()
    take(store, "1")
    place.save()
    take(store, "2")
    store.close()
    assert place.restore(replace=True).unnamed == 1


def test_a_backup_is_taken_while_others_read_and_write(lite: Place) -> None:
    store = lite.open()
    lite.file.unlink()
    with store._engines.read() as reading, store._engines.write() as writing:
        reading.execute(sa.select(t.raw.c.sha256)).all()
        writing.execute(sa.delete(t.outbox))
        assert lite.save().manifest.counts["outbox"] == 1
    store.close()


def test_what_was_erased_is_not_in_a_backup(lite: Place) -> None:
    lite.raw = RawSetting("store")
    store = lite.open()
    (row,) = store.journal([arrival("1:5", b"a secret of somebody " * 500)], None)
    with store._engines.write() as conn:
        store._raw.remove(conn, [row.sha256], utcnow())
    lite.file.unlink()
    lite.save()
    store.close()
    assert b"a secret of somebody" not in lite.file.read_bytes()


def test_a_raw_file_that_is_lost_does_not_hold_up_the_backup(lite: Place) -> None:
    for file in (lite.folder / "raw").rglob("*"):
        if file.is_file():
            file.write_bytes(b"other")
    lite.file.unlink()
    saved = lite.save()
    assert saved.raw == 0
    assert "is damaged" in saved.lost[0]


def test_a_store_that_is_open_elsewhere_is_not_replaced(lite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, connect=sqlite3.connect, **k: connect(*args, **{**k, "timeout": 0})
    )
    store = lite.open()
    with store._engines.read() as conn:
        conn.execute(sa.select(t.case.c.number)).all()
        with pytest.raises(Unavailable, match="in use by another command"):
            lite.restore(replace=True)
    take(store, "2")
    store.close()


def test_a_store_that_is_broken_is_replaced_and_kept(lite: Place) -> None:
    file = lite.folder / "mailcase.db"
    file.write_bytes(b"this is no database" * 500)
    with pytest.raises(Permanent, match="--replace"):
        lite.restore()
    done = lite.restore(replace=True)
    assert Path(done.kept).read_bytes().startswith(b"this is no database")
    store = lite.open()
    assert rows(store, t.case) == 1
    store.close()

"""A store that this user may only read can be read, and a writer is told who may write it."""

from pathlib import Path

import pytest

from mailcase.errors import Permanent
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, journalled
from tests.powers import give_away, powerless

URL = "sqlite:///mailcase.db"


@pytest.fixture
def shut(open_folder: Path) -> Path:
    """A folder with a store of one mail that nobody may write."""
    store = Store.open(URL, open_folder)
    journalled(store)
    store.close()
    (open_folder / "mailcase.db").chmod(0o444)
    open_folder.chmod(0o555)
    return open_folder


def listed(folder: Path) -> int:
    store = Store.open(URL, folder)
    try:
        return len(store.message_list())
    finally:
        store.close()


def test_a_store_that_may_only_be_read_is_read_and_stays_as_it_is(shut: Path) -> None:
    before = (shut / "mailcase.db").read_bytes()
    with powerless():
        assert listed(shut) == 1
    assert [one.name for one in shut.iterdir()] == ["mailcase.db"]
    assert (shut / "mailcase.db").read_bytes() == before


def test_it_is_read_where_only_the_file_or_only_the_folder_is_shut(shut: Path) -> None:
    shut.chmod(0o777)
    with powerless():
        assert listed(shut) == 1
    for file in shut.glob("mailcase.db-*"):
        file.unlink()
    (shut / "mailcase.db").chmod(0o666)
    shut.chmod(0o555)
    with powerless():
        assert listed(shut) == 1


def test_what_a_writer_at_work_just_stored_is_read(shut: Path) -> None:
    shut.chmod(0o755)
    (shut / "mailcase.db").chmod(0o644)
    writer = Store.open(URL, shut)
    try:
        journalled(writer, start=2)
        shut.chmod(0o555)
        for file in shut.iterdir():
            file.chmod(0o444)
        with powerless():
            assert listed(shut) == 2
    finally:
        writer.close()


def test_a_writer_is_told_the_file_and_whom_it_belongs_to(shut: Path) -> None:
    with powerless() as me:
        store = Store.open(URL, shut)
        whose = "run it as that user" if (shut / "mailcase.db").stat().st_uid != me else "make it writable"
        with pytest.raises(Permanent, match=rf"(?s){shut}/mailcase\.db may only be read; it belongs to .*{whose}"):
            store.quarantine_retry(None, NOW, "me")
        store.close()


def test_a_writer_is_told_the_folder_where_the_file_could_be_written(shut: Path) -> None:
    give_away(shut)
    (shut / "mailcase.db").chmod(0o644)
    with powerless():
        store = Store.open(URL, shut)
        with pytest.raises(Permanent, match=rf"(?s)store: {shut} may only be read; .*make it writable for that user"):
            store.quarantine_retry(None, NOW, "me")
        store.close()

"""Raw mail is durable before its row, in every place and on both databases, and comes back as it was (R1)."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.errors import ConfigError, Permanent, Unavailable
from mailcase.store import tables as t
from mailcase.store.raw import RawPlace, RawSetting, S3Access, s3
from mailcase.store.raw.files import Files
from mailcase.store.store import Store
from tests.contract.store_kit import arrival, rows
from tests.servers.s3 import BUCKET, S3Server, s3_server

OpenStore = Callable[[RawSetting], Store]
MAIL = b"Subject: raw\r\n\r\n" + bytes(range(256)) * 40
HASH = sha256(MAIL).hexdigest()
FILES = RawSetting("file:raw/")


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def open_store(url: str, tmp_path: Path) -> Iterator[OpenStore]:
    """Open one store, again and again, with other settings."""
    opened: list[Store] = []

    def one(setting: RawSetting) -> Store:
        opened.append(Store.open(url, tmp_path, raw=setting))
        return opened[-1]

    yield one
    for store in opened:
        store.close()


@pytest.fixture(params=["store", "file", "s3"])
def setting(request: pytest.FixtureRequest) -> RawSetting:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("bucket")
        for name in server.objects():
            server.remove(name)
        return server.setting
    return RawSetting("store") if request.param == "store" else FILES


def change(store: Store, place: Path, setting: RawSetting, request: pytest.FixtureRequest) -> None:
    """Other bytes where the mail lies."""
    if setting.raw == "store":
        with store._engines.write() as conn:
            conn.execute(sa.update(t.raw).values(content=b"other"))
    elif setting is FILES:
        (place / "raw" / HASH[:2] / HASH).write_bytes(b"other")
    else:
        request.getfixturevalue("bucket").overwrite(f"raw/{HASH[:2]}/{HASH}", b"other")


def test_what_was_stored_comes_back_and_what_was_changed_does_not(
    open_store: OpenStore, setting: RawSetting, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = open_store(setting)
    one, two = store.journal([arrival("1:1", MAIL), arrival("1:2", MAIL)], None)
    assert (store.raw(one.sha256), one.sha256, rows(store, t.raw)) == (MAIL, two.sha256, 1)
    assert store.journal([arrival("1:3", MAIL)], None)[0].new
    change(store, tmp_path, setting, request)
    with pytest.raises(Permanent, match="is damaged"):
        store.raw(HASH)


def test_an_earlier_place_is_still_read_and_nothing_is_stored_twice(
    open_store: OpenStore, setting: RawSetting, tmp_path: Path
) -> None:
    open_store(setting).journal([arrival("1:1", MAIL)], None)
    other = RawSetting("store", setting.s3) if setting.raw != "store" else RawSetting("file:other", setting.s3)
    later = open_store(other)
    later.journal([arrival("1:2", MAIL), arrival("1:3", b"new")], None)
    assert (later.raw(HASH), later.raw(sha256(b"new").hexdigest())) == (MAIL, b"new")
    assert not (tmp_path / "other" / HASH[:2] / HASH).exists()


def test_a_mail_whose_bytes_were_removed_gets_them_back_when_it_comes_again(
    open_store: OpenStore, setting: RawSetting
) -> None:
    store = open_store(setting)
    (one,) = store.journal([arrival("1:1", MAIL)], None)
    with store._engines.write() as conn:
        assert store._raw.remove(conn, [HASH, HASH[::-1]], utcnow()) == 1
        assert store._raw.remove(conn, [HASH], utcnow()) == 0
    with pytest.raises(Permanent, match="was removed on 20"):
        store.raw(HASH)
    assert store.message_show(one.delivery.id)["raw_purged_at"] is not None
    (again,) = store.journal([arrival("1:2", MAIL)], None)
    assert (again.new, store.raw(HASH)) == (True, MAIL)
    assert store.message_show(one.delivery.id)["raw_purged_at"] is None


def test_who_waits_for_the_place_of_removed_bytes_holds_no_lock_of_the_store(
    files: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are put before the transaction; only where they were removed meanwhile, within it."""
    put, asked = Files.put_all, list[str]()

    def put_all(self: Files, mails: Mapping[str, bytes]) -> None:
        asked.extend(mails)
        put(self, mails)

    monkeypatch.setattr(Files, "put_all", put_all)

    def remove() -> None:
        with files._engines.write() as conn:
            assert files._raw.remove(conn, [HASH], utcnow()) == 1

    files.journal([arrival("1:1", MAIL)], None)
    remove()
    again = [arrival("1:2", MAIL)]
    kept = files.keep(again)
    asked.clear()
    files.journal(again, None, kept)
    assert (asked, files.raw(HASH)) == ([], MAIL)
    again = [arrival("1:3", MAIL)]
    kept = files.keep(again)
    remove()
    files.journal(again, None, kept)
    assert files.raw(HASH) == MAIL


def test_a_server_that_is_away_leaves_nothing_in_the_journal(
    open_store: OpenStore, bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcase.store.raw.s3._REST_S", 0.0)
    monkeypatch.setattr("mailcase.store.raw.s3._REST_TIMES", 0)
    store = open_store(bucket.setting)
    store.journal([arrival("1:1", MAIL)], None)
    bucket.stop()
    try:
        with pytest.raises(Unavailable, match="s3://mail/raw cannot be reached"):
            store.journal([arrival("1:2", b"two"), arrival("1:3", b"three")], None)
        with pytest.raises(Unavailable):
            store.raw(HASH)
    finally:
        bucket.start_again()
    assert (rows(store, t.delivery), rows(store, t.raw)) == (1, 1)
    two, three = store.journal([arrival("1:2", b"two"), arrival("1:3", b"three")], None)
    assert [store.raw(one.sha256) for one in (two, three)] == [b"two", b"three"]


def test_after_a_failure_nobody_waits_for_that_server_for_a_while() -> None:
    now = 100.0
    place = s3.Bucket("s3://mail/raw", S3Access("http://127.0.0.1:1", "", lambda: ("a", "b")), lambda: now)
    with pytest.raises(Unavailable, match="cannot be reached"):
        place.put_all({HASH: MAIL})
    place._client = None
    place.access = S3Access(keys=lambda: pytest.fail("it is asked again"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        place.put_all({HASH: MAIL})
    now += s3._REST_S
    with pytest.raises(pytest.fail.Exception):
        place.put_all({HASH: MAIL})


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, bucket: S3Server) -> None:
    store = Store.open("sqlite:///mailcase.db", tmp_path, raw=RawSetting("s3://nobody/x", bucket.setting.s3))
    with pytest.raises(Unavailable, match="s3://nobody/x cannot be reached: there is no such bucket"):
        store.journal([arrival("1:1", MAIL)], None)
    store.close()


def test_a_look_at_the_place_says_what_is_wrong_and_changes_nothing(bucket: S3Server, tmp_path: Path) -> None:
    held = bucket.objects()
    good = {"store": "in the store", "file:raw/": "file:raw", "s3://mail/raw": "s3://mail/raw"}
    for raw, told in good.items():
        assert place_of(raw, bucket, tmp_path).probe() == told
    assert (bucket.objects(), (tmp_path / "raw").exists()) == (held, False)
    with pytest.raises(Unavailable, match="no such bucket"):
        place_of("s3://nobody/x", bucket, tmp_path).probe()

    def unreadable() -> tuple[str, str]:
        raise ConfigError("the secret file s3.key cannot be read")

    with pytest.raises(Unavailable, match=r"s3\.key cannot be read"):
        RawPlace.parse(RawSetting("s3://mail/raw", S3Access("", "", unreadable)), tmp_path).probe()


def place_of(raw: str, bucket: S3Server, folder: Path) -> RawPlace:
    return RawPlace.parse(RawSetting(raw, bucket.setting.s3), folder)


def test_s3_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.store.raw.s3.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r'pip install "mailcase\[s3\]"'):
        Store.open("sqlite:///mailcase.db", tmp_path, raw=RawSetting(f"s3://{BUCKET}/raw"))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Store]:
    store = Store.open("sqlite:///mailcase.db", tmp_path, raw=FILES)
    yield store
    store.close()


def test_files_and_folders_are_for_their_owner_alone_and_nothing_unfinished_stays(files: Store, tmp_path: Path) -> None:
    assert files.raw_folder == tmp_path / "raw"
    left = tmp_path / "raw" / ".unfinished" / "left"
    fresh = left.with_name("fresh")
    files.journal([arrival("1:1", b"one")], None)
    for each in (left, fresh):
        each.write_bytes(b"half")
    os.utime(left, (time.time() - 90_000,) * 2)
    files.journal([arrival("1:2", MAIL)], None)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "raw").rglob("*") if path.is_dir()}
    assert (modes, (tmp_path / "raw").stat().st_mode & 0o777) == ({0o700}, 0o700)
    assert (tmp_path / "raw" / HASH[:2] / HASH).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in left.parent.iterdir()] == ["fresh"]


def test_each_file_and_each_new_folder_is_synced_before_the_row(
    files: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    true_fsync = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        true_fsync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    files.journal([arrival("1:1", MAIL)], None)
    raw = tmp_path / "raw"
    assert {str(tmp_path), str(raw), str(raw / HASH[:2])} <= set(synced)
    assert any(".unfinished/" in one for one in synced)
    assert synced[-1] == str(raw / HASH[:2])


def test_a_file_that_a_crash_of_the_disk_tore_is_written_anew(files: Store, tmp_path: Path) -> None:
    file = tmp_path / "raw" / HASH[:2] / HASH
    for torn in (b"", MAIL[:-1] + b"?"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(torn)
        files.journal([arrival(f"1:{len(torn)}", MAIL)], None)
        assert files.raw(HASH) == MAIL


def test_a_file_that_is_gone_is_permanent_and_a_folder_that_is_gone_is_waited_for(files: Store, tmp_path: Path) -> None:
    files.journal([arrival("1:1", MAIL)], None)
    (tmp_path / "raw" / HASH[:2] / HASH).unlink()
    with pytest.raises(Permanent, match=r"cannot be read: it is not in file:raw any more"):
        files.raw(HASH)
    (tmp_path / "raw").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="is its disk mounted"):
        files.raw(HASH)


def test_a_folder_that_was_moved_is_found_by_the_new_setting(files: Store, tmp_path: Path) -> None:
    files.journal([arrival("1:1", MAIL)], None)
    (tmp_path / "raw").rename(tmp_path / "moved")
    (tmp_path / "raw").mkdir()
    other = Store.open("sqlite:///mailcase.db", tmp_path, raw=RawSetting("file:moved"))
    assert other.raw(HASH) == MAIL
    other.close()


def test_what_a_crash_left_without_a_row_does_no_harm(files: Store) -> None:
    files._raw.keep(files._engines, {HASH: MAIL, sha256(b"two").hexdigest(): b"two"})
    with files._engines.read() as conn:
        assert files._raw.unnamed(conn) == 2
    assert files.journal([arrival("1:1", MAIL)], None)[0].new
    with files._engines.read() as conn:
        assert (files.raw(HASH), files._raw.unnamed(conn)) == (MAIL, 1)

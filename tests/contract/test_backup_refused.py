"""What is no whole backup, or cannot be brought back, changes nothing."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.errors import ConfigError, Permanent, Unavailable
from mailcase.store import pg_tools
from mailcase.store.archive import Manifest
from mailcase.store.store import Store
from tests.contract.backup_kit import FILES, Place, fill, must_be_safe, outbox, take
from tests.contract.tenure_kit import Server
from tests.servers.postgres import PostgresServer

STORAGE = Path(__file__).parents[2] / "docs" / "storage.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a mail, and a backup of it: made once, copied for each test."""
    lite = Place("sqlite:///mailcase.db", tmp_path_factory.mktemp("made"))
    store = lite.open()
    take(store, "1")
    lite.save()
    store.close()
    return lite.folder


@pytest.fixture
def lite(made: Path, tmp_path: Path) -> Place:
    """A copy of it."""
    return Place("sqlite:///mailcase.db", shutil.copytree(made, tmp_path / "state"))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without_end(file: Path) -> None:
    """All parts but the seal."""
    kept = file.with_suffix(".less")
    with tarfile.open(file) as whole, tarfile.open(kept, "w") as less:
        for member in whole.getmembers()[:-1]:
            less.addfile(member, whole.extractfile(member))
    kept.replace(file)


def changed(file: Path) -> None:
    """One byte of the store."""
    data = bytearray(file.read_bytes())
    data[data.index(b"SQLite format 3") + 5000] ^= 1
    file.write_bytes(data)


def nothing(file: Path) -> None:
    file.write_bytes(b"hello" * 1000)


def another_tar(file: Path) -> None:
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "manifest.txt")


@pytest.mark.parametrize("damage", [cut, without_end, changed, nothing, another_tar, Path.unlink])
def test_what_is_not_a_whole_backup_changes_nothing(lite: Place, damage: Callable[[Path], None]) -> None:
    before = (lite.folder / "mailcase.db").read_bytes()
    damage(lite.file)
    with pytest.raises(Permanent):
        lite.restore(replace=True)
    assert (lite.folder / "mailcase.db").read_bytes() == before


def test_a_backup_of_another_program_or_database_is_refused(lite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Manifest.read
    for values, error, said in (
        ({"schema": "9999"}, ConfigError, "schema 9999"),
        ({"database": "postgresql"}, Permanent, r"the backup is of postgresql; \[store\] url names sqlite"),
    ):
        monkeypatch.setattr(Manifest, "read", lambda text, values=values: replace(read(text), **values))
        with pytest.raises(error, match=said):
            lite.restore(replace=True)


@pytest.mark.postgres
@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")
def test_postgresql_comes_back_in_one_transaction_or_not_at_all(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(postgres_server.database(), tmp_path)
    store = place.open()
    fill(store)
    place.save()
    store.settle_orphans("daemon:1", utcnow())
    with pytest.raises(Unavailable, match="1 daemon works on this store"):
        place.restore(replace=True)
    store.close()
    Server(place.url).until_unlocked()
    with monkeypatch.context() as broken, pytest.raises(Permanent, match=r"psql: .*division by zero"):  # noqa: PT012 - it breaks
        broken.setattr("mailcase.store.restored.statements", lambda *_, **__: iter([sa.text("SELECT 1/0")]))
        place.restore(replace=True)
    (kept,) = tmp_path.glob("*.before-restore-*.pgdump")
    store = Store.open(place.url, tmp_path)
    assert outbox(store)[0] == ("pending", "")
    store.close()
    other = replace(place, url=postgres_server.database())
    assert (other.restore(margin=10).kept, kept.stat().st_mode & 0o777) == ("", 0o600)
    store = Store.open(other.url, tmp_path, raw=FILES)
    must_be_safe(store)
    store.close()


@pytest.mark.postgres
@pytest.mark.skipif(shutil.which("pg_restore") is None, reason="pg_restore is not installed")
def test_the_store_before_comes_back_by_the_command_of_the_document(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    place = Place(postgres_server.database(), tmp_path)
    store = place.open()
    fill(store)
    place.save()
    take(store, "9")
    before = (outbox(store), store.message_list())
    store.close()
    kept = place.restore(replace=True).kept
    (line,) = (one for one in STORAGE.read_text("utf-8").splitlines() if one.startswith("pg_restore "))
    words = [word for word in line.split() if not word.startswith(("--dbname", "/"))]
    url = place.url.replace("postgresql+psycopg:", "postgresql:")
    subprocess.run([*words, f"--dbname={url}", kept], check=True, capture_output=True)
    store = Store.open(place.url, tmp_path)
    assert (outbox(store), store.message_list()) == before
    store.close()


def test_without_postgresqls_programs_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Permanent, match="pg_dump is not on the PATH: install PostgreSQL's client programs"):
        pg_tools.dump("postgresql+psycopg://u:secret@h/d", tmp_path / "x")


def test_the_password_goes_to_the_programs_by_their_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(
        '#!/bin/sh\necho "$PGPASSWORD $PGHOST $PGPORT $PGUSER $PGDATABASE $PGSSLMODE / $*" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Permanent) as refused:
        pg_tools.dump("postgresql+psycopg://u:p%40ss@h:7/d?sslmode=require", tmp_path / "x")
    environ, _, words = str(refused.value).partition(" / ")
    assert environ == "pg_dump: p@ss h 7 u d require"
    assert "p@ss" not in words

"""A real PostgreSQL on a free loopback port, one a test run; a fresh database a test."""

import getpass
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=60")
_READY_WITHIN = 60.0  # seconds
_NOBODY = 65534


@dataclass
class PostgresServer:
    """A running server; `database()` makes an empty database and returns its SQLAlchemy url."""

    port: int
    user: str
    folder: Path
    _names: Iterator[int] = field(default_factory=itertools.count)

    def database(self) -> str:
        name = f"t{next(self._names)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{name}"

    def dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={self.user} dbname={database}"


def _binary(name: str) -> str | None:
    """From PATH, else the newest of Debian's folders."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    return next((str(one / name) for one in folders if (one / name).exists()), None) or shutil.which(name)


def _missing(what: str) -> None:
    if os.environ.get("MAILCASE_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{what} is required (MAILCASE_REQUIRE_SERVERS=1)", pytrace=False)
    pytest.skip(f"{what} is not installed")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_nobody(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        _missing("setpriv (needed as root)")
    os.chown(folder, _NOBODY, _NOBODY)
    return [str(setpriv), "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]


def _start(
    initdb: str, postgres: str, folder: Path, settings: Sequence[str]
) -> "tuple[subprocess.Popen[bytes], PostgresServer]":
    prefix, data, port = _as_nobody(folder), folder / "data", _free_port()
    user = "nobody" if os.getuid() == 0 else getpass.getuser()
    made = [*prefix, initdb, "-D", str(data), "-U", user, "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder)
    options = [word for one in settings for word in ("-c", one)]
    command = [*prefix, postgres, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    return process, PostgresServer(port, user, folder)


def _wait_until_ready(process: "subprocess.Popen[bytes]", server: PostgresServer) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while True:
        try:
            psycopg.connect(server.dsn("postgres"), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{(server.folder / 'log').read_text()}", pytrace=False)
            time.sleep(0.05)


@contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server with these settings ("name=value"); it is gone at the end."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    if initdb is None or postgres is None:
        _missing("PostgreSQL")
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    process, server = _start(initdb, postgres, folder, settings)
    try:
        _wait_until_ready(process, server)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, without waiting for clients
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole test run."""
    with running_postgres(*_FAST) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy url of an empty database."""
    return postgres_server.database()

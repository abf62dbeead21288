"""A real PostgreSQL on a free loopback port: one for a test run with a fresh database a test, or one that can die."""

import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
import pytest

from tests.servers.fixtures import missing
from tests.servers.ports import free_port, wait_until

#: Savings that a crash of the machine would punish, not one of the server: what was committed outlives `kill`.
MORTAL: Final = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=60")
_FAST: Final = (*MORTAL, "synchronous_commit=off")
_READY_WITHIN: Final = 60.0  # seconds
_NOBODY: Final = 65534


@dataclass
class PostgresServer:
    """A running server; `database()` makes an empty database and returns its SQLAlchemy url."""

    port: int
    user: str
    folder: Path
    _names: Iterator[int] = field(default_factory=itertools.count)

    def database(self) -> str:
        return self.url(self.copy("template1"))

    def copy(self, template: str) -> str:
        """A new database like that one; its name."""
        name = f"t{next(self._names)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return name

    def url(self, database: str) -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={self.user} dbname={database}"


def _binary(name: str) -> str | None:
    """From PATH, else the newest of Debian's folders."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    return next((str(one / name) for one in folders if (one / name).exists()), None) or shutil.which(name)


def _as_nobody(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        missing("setpriv is not installed (needed as root)")
    os.chown(folder, _NOBODY, _NOBODY)
    return [str(setpriv), "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]


class OwnPostgres:
    """`with OwnPostgres() as own: own.url`; it can die and come back on the same port. Gone at the end.

    Args:
        settings: "name=value"; skips the test where PostgreSQL is not installed.
    """

    def __init__(self, settings: Sequence[str] = MORTAL) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.server = PostgresServer(free_port(), "nobody" if os.getuid() == 0 else getpass.getuser(), self.folder)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._conn: psycopg.Connection[tuple[object, ...]] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        initdb = _binary("initdb")
        if initdb is None:
            missing("PostgreSQL is not installed")
        made = [*_as_nobody(self.folder), str(initdb), "-D", str(self.folder / "data"), "-U", self.server.user]
        made += ["-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(made, check=True, capture_output=True, cwd=self.folder)
        self.start()
        self.url = self.server.database()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [word for one in self._settings for word in ("-c", one)]
        place = ["-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.server.port)]
        command = [*_as_nobody(self.folder), str(_binary("postgres")), *place, "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        wait_until(self._ready, _READY_WITHIN, "PostgreSQL did not start")

    def kill(self) -> None:
        """As `pg_ctl stop -m immediate`: every session ends in the middle of what it does."""
        self.hang_up()
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)
            self._process = None

    def restart(self) -> None:
        """Die and come back."""
        self.kill()
        self.start()

    def hang_up(self) -> None:
        """End the session of `rows`."""
        if self._conn is not None:
            self._conn.close()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds; raises psycopg.OperationalError while the server is away."""
        if self._conn is None or self._conn.closed:
            name = self.url.rpartition("/")[2]
            self._conn = psycopg.connect(self.server.dsn(name), connect_timeout=10, autocommit=True)
        return list(self._conn.execute(query.encode()))

    def _ready(self) -> bool:
        try:
            psycopg.connect(self.server.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole test run."""
    with OwnPostgres(_FAST) as own:
        yield own.server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy url of an empty database."""
    return postgres_server.database()

"""A PostgreSQL of one's own that can die and come back on the same port, with everything that was committed."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.servers.fixtures import missing
from tests.servers.ports import free_port, wait_until
from tests.servers.postgres import _FAST, PostgresServer, _as_nobody, _binary

_READY_WITHIN = 60.0  # seconds


class OwnPostgres:
    """`with OwnPostgres() as server: server.url`; skips the test where PostgreSQL is not installed.

    What was committed outlives `kill`: of the shared server's savings only those are taken that a crash of the
    machine would punish, not a crash of the server.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._server = PostgresServer(free_port(), "nobody" if os.getuid() == 0 else "postgres", self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._conn: psycopg.Connection[tuple[object, ...]] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        initdb = _binary("initdb")
        if initdb is None:
            missing("PostgreSQL is not installed")
        made = [*_as_nobody(self.folder), str(initdb), "-D", str(self.folder / "data"), "-U", self._server.user]
        made += ["-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(made, check=True, capture_output=True, cwd=self.folder)
        self.start()
        self.url = self._server.database()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        kept = [one for one in _FAST if not one.startswith("synchronous_commit")]
        options = [word for one in kept for word in ("-c", one)]
        place = ["-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self._server.port)]
        command = [*_as_nobody(self.folder), str(_binary("postgres")), *place, "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        wait_until(self._ready, _READY_WITHIN, "PostgreSQL did not start")

    def kill(self) -> None:
        """As `pg_ctl stop -m immediate`: every session ends in the middle of what it does."""
        if self._conn is not None:
            self._conn.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)
            self._process = None

    def restart(self) -> None:
        """Die and come back."""
        self.kill()
        self.start()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds; raises psycopg.OperationalError while the server is away."""
        if self._conn is None or self._conn.closed:
            name = self.url.rpartition("/")[2]
            self._conn = psycopg.connect(self._server.dsn(name), connect_timeout=10, autocommit=True)
        return list(self._conn.execute(query.encode()))

    def _ready(self) -> bool:
        try:
            psycopg.connect(self._server.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

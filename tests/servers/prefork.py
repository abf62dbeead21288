"""Starts the real program as processes of its own, forked from one that has imported it; see prefork_server."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parents[2]


class Process:
    """A process as subprocess.Popen shows one: what tests need of it."""

    def __init__(self, argv: Sequence[str], told: int) -> None:
        self.args = list(argv)
        self.returncode: int | None = None
        self._told = os.fdopen(told, "rb", buffering=0)
        line = self._line(300)
        if line is None:
            raise AssertionError("the server that forks processes does not answer")
        self.pid = int(line)

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """As os.kill, unless it ended; its server buries it at once, perhaps between the two looks."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and (line := self._line(seconds)) is not None:
            self.returncode = int(line)
            self._told.close()
        return self.returncode

    def _line(self, seconds: float | None) -> bytes | None:
        if not select.select([self._told], [], [], seconds)[0]:
            return None
        line = b""
        while not line.endswith(b"\n"):
            if not (octet := self._told.read(1)):
                raise AssertionError(f"the server that forks processes died; {self.args}")
            line += octet
        return line


class Prefork:
    """One server of this test process, started at the first use; it ends with us."""

    def __init__(self) -> None:
        self._mine: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: "int | IO[bytes] | None" = None,
        stdout: "int | IO[bytes] | None" = None,
        stderr: "int | IO[bytes] | None" = None,
    ) -> Process:
        """Start `python ARGV` ("-m module …" or "-c code …"); None is /dev/null."""
        wish = {
            "argv": list(argv),
            "env": dict(os.environ if env is None else env),
            "folder": str(folder or Path.cwd()),
        }
        reading, writing = os.pipe()
        nothing = os.open(os.devnull, os.O_RDWR)
        given = (nothing if one is None else one for one in (stdin, stdout, stderr))
        three = [one if isinstance(one, int) else one.fileno() for one in given]
        try:
            socket.send_fds(self._socket(), [json.dumps(wish).encode()], [*three, writing])
        finally:
            os.close(nothing)
            os.close(writing)
        return Process(argv, reading)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdout: int | None = None,
        timeout: float = 120,
    ) -> "subprocess.CompletedProcess[bytes]":
        """As subprocess.run(capture_output=True); what goes to a `stdout` of one's own is not returned."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            process = self.start(argv, env=env, folder=folder, stdin=given, stdout=stdout or out, stderr=err)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(list(argv), code, out.read(), err.read())

    def _socket(self) -> socket.socket:
        if self._mine is None or self._server is None or self._server.poll() is not None:
            # SEQPACKET keeps the borders of requests.
            self._mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.servers.prefork_server"]
            self._server = subprocess.Popen(command, stdin=theirs.fileno(), cwd=_ROOT)
            theirs.close()
        return self._mine


#: Of this test process.
PREFORK = Prefork()

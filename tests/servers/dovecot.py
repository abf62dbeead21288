"""A real Dovecot of our own in a short folder, as root (dropping to nobody) or as an ordinary user."""

import contextlib
import functools
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.servers.dovecot_conf import V23, V24, passwd_line
from tests.servers.listing import contents, mail_files
from tests.servers.ports import free_port, wait_until

NOBODY = 65534


class ServerMissingError(Exception):
    """The program is not installed here."""


@functools.cache
def certificate() -> tuple[bytes, bytes]:
    """(certificate, key) in PEM for localhost and 127.0.0.1, made once a test run."""
    with tempfile.TemporaryDirectory(prefix="mc-cert-") as name:
        key, cert = Path(name, "key.pem"), Path(name, "cert.pem")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
        subprocess.run(command, check=True, capture_output=True)
        return cert.read_bytes(), key.read_bytes()


def encode_folder(name: str) -> str:
    """A folder's name as Maildir++ writes it on disk (modified UTF-7, levels parted by a dot)."""
    from mailcase.intake.imap.grammar import encode_utf7

    return encode_utf7(name.replace("/", "."))


def _is_gone(group: int) -> bool:
    """Whether no process of it lives."""
    return not any(_lives(one, group) for one in psutil.process_iter())


def _lives(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


class Dovecot:
    """`with Dovecot(users={"user": "pass"}) as server:` then server.port, server.tls_port, server.cert.

    `extra` is appended to the configuration (Dovecot's own syntax). What lies in a `folder` of one's own outlives it:
    with the same folder again it goes on with its mail and ports. Raises ServerMissingError where there is no Dovecot.
    """

    def __init__(self, users: Mapping[str, str] | None = None, extra: str = "", folder: Path | None = None) -> None:
        if shutil.which("dovecot") is None:
            raise ServerMissingError("dovecot is not installed (apt-get install dovecot-imapd)")
        self.users = dict(users or {"user": "pass"})
        self.extra = extra
        self.host = "127.0.0.1"
        # pytest's tmp_path is too long for a unix socket
        self.dir = folder or Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
        self.dir.mkdir(exist_ok=True)
        self._kept = folder is not None
        ports = self.dir / "ports"
        if not ports.exists():
            ports.write_text(f"{free_port()} {free_port()}")
        self.port, self.tls_port = map(int, ports.read_text().split())
        self.cert = self.dir / "cert.pem"
        self._root = os.getuid() == 0
        self._uid = NOBODY if self._root else os.getuid()
        self._gid = NOBODY if self._root else os.getgid()
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not (self.dir / "mail").exists():
            self._write_files()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if not self._kept:
            shutil.rmtree(self.dir, ignore_errors=True)

    # the process

    def start(self) -> None:
        """Start it and wait for its greeting."""
        drop = ["setpriv", f"--reuid={self._uid}", f"--regid={self._gid}", "--clear-groups"] if self._root else []
        command = [*drop, "dovecot", "-F", "-c", str(self.dir / "dovecot.conf")]
        self._process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        wait_until(self._greets, 60, f"dovecot did not greet; see {self.dir}/dovecot.log")

    @property
    def pid(self) -> int:
        """The master; every other process of the server descends from it."""
        assert self._process is not None
        return self._process.pid

    def sessions(self) -> int:
        """How many clients it works for; what one that was killed asked for goes on to its end."""
        count = 0
        for one in psutil.Process(self.pid).children() if self._process else ():
            with contextlib.suppress(psutil.NoSuchProcess):
                count += one.name() == "imap"
        return count

    def kill(self) -> None:
        """SIGKILL for the whole process group: a crash. Harmless when it is down already.

        The others of the group end a moment after the master, and until then they hold its ports.
        """
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGKILL)
            self._process.wait()
            wait_until(partial(_is_gone, self._process.pid), 60, "a process of dovecot outlives SIGKILL")
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """End a freeze."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Crash and start again on the same ports, the mail kept."""
        self.kill()
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _greets(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as link:
                return link.recv(64).startswith(b"* OK")
        except OSError:
            return False

    # the mail

    def put(
        self, user: str, raw: bytes, *, folder: str = "INBOX", received: datetime | None = None, seen: bool = False
    ) -> Path:
        """Lay one mail straight into the Maildir; `received` becomes its INTERNALDATE."""
        box = self.folder_path(user, folder)
        self._make_maildir(box)
        self._count += 1
        size = len(raw)
        name = f"{int(time.time())}.M{self._count:09d}P{os.getpid()}.test,S={size}"
        path = box / "tmp" / name
        path.write_bytes(raw)
        if received is not None:
            os.utime(path, (received.timestamp(), received.timestamp()))
        self._own(path)
        target = box / ("cur" if seen else "new") / (name + (":2,S" if seen else ""))
        path.rename(target)
        return target

    def folder_path(self, user: str, folder: str = "INBOX") -> Path:
        """Where that folder lies on disk."""
        root = self.dir / "mail" / user / "Maildir"
        return root if folder.upper() == "INBOX" else root / f".{encode_folder(folder)}"

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of a folder, in order of their file names."""
        return contents(lambda: self.files(user, folder))

    def files(self, user: str, folder: str = "INBOX") -> list[Path]:
        """The files of a folder; the flags are the letters after ":2,"."""
        return mail_files(self.folder_path(user, folder))

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The Maildir flag letters of each mail (S seen, T deleted, a… keywords)."""
        return [path.name.partition(":2,")[2] for path in self.files(user, folder)]

    def reset_uidvalidity(self, user: str, folder: str = "INBOX") -> None:
        """Throw the index away: every mail stays and gets a new UIDVALIDITY at the next SELECT."""
        box = self.folder_path(user, folder)
        old = self._uidvalidity(box)
        for path in box.glob("dovecot*"):
            if path.is_file() and path.name != "dovecot-keywords":
                path.unlink(missing_ok=True)  # a session that ends may take away its own
        (box / "dovecot-uidlist").write_text(f"3 V{old + 1} N1 G{os.urandom(16).hex()}\n")
        self._own(box / "dovecot-uidlist")

    def log(self) -> str:
        """What Dovecot wrote."""
        path = self.dir / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _uidvalidity(self, box: Path) -> int:
        uidlist = box / "dovecot-uidlist"
        found = re.match(r"3 V(\d+)", uidlist.read_text()) if uidlist.exists() else None
        return int(found[1]) if found else 1

    def _make_maildir(self, box: Path) -> None:
        for path in (box, box / "new", box / "cur", box / "tmp"):
            path.mkdir(parents=True, exist_ok=True)
        for path in (*box.relative_to(self.dir).parents, box.relative_to(self.dir)):
            if path != Path("."):
                self._own(self.dir / path)
        for part in ("new", "cur", "tmp"):
            self._own(box / part)

    def _own(self, path: Path) -> None:
        if self._root:
            os.chown(path, self._uid, self._gid)

    def _write_files(self) -> None:
        cert, key = certificate()
        self.cert.write_bytes(cert)
        (self.dir / "key.pem").write_bytes(key)
        (self.dir / "passwd").write_text("".join(passwd_line(*item) for item in self.users.items()))
        (self.dir / "dovecot.conf").write_text(self._configuration())
        for name in ("run", "state", "mail"):
            (self.dir / name).mkdir()
        for path in (self.dir, *self.dir.iterdir()):
            self._own(path)

    def _configuration(self) -> str:
        version = subprocess.run(["dovecot", "--version"], check=True, capture_output=True, text=True).stdout
        template = V24 if version.startswith("2.4") else V23
        names = {"user": pwd.getpwuid(self._uid).pw_name, "group": grp.getgrgid(self._gid).gr_name}
        ids = {"uid": str(self._uid), "gid": str(self._gid)}
        ports = {"port": str(self.port), "tls_port": str(self.tls_port)}
        values = {"dir": str(self.dir), **names, **ids, **ports}
        return re.sub(r"@(\w+)@", lambda found: values[found[1]], template) + self.extra + "\n"

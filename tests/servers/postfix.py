"""A real Postfix of our own: accepts by SMTP on 127.0.0.1, hands helpdesk.example to LMTP, all else to an SMTP sink.

Needs root (Postfix drops to its own user) and the package postfix, which `scripts/servers.sh` does not install:
without it the test is skipped, with MAILCASE_REQUIRE_POSTFIX=1 it fails.
"""

import contextlib
import json
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers.ports import free_port, wait_until

# What docs/lmtp.md tells an administrator, and below it what lets it run beside another Postfix and try again soon.
_MAIN = """
virtual_mailbox_domains = helpdesk.example
virtual_mailbox_maps = static:all
virtual_transport = lmtp:{lmtp}
lmtp_destination_recipient_limit = 50
message_size_limit = 52428800

compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
myhostname = mx.helpdesk.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = smtp:[127.0.0.1]:{out}
smtp_dns_support_level = disabled
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
alias_maps =
alias_database =
biff = no
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """`with Postfix(lmtp="unix:mailcase/lmtp.sock", out=sink.port) as mta: mta.send(raw, sender, *recipients)`."""

    def __init__(self, *, lmtp: str, out: int) -> None:
        self.port = free_port()
        self.dir = Path(tempfile.mkdtemp(prefix="mc-postfix-", dir="/tmp"))
        self._config = self.dir / "etc"
        self._values = {"lmtp": lmtp, "out": out, "dir": self.dir, "port": self.port}
        self._master: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.dir.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (self.dir / name).mkdir()
        shutil.chown(self.dir / "data", "postfix")
        (self._config / "main.cf").write_text(_MAIN.format(**self._values))
        (self._config / "master.cf").write_text(_MASTER.format(**self._values))
        subprocess.run(["postfix", "-c", str(self._config), "check"], check=True, capture_output=True)
        asked = ["postconf", "-c", str(self._config), "-h", "daemon_directory"]
        daemons = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        command = [f"{daemons}/master", "-c", str(self._config), "-s"]
        self._master = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            wait_until(self._greets, 60, "postfix did not greet")
        except AssertionError:
            told = self.log()
            self.stop()
            raise AssertionError(f"postfix did not greet: {told}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and remove its folder."""
        if self._master is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._master.pid, signal.SIGKILL)
        self._master.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def private_folder(self, name: str) -> Path:
        """A folder of the queue in which a new socket gets Postfix's group (docs/lmtp.md)."""
        folder = self.dir / "queue" / name
        folder.mkdir()
        shutil.chown(folder, group="postfix")
        folder.chmod(0o2750)
        return folder

    def send(self, raw: bytes, sender: str, *recipients: str) -> None:
        """Hand a mail in by SMTP, as another server would."""
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            assert client.sendmail(sender, recipients, raw) == {}

    def queue(self) -> set[str]:
        """The queue IDs of what it could not hand on yet.

        It lists one queue after the other: a mail that moves meanwhile stands in two of them, or for once in none.
        """
        done = subprocess.run(["postqueue", "-c", str(self._config), "-j"], check=True, capture_output=True)
        return {json.loads(line)["queue_id"] for line in done.stdout.splitlines()}

    def flush(self) -> bool:
        """Try at once what waits: its own clock skips a mail that it was just busy with, for minutes. Always True."""
        return subprocess.run(["postqueue", "-c", str(self._config), "-f"], check=False).returncode >= 0

    def log(self) -> str:
        """What Postfix wrote."""
        path = self.dir / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def _greets(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                return client.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False


def needs_postfix() -> None:
    """Skip with the reason, or fail with MAILCASE_REQUIRE_POSTFIX=1."""
    reason = ""
    if shutil.which("postfix") is None:
        reason = "postfix is not installed (apt-get install --no-install-recommends postfix)"
    elif os.geteuid() != 0:
        reason = "postfix must be started by root"
    if reason and os.environ.get("MAILCASE_REQUIRE_POSTFIX") == "1":
        pytest.fail(reason)
    elif reason:
        pytest.skip(reason)

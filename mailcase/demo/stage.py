"""The folder and the processes of the demo: a configuration, the real daemon, and its commands."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mailcase.demo.mails import HELP, HILFE
from mailcase.demo.office import office
from mailcase.demo.servers import HOST, Post
from mailcase.errors import MailcaseError

_PATIENCE: Final = 90.0  # seconds until everything that was delivered must be decided and answered
_QUIET: Final = 1.0  # seconds without a line in the log, after which it is worth asking
_STOP: Final = 20.0  # seconds that SIGTERM may take

_SETTINGS: Final = """\
# Written by `mailcase demo`; `mailcase init` writes the file with every setting explained.
[security]
token_keys = [{{ file = "token.key" }}]

[[cases.account]]
name = "Visitor Ltd"
domains = ["visitor.example"]

[[assignment]]
name = "projectors"
words = ["projector"]
group = "First line"
"""
_MAILBOX: Final = """
[[mailbox]]
name = "{name}"
address = "{address}"
language = "{language}"
reply_to_is_sender = true
[mailbox.imap]
host = "{host}"
port = {imap}
security = "none"
user = "{address}"
password = {{ file = "password" }}
poll = "3s"  # not 60s: a mail that IDLE does not tell of would hold up the play
[mailbox.smtp]
host = "{host}"
port = {smtp}
security = "none"
from_name = "{who}"
"""
_BOXES: Final = (("help", HELP, "en", "Harbor help desk"), ("hilfe", HILFE, "de", "Harbor Hilfe"))


class DemoFailed(MailcaseError):
    """The demo did not come out as it must."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder with a configuration, in which commands run as their own processes."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "mailcase.toml"

    async def prepare(self, post: Post) -> None:
        """Write the files that `mailcase init` writes, then settings that lead to the embedded servers."""
        await self.command("init", str(self.folder))
        boxes = (
            _MAILBOX.format(
                name=name,
                address=address,
                language=language,
                who=who,
                host=HOST,
                imap=post.imap_port,
                smtp=post.smtp_port,
            )
            for name, address, language, who in _BOXES
        )
        self.config.write_text(_SETTINGS.format() + "".join(boxes), "utf-8")
        password = self.folder / "password"
        password.touch(0o600)
        password.write_text(post.password, "utf-8")
        with (self.folder / "blacklist.txt").open("a", encoding="utf-8") as blacklist:
            blacklist.write("promo.example ; sells toner\n")

    async def command(self, *args: str) -> str:
        """Run one command to its end and return what it printed.

        Raises:
            DemoFailed: it did not exit with 0; with what it said.
        """
        process = await self._start(*args, out=asyncio.subprocess.PIPE, err=asyncio.subprocess.PIPE)
        out, err = await process.communicate()
        if process.returncode:
            raise DemoFailed(
                f"`mailcase {' '.join(args)}` exited with {process.returncode}\n{err.decode()}{out.decode()}"
            )
        return out.decode()

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """`mailcase run` until the block ends; its log lies in daemon.log."""
        with (self.folder / "daemon.log").open("ab") as log:
            process = await self._start("run", out=log, err=log)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), _STOP)

    async def settled(self, daemon: asyncio.subprocess.Process, deliveries: int) -> tuple[list[Any], list[Any]]:
        """Wait until so many deliveries are decided and nothing waits to be sent; returns both lists.

        Raises:
            DemoFailed: the daemon ended, or it took too long.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                while not _settled(found := await self._when_quiet(daemon), deliveries):
                    pass
        except TimeoutError:
            raise DemoFailed(f"not all was decided and sent within {_PATIENCE:.0f} s\n{self.log()}") from None
        return found

    async def until(
        self, daemon: asyncio.subprocess.Process, there: Callable[[], Awaitable[bool]], otherwise: str, pause: float
    ) -> None:
        """Wait until it is so, looking again after each pause (seconds).

        Raises:
            DemoFailed: the daemon ended, or it took too long: `otherwise`.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                while not await there():
                    await asyncio.sleep(pause)
                    self.must_run(daemon)
        except TimeoutError:
            raise DemoFailed(f"{otherwise} within {_PATIENCE:.0f} s\n{self.log()}") from None

    def must_run(self, daemon: asyncio.subprocess.Process) -> None:
        """DemoFailed if the daemon ended."""
        if daemon.returncode is not None:
            raise DemoFailed(f"the daemon ended with {daemon.returncode}\n{self.log()}")

    async def lists(self) -> tuple[list[Any], list[Any]]:
        """What `message list` and `outbox list` show: read here, since each command costs a second to start."""
        return await asyncio.to_thread(_lists, self.config)

    async def _when_quiet(self, daemon: asyncio.subprocess.Process) -> tuple[list[Any], list[Any]]:
        """The lists once the daemon writes nothing more."""
        size = -1
        while size != (size := (self.folder / "daemon.log").stat().st_size):
            await asyncio.sleep(_QUIET)
            self.must_run(daemon)
        return await self.lists()

    def log(self) -> str:
        """The end of the daemon's log."""
        return "\n".join((self.folder / "daemon.log").read_text("utf-8", "replace").splitlines()[-30:])

    async def _start(self, *args: str, out: Any, err: Any) -> asyncio.subprocess.Process:
        """This very program as a process of its own; settings in the caller's environment do not reach it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILCASE_")}
        command = (sys.executable, "-m", "mailcase", "--config", str(self.config), *args)
        return await asyncio.create_subprocess_exec(*command, stdout=out, stderr=err, env=environment)


def _settled(found: tuple[list[Any], list[Any]], deliveries: int) -> bool:
    mails, outbox = found
    decided = len(mails) >= deliveries and all(mail["outcome"] for mail in mails)
    return decided and not any(row["state"] in ("pending", "sending") for row in outbox)


def _lists(file: Path) -> tuple[list[Any], list[Any]]:
    with office(file) as desk:
        return desk.store.message_list(), desk.store.outbox_list()

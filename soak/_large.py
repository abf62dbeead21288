"""Mails of 45 to 50 MB from a real Dovecot through the real daemon: what each of its processes takes (F21, R10)."""

import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from soak._processes import descendants
from soak.part import Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

MB: Final = 1_048_576
CPU_S: Final = 5.0  # of the whole tree for one mail
MEMORY_MB: Final = 300  # of its largest process
_LONGEST: Final = 180.0  # seconds until a mail is answered
_EVERY: Final = 0.05  # seconds between looks; the peak is the kernel's own, so only ends can be missed
_TICK: Final = os.sysconf("SC_CLK_TCK")


def _attachment(number: int) -> bytes:
    data = b64encode(bytes(range(256)) * (46 * MB // 350))
    lines = "\r\n".join(data[at : at + 76].decode() for at in range(0, len(data), 76))
    body = (
        "--edge\r\nContent-Type: text/plain\r\n\r\nSee the scan.\r\n--edge\r\n"
        "Content-Type: application/pdf; name=scan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{lines}\r\n--edge--\r\n"
    )
    return letter(number, body=body, Content_Type="multipart/mixed; boundary=edge")


def _text(number: int) -> bytes:
    return letter(number, body="Good morning, all is well.\r\n" * (48 * MB // 28))


def _html(number: int) -> bytes:
    return letter(number, body="<p>Good morning</p>\r\n" * (48 * MB // 21), Content_Type="text/html")


_MAILS: Final[dict[str, Callable[[int], bytes]]] = {"an attachment": _attachment, "plain text": _text, "HTML": _html}


@dataclass
class Tree:
    """The daemon and all processes below it; their peaks and CPU time since `forget`."""

    pid: int
    peaks: dict[int, float] = field(default_factory=dict)  # MB
    before: dict[int, float] = field(default_factory=dict)  # MB in use when `forget` was called
    names: dict[int, str] = field(default_factory=dict)
    _cpu: dict[int, float] = field(default_factory=dict)
    _before: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Read what the kernel says of each."""
        for pid in (self.pid, *descendants(self.pid)):
            with suppress(OSError, StopIteration):  # it has ended meanwhile
                self.names.setdefault(pid, _name(pid, self.pid))
                self._cpu[pid] = _cpu(pid)
                self.peaks[pid] = max(self.peaks.get(pid, 0), _peak(pid))

    def forget(self) -> None:
        """Peaks and CPU time count from now on (proc(5), clear_refs 5)."""
        self.look()
        self.peaks.clear()
        self._before = dict(self._cpu)
        for pid in (self.pid, *descendants(self.pid)):
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.look()
        self.before = dict(self.peaks)

    @property
    def cpu_s(self) -> float:
        """Of all of them."""
        return sum(one - self._before.get(pid, 0) for pid, one in self._cpu.items())

    def told(self) -> str:
        """Each with its peak and what it had before, the largest first."""
        ordered = sorted(self.peaks.items(), key=lambda one: -one[1])
        return ", ".join(
            f"{self.names[pid]} {peak:.0f} ({self.before.get(pid, 0):.0f} before)" for pid, peak in ordered
        )


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _name(pid: int, daemon: int) -> str:
    if pid == daemon:
        return "daemon"
    words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\x00", b" ").decode(errors="replace")
    return "resource tracker" if "resource_tracker" in words else "parser or its server"


def run(work: Work) -> tuple[bool, list[str]]:
    """Whether all kept the budget and the promises hold, and the lines to write down."""
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, extra='max_size = "60MB"')
        try:
            assert desk.once() == 0
            return _with_daemon(work, desk)
        finally:
            desk.close()


def _with_daemon(work: Work, desk: Desk) -> tuple[bool, list[str]]:
    with (desk.dir / "daemon.log").open("ab") as log:
        command = [sys.executable, *desk._command("run")]  # as it is in use: not forked from one that knows it all
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        return _fed(work, desk, daemon)
    finally:
        daemon.kill()
        daemon.wait()


def _fed(work: Work, desk: Desk, daemon: "subprocess.Popen[bytes]") -> tuple[bool, list[str]]:
    tree = Tree(daemon.pid)
    put = [letter("warm")]
    desk.put(put[0])
    _until_answered(desk, tree, 1)  # what is imported late is not a large mail's
    lines = [f"from Dovecot through the daemon ({CPU_S:g} s of CPU and {MEMORY_MB} MB in the largest process):", ""]
    lines += ["| mail | MB | tree, CPU s | peak MB of each process |", "| --- | --: | --: | --- |"]
    good = True
    for number, (name, make) in enumerate(_MAILS.items()):
        put.append(make(number))
        tree.forget()
        desk.put(put[-1])
        _until_answered(desk, tree, len(put))
        good = good and max(tree.peaks.values()) <= MEMORY_MB and tree.cpu_s <= CPU_S
        lines.append(f"| {name} | {len(put[-1]) / MB:.1f} | {tree.cpu_s:.2f} | {tree.told()} |")
        work.say(lines[-1])
    daemon.terminate()
    found = [*_ended(daemon), *findings(desk_scene(desk, put))]
    return good and not found, [*lines, "", f"{len(found)} findings", *found[:20]]


def _ended(daemon: "subprocess.Popen[bytes]") -> Iterator[str]:
    if status := daemon.wait(60):
        yield f"the daemon ended with {status}"


def _until_answered(desk: Desk, tree: Tree, mails: int) -> None:
    deadline = time.monotonic() + _LONGEST
    while len(desk.sink.mails) < mails:
        assert time.monotonic() < deadline, (desk.dir / "daemon.log").read_text()[-2000:]
        tree.look()
        time.sleep(_EVERY)
    tree.look()

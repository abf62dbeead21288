"""What strace sees of a real daemon: the store is synced to the disk before the server is told of a mail (F27, R1)."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from soak._processes import group
from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

SAYS = "strace shows fsync or fdatasync of journal and of outcome between FETCH and MOVE, STORE or EXPUNGE"
MINUTES = 1.0
COUNTED = True
_CALLS: Final = "fsync,fdatasync,pwrite64,write,sendto,rename,renameat,renameat2,link,linkat"
_MAILS: Final = 3
_AFTERS: Final = ("move:Done", "delete", "seen")
_RAWS: Final = {"store": "", "file:raw/": '[store]\nraw = "file:raw/"\n'}
_CALL: Final = re.compile(r"^(\d+)\s+(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
_PATH: Final = re.compile(r"<(/[^>]*)>")
_TELLS: Final = re.compile(r"UID (MOVE|STORE|EXPUNGE)")
_FETCHES: Final = re.compile(r"UID FETCH .*BODY\.PEEK\[")
_HEADER: Final = re.compile(r", 32, 0(?:\)| <)")  # of the WAL, synced by itself when the file begins anew
_SYNCS: Final = 2  # from the fetch until the server is told: of the journal, and of the outcome


def run(work: Work) -> Outcome:
    """Each way of `after` with the raw bytes in the store and as files; needs strace. What was seen is kept."""
    if shutil.which("strace") is None:
        return Outcome(good=False, lines=("strace is not installed (apt-get install strace): nothing was proven",))
    done: dict[str, tuple[str, list[str]]] = work.kept("done", {})
    for name, after, extra in _scenarios():
        if name not in done:
            done[name] = _traced(after, extra)
            work.keep("done", done)
            work.say(f"{name}: {done[name][0]}")
    found = [f"{name}: {line}" for name, (_, wrong) in done.items() for line in wrong]
    return Outcome(not found, (*(f"{name}: {seen}" for name, (seen, _) in done.items()), *found))


def _scenarios() -> Iterator[tuple[str, str, str]]:
    for raw, extra in _RAWS.items():
        yield from ((f"raw = {raw}, after = {after}", after, extra) for after in _AFTERS)


def _traced(after: str, extra: str) -> tuple[str, list[str]]:
    """The order of one pass in words, and what was wrong with it."""
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, after=after, extra=extra)
        try:
            assert desk.once() == 0
            mails = [letter(number) for number in range(_MAILS)]
            for one in mails:
                desk.put(one)
            log = desk.dir / "strace.txt"
            command = ["strace", "-f", "-y", "-s", "80", "-e", f"trace={_CALLS}", "-o", str(log)]
            program = [sys.executable, "-m", "mailcase", "--config", str(desk.config), "run", "--once"]
            said = desk.dir / "daemon.log"
            with said.open("wb") as out, group([*command, *program], stdout=out, stderr=out) as daemon:
                assert daemon.wait(timeout=300) == 0, said.read_text()[-2000:]
            order = Order()
            for line in log.read_text(errors="replace").splitlines():
                order.read(line)
            return order.told(), [*order.wrong(raw_files=bool(extra)), *findings(desk_scene(desk, mails))]
        finally:
            desk.close()


@dataclass
class Order:
    """Reads strace's lines one after another: a write counts when it begins, a sync when it has returned."""

    steps: list[str] = field(default_factory=list)  # the first of each run of equal steps
    faults: list[str] = field(default_factory=list)
    _unsynced: set[str] = field(default_factory=set)  # store files with writes that no sync has followed
    _syncing: dict[str, str] = field(default_factory=dict)  # thread -> file of a sync that has not returned
    _synced_raw: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)  # of raw files that were renamed and whose folder was not synced
    _commits: set[str] = field(default_factory=set)  # those of them with more than a header in it
    _synced: int = 0  # commits since the last mails were asked for

    def read(self, line: str) -> None:
        """One line of `strace -f -y`."""
        found = _CALL.match(line)
        if found is None:
            return
        thread, resumed, call, rest = found.groups()
        path = next(iter(_PATH.findall(rest)), "")
        if resumed in ("fsync", "fdatasync") and thread in self._syncing:
            self._sync(self._syncing.pop(thread))
        elif call in ("fsync", "fdatasync"):
            if "<unfinished" in rest:
                self._syncing[thread] = path
            else:
                self._sync(path)
        elif call in ("write", "pwrite64"):
            self._write(path, rest)
        elif call in ("rename", "renameat", "renameat2", "link", "linkat"):
            self._rename(rest)
        elif call == "sendto":
            self._send(rest)

    def told(self) -> str:
        """The order in words, until the server was told last; what repeats is said once."""
        text = " → ".join(self.steps).replace("write store → sync store", "store written and synced")
        until = [step for step, _ in groupby(text.split(" → "))]
        last = max((at for at, step in enumerate(until) if _TELLS.match(step)), default=len(until) - 1)
        return " → ".join(until[: last + 1])

    def wrong(self, *, raw_files: bool) -> Iterator[str]:
        """What the order does not show although it must."""
        yield from self.faults
        if not any(map(_TELLS.match, self.steps)):
            yield "the server was never told: nothing was proven"
        if "UID FETCH" not in self.steps:
            yield "no mail was fetched: nothing was proven"
        if "sync store" not in self.steps:
            yield "the store was never synced"
        if raw_files and "sync raw folder" not in self.steps:
            yield "the folder of the raw files was never synced"

    def _step(self, step: str) -> None:
        if not self.steps or self.steps[-1] != step:
            self.steps.append(step)

    def _write(self, path: str, rest: str) -> None:
        if "mailcase.db" in path and not path.endswith("-shm"):
            self._unsynced.add(path)
            if path.endswith("-wal") and not _HEADER.search(rest):
                self._commits.add(path)
            self._step("write store")
            if self._folders:
                self.faults.append(f"the journal was written before the folder of {sorted(self._folders)} was synced")
                self._folders.clear()
        elif "/raw/" in path:
            self._step("write raw")

    def _sync(self, path: str) -> None:
        if "mailcase.db" in path:
            self._synced += path in self._commits
            self._commits.discard(path)
            self._unsynced.discard(path)
            self._step("sync store")
        elif "/raw" in path:
            self._synced_raw.add(path)
            folder = path in self._folders
            self._folders.discard(path)
            self._step("sync raw folder" if folder else "sync raw")

    def _rename(self, rest: str) -> None:
        names = re.findall(r'"([^"]+)"', rest)
        if len(names) < 2 or "/raw/" not in names[1]:
            return
        if names[0] not in self._synced_raw:
            self.faults.append(f"{Path(names[0]).name} was renamed before it was synced")
        self._folders.add(str(Path(names[1]).parent))
        self._step("rename raw")

    def _send(self, rest: str) -> None:
        if _FETCHES.search(rest):
            self._step("UID FETCH")
            self._synced = 0
        found = _TELLS.search(rest)
        if found is None:
            return
        self._step(f"UID {found[1]}")
        if self._synced < _SYNCS:
            self.faults.append(f"UID {found[1]} left after {self._synced} commits synced since the last FETCH")
        if self._unsynced:
            self.faults.append(f"UID {found[1]} left while {sorted(self._unsynced)} was not synced")

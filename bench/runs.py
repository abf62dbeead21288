"""One run of each program over the whole corpus: how long, at what cost, and how right."""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.program import PATIENCE, Program
from bench.site import PASSWORD, WARMING, Site
from bench.tree import Tree, Usage
from bench.truth import Marks, marks


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed."""

    name: str
    mails: int
    seconds: float
    usage: Usage
    marks: Marks
    stages: Mapping[str, float] = field(default_factory=dict)  # seconds of wall time in each
    server: float = 0.0  # CPU seconds of the IMAP server

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds a mail."""
        return 1000 * self.usage.cpu / self.mails


def daemon(site: Site, user: str) -> Run:
    """The daemon at work: from the moment when the whole corpus arrives to the last mail decided.

    Its start is not in it (some junk came before, so that every process runs); the half second that the server
    takes to notice new mail is.
    """
    site.open(user)
    program, count = Program(site, user), len(site.truths)
    with program.daemon() as process:
        site.warm(user)
        program.wait_decided(WARMING)
        before = _stages(program)
        with Tree(site.dovecot.pid) as server, Tree(process.pid) as tree:
            began = time.perf_counter()
            site.deliver(user)
            seconds = program.wait_decided(WARMING + count) - began
        after = _stages(program)
    mark = marks(site.truths, program.places(WARMING), program.acknowledged())
    spent = {name: after[name] - before[name] for name in after}
    return Run("mailcase, daemon", count, seconds, tree.usage, mark, spent, server.usage.cpu)


def once(site: Site, user: str) -> Run:
    """`mailcase run --once`, its start and its end included, over a mailbox that it has seen before."""
    site.open(user)
    program = Program(site, user)
    program.once()  # what lies there at the first connection is never acknowledged
    site.deliver(user)
    began = time.perf_counter()
    process = program.begin("run", "--once")
    with Tree(site.dovecot.pid) as server, Tree(process.pid) as tree:
        program.ended(process)
    seconds = time.perf_counter() - began
    mark = marks(site.truths, program.places(), program.acknowledged())
    return Run("mailcase run --once", mark.mails, seconds, tree.usage, mark, server=server.usage.cpu)


def simple(site: Site, user: str) -> tuple[Run, Run]:
    """The simple script: its loop, and the whole process (the CPU of the start is in both)."""
    site.open(user)
    site.deliver(user)
    file = site.folder / f"{user}.db"
    command = [sys.executable, "-m", "bench.simple_script", str(site.dovecot.port), user, PASSWORD, str(file)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with Tree(site.dovecot.pid) as server, Tree(process.pid) as tree:
        said = process.communicate(timeout=PATIENCE)[0]
    whole = time.perf_counter() - began
    mark = marks(site.truths, *tickets_of(file))
    loop = Run("simple script", mark.mails, float(json.loads(said)["seconds"]), tree.usage, mark, {}, server.usage.cpu)
    return loop, replace(loop, name="simple script, its start included", seconds=whole)


def _stages(program: Program) -> dict[str, float]:
    """Seconds that each stage took so far, of the daemon's metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{program.http}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = [line.split() for line in lines if line.startswith("mailcase_stage_seconds_sum{")]
    return {name.split('"')[1]: float(value) for name, value in found}


def tickets_of(file: Path) -> tuple[dict[int, str], set[str]]:
    """The simple script's (places, acknowledged), as `truth.marks` takes them."""
    with sqlite3.connect(file) as sql:
        places = {uid - 1: str(ticket) for uid, ticket in sql.execute("SELECT uid, ticket FROM mail")}
        acknowledged = {str(number) for (number,) in sql.execute("SELECT number FROM ticket WHERE acknowledge")}
    return places, acknowledged

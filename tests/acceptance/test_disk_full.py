"""The disk is full at each place that is written to; intake waits, and goes on by itself without loss (F26, R10).

RLIMIT_FSIZE is the full disk: it works in every place and for every user, and is lifted while the daemon runs.
"""

import fcntl
import os
import re
import resource

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import must_hold
from tests.servers.letters import letter
from tests.servers.logs import events
from tests.servers.prefork import PREFORK, Process

pytestmark = pytest.mark.dovecot

ROOM = 300_000  # bytes that a file may have
NO_ROOM = re.compile(r"full|disk I/O error|File too large|No space left")
BIG = "long " * 100_000  # a mail that has no room
FULL = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({ROOM}, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
from mailcase.cli.main import main
main()
"""


def run_full(desk: Desk) -> Process:
    """The daemon where no file may grow beyond `ROOM`; its log is a file too."""
    with (desk.dir / "daemon.log").open("ab") as log:
        daemon = PREFORK.start(
            ["-c", FULL, "--config", str(desk.config), "run"], env=desk._env(""), stdout=log, stderr=log
        )
    desk._daemons.append(daemon)
    return daemon


def make_room(daemon: Process) -> None:
    """Somebody tidied up."""
    hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))


def told(desk: Desk) -> list[str]:
    """What the daemon says that the store cannot do."""
    return [str(one["error"]) for one in events(desk.dir / "daemon.log", "store_busy")]


def log(desk: Desk) -> str:
    return (desk.dir / "daemon.log").read_text(errors="replace")


@pytest.mark.parametrize("raw", ["store", "file:raw/"], ids=["database", "raw files"])
def test_a_full_disk_stops_intake_and_it_goes_on_by_itself(open_desk: OpenDesk, raw: str) -> None:
    desk = open_desk(after="move:Done", extra=f'[store]\nraw = "{raw}"\n')
    assert desk.once() == 0
    daemon = run_full(desk)
    put = [letter("before"), letter("big", body=BIG), letter("after")]
    desk.put(put[0])
    desk.wait(lambda: desk.sink.to == ["cbefore@visitor.example"], "there was room for this one")
    for one in put[1:]:
        desk.put(one)
    desk.wait(lambda: any(NO_ROOM.search(one) for one in told(desk)), "it tells why")
    assert '"event": "connection_lost"' not in log(desk)  # the mail server is not to blame
    desk.wait(lambda: [one["state"] for one in desk.json("status")["mailboxes"]] == ["waiting"], "status shows it")
    assert daemon.poll() is None
    assert {one["outcome"] for one in desk.deliveries()} == {"created"}  # nothing half, nothing shunted
    assert put[1] in desk.dovecot.mails("user")
    make_room(daemon)
    desk.wait(lambda: desk.states() == {"sent": 3}, "it went on", 60)
    desk.wait(lambda: len(desk.dovecot.mails("user", "Done")) == 3, "the server was told")
    assert desk.stop(daemon) == 0
    assert [path.name for path in desk.dir.rglob("unfinished/*")] == []
    must_hold(desk, put)


def test_a_full_log_costs_lines_and_no_mail(open_desk: OpenDesk) -> None:
    desk = open_desk(after="move:Done")
    assert desk.once() == 0
    (desk.dir / "daemon.log").write_text("x" * ROOM + "\n")
    daemon, put = run_full(desk), [letter(1), letter(2)]
    desk.put(put[0])
    desk.wait(lambda: desk.states() == {"sent": 1}, "mail goes on without a log")
    assert log(desk).count('"event"') == 0
    make_room(daemon)
    desk.put(put[1])
    desk.wait(lambda: '"event": "log_lost"' in log(desk), "it tells what was lost")
    desk.wait(lambda: desk.states() == {"sent": 2}, "mail goes on")
    desk.wait(lambda: len(desk.dovecot.mails("user", "Done")) == 2, "the server was told")
    assert desk.stop(daemon) == 0
    assert '"event": "stopped"' in log(desk)
    must_hold(desk, put)


@pytest.mark.parametrize("reader", ["gone", "asleep"])
def test_a_log_pipe_that_nobody_reads_stops_nothing(open_desk: OpenDesk, reader: str) -> None:
    desk = open_desk()
    assert desk.once() == 0
    reading, writing = os.pipe()
    if reader == "gone":
        os.close(reading)
    else:
        os.write(writing, b"x" * fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ))
    daemon = PREFORK.start(desk._command("run"), env=desk._env(""), stdout=writing, stderr=writing)
    desk._daemons.append(daemon)
    os.close(writing)
    put = [letter(number) for number in range(3)]
    for one in put:
        desk.put(one)
    desk.wait(lambda: desk.states() == {"sent": 3}, "mail goes on")
    assert desk.stop(daemon) == 0
    must_hold(desk, put)
    if reader == "asleep":
        os.close(reading)


def test_below_the_low_water_mark_mail_stays_on_its_server(open_desk: OpenDesk) -> None:
    desk = open_desk(after="move:Done")
    assert desk.once() == 0
    usual, put = desk.config.read_text(), [letter(1)]
    desk.config.write_text(usual.replace("workers = 1", 'workers = 1\ndisk_low = "99999999MB"'))
    desk.put(put[0])
    daemon = desk.run()
    desk.wait(lambda: '"event": "disk_low"' in log(desk), "it tells")
    assert desk.stop(daemon) == 0
    assert (desk.deliveries(), len(desk.dovecot.mails("user"))) == ([], 1)
    desk.config.write_text(usual)
    assert desk.once() == 0
    assert desk.states() == {"sent": 1}
    must_hold(desk, put)

"""The store fails under the real process: locked, cut off, crossed by another daemon; all of it passes (F25)."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.servers.crew import Crew
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import must_hold
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot

#: A writer who waits 50 ms for another process instead of 5 s: the lock is met often within a short test.
IMPATIENT = """
from mailcase.store import engine
engine._BUSY_MS = 50
from mailcase.cli.main import main
main()
"""


@pytest.fixture
def impatient(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose daemon meets locks soon; its first connection is behind it."""
    monkeypatch.setattr(Desk, "_command", lambda self, *args: ["-c", IMPATIENT, "--config", str(self.config), *args])
    desk = open_desk(after="move:Done")
    assert desk.once() == 0
    return desk


def busy(desk: Desk) -> int:
    """How often the daemon has met the lock."""
    return (desk.dir / "daemon.log").read_text().count('"event": "store_busy"')


def test_a_second_writer_holds_the_store_and_nothing_is_lost_nor_sent_twice(impatient: Desk) -> None:
    desk, put = impatient, [letter(number) for number in range(3)]
    put.append(letter("slow", sender="slow@visitor.example"))
    daemon = desk.run()
    desk.put(put[3])
    desk.wait(desk.sink.waiting.is_set, "an answer is under way")
    with closing(sqlite3.connect(desk.dir / "mailcase.db", isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = busy(desk)
        desk.sink.go_on.set()  # the relay has it, and that cannot be written down now
        for raw in put[:3]:
            desk.put(raw)
        desk.wait(lambda: busy(desk) >= before + 5, "the lock is met")
        assert daemon.poll() is None
        assert [one["outcome"] for one in desk.deliveries()] == ["created"]
        other.execute("ROLLBACK")
    # who met the lock often pauses for up to half a minute
    desk.wait(lambda: desk.states() == {"sent": 4}, "everything went on", 90)
    desk.wait(lambda: len(desk.dovecot.mails("user", "Done")) == 4, "the server was told", 90)
    assert desk.stop(daemon) == 0
    must_hold(desk, put)


THREADS = 12


@pytest.fixture
def pair() -> Iterator[Crew]:
    """Two daemons with a mailbox each, of one group: they share cases."""
    with Crew(2, boxes=2) as crew:
        crew.config.write_text(crew.config.read_text().replace('group = "box01"', 'group = "box00"'))
        yield crew


def threads() -> list[bytes]:
    """A question and what its writer adds, again and again, each to both mailboxes."""
    both = "box00@helpdesk.example, box01@helpdesk.example"
    mails = []
    for n in range(THREADS):
        mails.append(letter(f"q{n}", to=both, sender=f"c{n}@visitor.example"))
        answers = {"In_Reply_To": f"<mq{n}@visitor.example>", "subject": f"Re: Problem q{n}"}
        mails.append(letter(f"a{n}", to=both, sender=f"c{n}@visitor.example", **answers))  # type: ignore[arg-type]  # texts
    return mails


def cut_off(crew: Crew) -> None:
    """End every session of the daemons."""
    crew.postgres.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def done(crew: Crew, mails: int) -> Callable[[], bool]:
    """Whether so many are decided and nothing waits."""
    return lambda: crew.decided() == mails and set(crew.outbox()) == {"sent"}


def test_crossing_threads_and_connections_cut_again_and_again_make_one_case_each(pair: Crew) -> None:
    """Deadlocks and lost unique races come from the opposite order, cut transactions from the server."""
    for at in range(2):
        pair.start(at)
    pair.wait_for_shares({0: 1, 1: 1})
    pair.wait(lambda: sum(len(pair.events(at, "baseline_set")) for at in range(2)) >= 2, "both are read")
    mails = threads()
    for at, (forth, back) in enumerate(zip(mails, mails[::-1], strict=True)):
        pair.write("box00", forth)
        pair.write("box01", back)
        if at % 5 == 4:
            cut_off(pair)
    pair.wait(done(pair, 2 * len(mails)), "everything is decided and answered", 60)
    assert [pair.stop(at) for at in range(2)] == [0, 0]
    pair.must_hold()
    assert pair.postgres.rows('SELECT count(*) FROM "case"') == [(THREADS,)]
    assert any(pair.events(at, "store_busy") + pair.events(at, "tenure_lost") for at in range(2))

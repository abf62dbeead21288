"""Killed with SIGKILL anywhere in a message's life, nothing is lost and nothing is doubled (P1-P3, P5, P6, F1-F10)."""

import os
import random
import select
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from mailcase.faults import POINTS
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import Box, Scene, desk_scene, findings, must_hold
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot

#: Told with a failure; KILL_SEED=… repeats it (what begins with MAILCASE_ the program takes for its configuration).
SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
KILLED = -signal.SIGKILL
SENDING = ("outbox_claimed", "final_dot", "after_data")
FOLDERS = ("INBOX", "Second")  # two, so that what happens once a folder happens twice
#: A daemon that takes long to die is sent more mails than one domain is answered in an hour.
MANY_ANSWERS = '[acknowledge]\nper_domain = "100000/1h"\n'
#: By hit: where raw mail goes. In the store it is written with its row, and `after_raw` is one more `after_fetch`.
RAW = {1: '[store]\nraw = "file:raw/"\n', 2: ""}


@dataclass
class Life:
    """A desk that is killed again and again while mail comes into both its folders."""

    desk: Desk
    put: dict[str, list[bytes]] = field(default_factory=lambda: {name: [] for name in FOLDERS})

    def __post_init__(self) -> None:
        config = self.desk.config.read_text().replace('poll = "1s"', f'poll = "1s"\nfolders = {list(FOLDERS)}')
        self.desk.config.write_text(config.replace("'", '"'))
        self.desk.put(letter("old", to="nobody@helpdesk.example"), folder="Second")
        assert self.desk.once() == 0

    def mail(self, each: int = 1) -> None:
        """Some arrive in each folder."""
        for folder in FOLDERS:
            for _ in range(each):
                number = sum(map(len, self.put.values()))
                self.put[folder].append(letter(number))
                self.desk.put(self.put[folder][-1], folder=folder)

    def nothing_is_doubled(self) -> list[str]:
        """What does not hold in the middle of it all, where mail may wait and the server be a step behind."""
        return findings(Scene(desk_scene(self.desk, []).url, [Box(())], may_wait=True))

    def must_hold(self) -> None:
        """Everything, after quiesce; every mail is one case and nobody was written to twice."""
        scene = desk_scene(self.desk, [])
        boxes = [Box(put, shelf=self.desk.dovecot, after="move:Done", folder=name) for name, put in self.put.items()]
        assert findings(replace(scene, boxes=boxes)) == []
        mails = sum(map(len, self.put.values()))
        assert len(self.desk.cases()) == mails
        assert {one["outcome"] for one in self.desk.deliveries()} == {"created"}
        assert set(self.desk.states()) <= {"sent", "uncertain"}
        assert sum(self.desk.states().values()) == mails


#: The points in an order in which no mail is under way at three kills (then it would be shunted, rightly).
#: 0: nothing new comes, the mail of before is taken up; a number: so many new mails in each folder.
PLAN: Sequence[tuple[str, int]] = (
    ("after_fetch", 1), ("after_raw", 0), ("after_journal", 0), ("in_parse", 0), ("", 0),
    ("before_commit", 1), ("after_commit", 0), ("before_mark", 0), ("after_move", 0), ("after_mark", 0),
    ("outbox_claimed", 0), ("final_dot", 0), ("after_data", 1), ("", 0),
)  # fmt: skip


def test_the_plan_has_every_point() -> None:
    assert {point for point, _ in PLAN if point} == set(POINTS)


@pytest.mark.parametrize("hit", [1, 2])
def test_killed_at_every_point(open_desk: OpenDesk, hit: int) -> None:
    life = Life(open_desk(after="move:Done", extra=RAW[hit]))
    for point, new in PLAN:
        life.mail(2 * new or hit - 1)  # what was taken before the second hit is not there for another one
        status = life.desk.once(fault=f"{point}:{hit}" if point else "")
        assert status == (KILLED if point else 0), point
        assert life.nothing_is_doubled() == [], point
    life.must_hold()
    assert life.desk.states()["uncertain"] == len(SENDING)
    assert again(life.desk) == (len(life.desk.deliveries()), [], [])


def again(desk: Desk) -> tuple[int, list[object], list[object]]:
    """Everything decided once more from its raw mail (P6): how many, what differs, what cannot be."""
    found = desk.json("replay", "--since", "7d")
    return found["mails"], found["differences"], found["left_out"]


@contextmanager
def told_seed() -> Iterator[None]:
    """Whatever fails in it says by which seed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"KILL_SEED={SEED} repeats it")
        raise


def test_killed_at_random_hits_while_the_daemon_runs(open_desk: OpenDesk) -> None:
    chance = random.Random(SEED)
    with told_seed():
        life = Life(open_desk(after="move:Done", extra=MANY_ANSWERS))
        points = chance.sample(POINTS, 4)
        for pair in (points[:2], points[2:]):  # so no mail is under way at three kills: it would be shunted, rightly
            for point in pair:
                _kill(life, f"{point}:{chance.randint(1, 3)}")
            assert life.desk.once() == 0
        life.must_hold()


def _kill(life: Life, fault: str) -> None:
    """Mail comes until the daemon dies there."""
    daemon = life.desk.run(fault=fault)
    deadline = time.monotonic() + 60
    while daemon.poll() is None:
        assert time.monotonic() < deadline, f"{fault} was never reached"
        life.mail()
        select.select([], [], [], 1)
    assert daemon.wait() == KILLED, fault
    life.desk.left_alone()
    assert life.nothing_is_doubled() == [], fault


def test_killed_in_data_the_answer_is_uncertain_and_not_repeated(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    mail = letter(1, sender="slow@visitor.example")
    desk.put(mail)
    daemon = desk.run()
    assert desk.sink.waiting.wait(timeout=60)
    daemon.kill()
    daemon.wait()
    desk.sink.go_on.set()
    assert desk.once() == 0
    assert desk.states() == {"uncertain": 1}
    must_hold(desk, [mail])


def test_a_mail_that_kills_the_process_at_each_of_its_three_tries_is_shunted(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    mails = [letter(1), letter(2)]
    desk.put(mails[0])
    for _ in range(1 + 3):  # as it came in, among whatever came with it, and then as a suspect
        assert desk.once(fault="before_commit") == KILLED
    desk.put(mails[1])
    assert desk.once() == 0
    assert [one["outcome"] for one in desk.deliveries()] == ["quarantined", "created"]
    must_hold(desk, mails)
    (waiting,) = desk.json("quarantine", "list")
    assert "3 times" in waiting["error"]
    desk.json("quarantine", "retry", str(waiting["id"]))
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "created"]

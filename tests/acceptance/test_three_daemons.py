"""Three real daemons on one PostgreSQL: killed, frozen, thawed, the database gone; nothing lost, nothing twice."""

import signal
import smtplib
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from tests.servers.crew import Crew
from tests.servers.invariants import message_id
from tests.servers.letters import letter
from tests.servers.postgres_stores import Stores

pytestmark = pytest.mark.dovecot


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(3, lease="3s") as made:
        yield made


@pytest.fixture
def pair(postgres_stores: Stores) -> Iterator[Crew]:
    """Two daemons for two mailboxes."""
    with Crew(2, boxes=2, lease="3s", stores=postgres_stores) as made:
        yield made


@pytest.fixture
def patient_pair() -> Iterator[Crew]:
    """The same on a PostgreSQL that can be restarted; to join again within the lease is no race on a busy machine."""
    with Crew(2, boxes=2, lease="15s") as made:
        yield made


@pytest.fixture
def alone(postgres_stores: Stores) -> Iterator[Crew]:
    """One daemon for one mailbox."""
    with Crew(1, boxes=1, lease="2s", stores=postgres_stores) as made:
        yield made


class Post:
    """Lays mail into the mailboxes, each of another customer."""

    def __init__(self, crew: Crew) -> None:
        self.crew, self.count = crew, 0

    def round(self, each: int = 1) -> None:
        for box in self.crew.names * each:
            self.count += 1
            self.crew.write(box, letter(self.count, to=f"{box}@helpdesk.example"))

    def is_done(self) -> bool:
        """Everything is decided and every acknowledgement has ended."""
        states = self.crew.outbox()
        return self.crew.decided() == self.count == sum(states.values()) - states["pending"] - states["sending"]


def test_three_daemons_share_twelve_mailboxes_through_every_trouble(crew: Crew) -> None:
    post = Post(crew)
    for at in range(3):
        crew.start(at)
    crew.wait_for_shares({0: 4, 1: 4, 2: 4})
    crew.wait(lambda: sum(len(crew.events(at, "baseline_set")) for at in range(3)) >= 12, "not all mailboxes are read")
    post.round()
    crew.wait(post.is_done, "mail of three daemons")

    crew.kill(0)
    post.round()
    crew.wait_for_shares({1: 6, 2: 6})
    crew.wait(post.is_done, "mail of the dead one's mailboxes")

    crew.freeze(1)
    post.round()
    crew.wait_for_shares({2: 12})
    crew.wait(post.is_done, "mail of the frozen one's mailboxes")
    crew.thaw(1)
    crew.start(0)
    crew.wait_for_shares({0: 4, 1: 4, 2: 4})
    assert crew.events(1, "tenure_lost")
    post.round()
    crew.wait(post.is_done, "mail after the thaw")

    crew.postgres.kill()
    post.round()
    crew.postgres.start()
    crew.wait_for_shares({0: 4, 1: 4, 2: 4}, 60)
    crew.wait(post.is_done, "mail after the database came back", 60)
    assert [crew.stop(at) for at in range(3)] == [0, 0, 0]
    assert crew.shares() == {-1: 12}
    assert crew.outbox() == {"sent": post.count}
    crew.must_hold()


_AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.parametrize("point", ["before_commit", "outbox_claimed"])
def test_one_that_was_frozen_in_the_middle_of_it_does_nothing_twice(pair: Crew, point: str) -> None:
    post = Post(pair)
    pair.start(0, fault=f"stop@{point}")
    pair.wait_for_shares({0: 2})
    pair.wait(lambda: len(pair.events(0, "baseline_set")) == 2, "not all mailboxes are read")
    post.round(3)
    pair.wait(lambda: pair.frozen(0), "it never came there")
    pair.wait(lambda: pair.postgres.rows(_AT_WORK) == [(0,)], "the database still does what it had asked")
    claimed = pair.outbox()["sending"]  # the other mailbox's claim may have been made just before, too
    assert (claimed > 0) == (point == "outbox_claimed")
    pair.start(1)
    pair.wait_for_shares({1: 2})
    pair.wait(lambda: pair.decided() == post.count, "the other one did not decide it")
    pair.wait(lambda: not pair.outbox()["sending"], "the row that it had claimed has no end")
    pair.thaw(0)
    pair.wait_for_shares({0: 1, 1: 1})
    post.round()
    # The relay may have given its connection up meanwhile: then the mail is held for a minute.
    pair.wait(post.is_done, "mail after the thaw", 120)
    assert pair.outbox() == Counter(sent=post.count - claimed, uncertain=claimed)
    assert not pair.uncertain_that_left(), "the one that stood still has sent it all the same"
    assert [pair.stop(at) for at in range(2)] == [0, 0]
    pair.must_hold()


def test_a_starting_daemon_never_calls_a_living_ones_sending_uncertain(patient_pair: Crew) -> None:
    """PostgreSQL restarts and forgets who lives; an acknowledgement and a person's mail are at the relay meanwhile."""
    pair = patient_pair
    pair.start(0)
    pair.wait(lambda: len(pair.events(0, "baseline_set")) == 2, "not all mailboxes are read")
    for number, box in enumerate(pair.names):
        pair.write(box, letter(number, sender="slow@visitor.example", to=f"{box}@helpdesk.example"))
    pair.wait(lambda: len(pair.sink.mails) == 2, "they are not at the relay")
    pair.postgres.rows("UPDATE outbox SET automatic = false WHERE mailbox = 'box01' RETURNING id")
    pair.freeze(0)  # it hears of the restart after the other one
    pair.postgres.restart()
    pair.start(1)
    pair.wait(lambda: bool(pair.events(1, "taken")), "the second one has not looked")
    pair.thaw(0)
    pair.wait_for_shares({0: 1, 1: 1})
    assert pair.outbox() == {"sending": 2}
    pair.sink.go_on.set()
    pair.wait(lambda: pair.outbox() == {"sent": 2}, "they were not recorded")
    assert len(pair.sink.mails) == 2
    assert [pair.stop(at) for at in range(2)] == [0, 0]
    pair.must_hold()


def test_a_persons_mail_leaves_after_each_kill_of_its_sender_and_always_by_one_message_id(alone: Crew) -> None:
    """R3: at least once. Who starts waits a lease until he takes up what the killed one was sending."""
    for point in ("after_commit", "outbox_claimed", "final_dot", "after_data"):
        daemon = alone.start(0, fault=point)
        if point == "after_commit":
            alone.wait(lambda: bool(alone.events(0, "baseline_set")), "the mailbox is not read")
            alone.write("box00", letter(1, to="box00@helpdesk.example"))
        alone.wait(lambda: daemon.poll() == -signal.SIGKILL, f"it never came to {point}")  # noqa: B023 - waited for here
        alone.postgres.rows("UPDATE outbox SET automatic = false RETURNING id")
        assert alone.outbox() == {"pending" if point == "after_commit" else "sending": 1}
    alone.start(0)
    alone.wait(lambda: alone.outbox() == {"sent": 1}, "it did not leave at last")
    assert len(alone.sink.mails) == 3  # at the dot, after it was taken, and when nobody was killed any more
    assert len({message_id(mail.data) for mail in alone.sink.mails}) == 1
    assert alone.stop(0) == 0
    alone.must_hold()


def test_mail_is_handed_in_to_any_of_them_by_lmtp(pair: Crew) -> None:
    for at in range(2):
        pair.start(at)
    pair.wait_for_shares({0: 1, 1: 1})
    handed_in = [letter(number, to="box00@helpdesk.example") for number in range(6)]
    for number, raw in enumerate(handed_in):
        with smtplib.LMTP("127.0.0.1", pair.lmtp[number % 2]) as client:
            client.sendmail("c@visitor.example", ["box00@helpdesk.example"], raw)
    pair.wait(lambda: pair.outbox() == {"sent": 6}, "not all were answered")
    assert [pair.stop(at) for at in range(2)] == [0, 0]
    pair.must_hold(handed_in)


def test_an_open_transaction_on_one_case_holds_up_no_other_mail(alone: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator's, that he forgot: P4."""
    monkeypatch.setenv("MAILCASE_STORE__URL", f"{alone.postgres.url}?options=-c%20lock_timeout%3D1s")
    post = Post(alone)
    alone.start(0)
    alone.wait(lambda: bool(alone.events(0, "baseline_set")), "the mailbox is not read")
    post.round()
    alone.wait(post.is_done, "the first mail")
    with psycopg.connect(alone.postgres.server.dsn(alone.postgres.url.rpartition("/")[2])) as other:
        other.execute('SELECT 1 FROM "case" FOR UPDATE')
        alone.write("box00", letter("again", to="box00@helpdesk.example", subject="SR-1"))
        alone.wait(lambda: bool(alone.events(0, "delivery_retry")), "nobody waits for the case")
        post.round(3)
        alone.wait(lambda: alone.outbox() == {"sent": 4}, "the other mails wait, too")
        assert alone.decided() == 4
    alone.wait(lambda: alone.decided() == 5, "it was not taken up")
    assert alone.stop(0) == 0
    alone.must_hold()


def test_one_pass_leaves_alone_what_others_work(pair: Crew) -> None:
    pair.start(0)
    pair.wait_for_shares({0: 2})
    done = pair.call("run", "--once")
    assert done.returncode == 0
    assert b'"held_by_others"' in done.stderr
    assert pair.shares() == {0: 2}

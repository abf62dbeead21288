"""Several daemons on one PostgreSQL: whose the rows of the outbox and the journal are (P3, F17)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mailcase.errors import TenureLost
from tests.contract.store_kit import LATER, NOW
from tests.contract.tenure_kit import Daemon, Server, daemons, taken_over

pytestmark = pytest.mark.postgres


def test_a_daemon_that_was_taken_for_dead_claims_and_records_nothing(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    first, second = one.queued("1:1"), one.queued("1:2")
    assert one.store.claim(first, "one", NOW)
    server.end(one.backend)
    assert two.settles() == [(first, "uncertain")]
    for write in (
        lambda: one.store.claim(second, "one", LATER),
        lambda: one.store.finish(first, "sent", LATER),
        lambda: one.store.postpone(second, LATER),
        lambda: one.store.hold([second], LATER, reason="total"),
    ):
        with pytest.raises(TenureLost):
            write()
    one.join()
    one.store.finish(first, "sent", LATER)  # joined again: the row's own state decides
    assert [row["state"] for row in two.store.outbox_list()] == ["uncertain", "pending"]
    assert one.store.claim(second, "one", LATER)


def test_what_another_one_is_sending_by_now_is_left_to_him(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    row = one.queued()
    assert one.store.claim(row, "one", NOW)
    server.ask("UPDATE outbox SET automatic = false")
    server.end(one.backend)
    assert two.settles() == [(row, "pending")]
    assert two.store.claim(row, "two", LATER)
    one.join()
    one.store.postpone(row, LATER + timedelta(hours=1), reason="relay_busy")
    assert [(found["state"], found["reason"]) for found in two.store.outbox_list()] == [("sending", "interrupted")]


def test_a_living_daemons_sending_row_is_never_called_uncertain(
    crew: list[Daemon], shared_url: str, tmp_path: Path
) -> None:
    one, two = crew
    one.take("support")
    row = one.queued()
    assert one.store.claim(row, "one", NOW)
    assert two.settles() == []
    with daemons(shared_url, tmp_path, ("three",)) as (three,):
        assert three.settles() == []
        one.store.finish(row, "sent", LATER)
    assert [found["state"] for found in two.store.outbox_list()] == ["sent"]


A_YEAR = 365 * 86400.0


@pytest.mark.parametrize(
    ("lately", "lease_s", "settled"),
    [
        (("gone:one", "daemon:two"), A_YEAR / 2, False),  # the server itself has run for days at most
        (("gone:one", "daemon:two"), 0.0, True),
        (("gone:one",), 0.0, False),  # his lock was just seen to be free
        (("daemon:two",), 0.0, False),  # who settles may have been cut off together with him
    ],
    ids=["the server started", "long ago", "seen free", "joined"],
)
def test_nobody_is_gone_who_had_no_time_to_join_again(
    crew: list[Daemon], server: Server, lately: tuple[str, ...], lease_s: float, *, settled: bool
) -> None:
    """Each of the three beginnings counts for itself: the named ones lie in the past or, for lack of a lease, ahead."""
    one, two = crew
    one.take("support")
    row = one.queued()
    assert one.store.claim(row, "one", NOW)
    server.end(one.backend)
    assert two.store.settle_orphans("two", LATER) == []
    server.ask("UPDATE tenure SET since = since - interval '1 year'")
    if len(lately) == 1:
        server.ask("UPDATE tenure SET since = since + interval '2 years' WHERE name = ANY(%s)", list(lately))
    two.store._engines.lease_s = lease_s
    assert two.store.settle_orphans("two", LATER) == ([(row, "uncertain")] if settled else [])


def test_a_pass_that_stays_not_long_enough_settles_what_another_one_saw(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    assert one.store.claim(one.queued(), "one", NOW)
    server.end(one.backend)
    assert two.store.settle_orphans("two", LATER) == []
    server.ask("UPDATE tenure SET since = since + CASE WHEN name = 'daemon:two' THEN 1 ELSE -1 END * interval '1 year'")
    assert two.settles() == []
    two.store.tenure_look(())
    assert two.settles() == [(1, "uncertain")]


@pytest.mark.parametrize(
    "lives",
    [
        lambda one: one.join(),
        lambda one: one.store.claim(2, one.name, NOW),
        lambda one: one.store.is_claimed(1, one.name),
    ],
    ids=["joins", "claims another", "looks at its claim"],
)
def test_a_sign_of_life_is_worth_a_whole_lease(
    crew: list[Daemon], server: Server, lives: Callable[[Daemon], object]
) -> None:
    one, two = crew
    one.take("support")
    assert [one.queued(key) for key in ("1:1", "1:2")] == [1, 2]
    assert one.store.claim(1, "one", NOW)
    server.end(one.backend)
    assert two.store.settle_orphans("two", LATER) == []
    assert server.ask("SELECT 1 FROM tenure WHERE name = 'gone:one'")
    assert lives(one)
    assert not server.ask("SELECT 1 FROM tenure WHERE name = 'gone:one'")
    assert two.store.settle_orphans("two", LATER) == []
    assert one.store.is_claimed(1, "one")


def test_what_a_daemon_left_long_ago_is_tidied_but_not_what_it_was_sending(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    assert one.store.claim(one.queued(), "one", NOW)
    server.end(one.backend)
    two.store.settle_orphans("two", LATER)
    server.ask("UPDATE tenure SET since = since - interval '25 hours'")
    two.members()
    assert set(server.ask("SELECT name FROM tenure")) == {("daemon:one",), ("daemon:two",), ("mailbox:support",)}
    assert two.settles() == [(1, "uncertain")]
    two.members()
    assert set(server.ask("SELECT name FROM tenure")) == {("daemon:two",), ("mailbox:support",)}
    with pytest.raises(TenureLost):
        one.store.claim(1, "one", LATER)


def test_an_attempt_is_given_back_also_of_mail_that_another_one_works(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    row = one.reading().delivery.id
    one.store.count_attempt([row])
    taken_over(crew, server, "support")
    for attempts in (0, 0):
        one.store.count_attempt([row], -1)
        assert two.store.delivery(row).attempts == attempts


def test_mail_of_one_account_under_two_names_is_marked_by_who_has_the_name(crew: list[Daemon]) -> None:
    one, two = crew
    one.take("support")
    two.take("sales")
    for daemon, at, mailbox in ((one, "1:1", "support"), (two, "1:2", "sales")):
        daemon.settle(daemon.reading(at, mailbox=mailbox, uid=int(at[2:])))
    place = ("imap:host:user", "INBOX", 1)
    assert [[uid for _, uid in daemon.store.unmarked(*place)] for daemon in crew] == [[1], [2]]
    for daemon in crew:
        daemon.store.set_marked([row for row, _ in daemon.store.unmarked(*place)])
    assert [daemon.store.unmarked(*place) for daemon in crew] == [[], []]

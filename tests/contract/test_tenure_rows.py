"""Several daemons on one PostgreSQL: whose the rows of the outbox and the journal are (P3, F17)."""

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
    assert two.store.settle_orphans("two", LATER) == [(first, "uncertain")]
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
    assert two.store.settle_orphans("two", LATER) == [(row, "pending")]
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
    assert two.store.settle_orphans("two", LATER) == []
    with daemons(shared_url, tmp_path, ("three",)) as (three,):
        assert three.store.settle_orphans("three", LATER) == []
        one.store.finish(row, "sent", LATER)
    assert [found["state"] for found in two.store.outbox_list()] == ["sent"]


def test_what_a_daemon_left_long_ago_is_tidied_but_not_what_it_was_sending(crew: list[Daemon], server: Server) -> None:
    one, two = crew
    one.take("support")
    assert one.store.claim(one.queued(), "one", NOW)
    server.end(one.backend)
    much_later = NOW + timedelta(days=2)
    two.store.tenure_look(two.wants, much_later)
    assert ("daemon:one",) in server.ask("SELECT name FROM tenure")
    two.store.settle_orphans("two", much_later)
    two.store.tenure_look(two.wants, much_later)
    assert set(server.ask("SELECT name FROM tenure")) == {("daemon:two",), ("mailbox:support",)}
    with pytest.raises(TenureLost):
        one.store.claim(1, "one", much_later)


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

"""What the store remembers of Maildirs, on SQLite and PostgreSQL (B1)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mailcase.ports import Arrival, Cursor, Reading
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.store_kit import Desk, mail

SOURCE = "maildir:/var/mail/support"
CURSOR = Cursor(SOURCE, "", "support", 0, 0, 0, NOW, "new")


def arrived(key: str, **over: Any) -> Arrival:
    return Arrival("support", SOURCE, "", key, None, None, NOW, b"mail", **over)


def test_only_the_keys_of_that_maildir_that_are_asked_for_are_known(store: Store) -> None:
    store.journal([arrived("1.a"), arrived("2.b"), replace(arrived("3.c"), source="maildir:/other")], None)
    assert store.known_keys(SOURCE, {"1.a", "3.c", "4.d"}) == {"1.a"}


def test_a_beginning_is_remembered_whole_and_repeating_it_is_harmless(store: Store) -> None:
    many = [f"{number}.x" for number in range(5000)]
    for _ in range(2):
        store.begin_maildir(CURSOR, many)
    assert store.baseline_keys(SOURCE, {*many, "new"}) == set(many)
    assert store.baseline_keys("maildir:/other", set(many)) == frozenset()
    assert store.cursor(SOURCE, "") == CURSOR
    assert store.moved_cursor("support", "") == CURSOR


def test_only_what_is_decided_and_may_be_touched_is_to_be_told(desk: Desk) -> None:
    store = desk.store
    store.begin_maildir(CURSOR, ["before", "by hand"])
    wanted = [
        arrived("before", backlog=True),  # taken because `start` says so
        arrived("by hand"),  # lay there before, and `mailcase ingest` took it
        arrived("large", oversize=True),
        arrived("new"),
        arrived("quarantined"),
        arrived("undecided"),
    ]
    rows = store.journal(wanted, None)
    for row, one in zip(rows[:4], wanted, strict=False):
        store.settle([Reading(row.delivery, mail(one.key))], desk.clerk, NOW)
    store.quarantine(rows[4].delivery.id, "no head", NOW + timedelta(hours=1))
    assert [key for _, key in store.unmarked_keys(SOURCE)] == ["before", "new"]
    store.set_marked([rows[0].delivery.id])
    assert [key for _, key in store.unmarked_keys(SOURCE)] == ["new"]

"""Since when a case is resolved or over, whoever set its status: an act, `case set`, or a mail."""

from collections.abc import Callable
from typing import Any

import pytest

from mailcase.desk import cases
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import make_junk
from tests.contract.acting_kit import Office, letter
from tests.contract.post import Post, policy
from tests.contract.store_kit import NOW


@pytest.fixture
def office(store: Store) -> Office:
    made = Office(store)
    made.hire()
    made.receive(letter("a"))
    return made


NONE = (None, None, "")


def dates(row: Any) -> tuple[Any, ...]:
    return row.resolved_at, row.closed_at, row.status_before


def put(office: Office, status: str) -> None:
    office.store.set_case("SR-1", office.now, "root", status=status)


def resolve_and_close(office: Office) -> None:
    put(office, "Resolved")
    cases.close(office.desk, "SR-1", office.ann())


def cancel_resolved_and_undo(office: Office) -> None:
    put(office, "Resolved")
    cases.cancel(office.desk, "SR-1", office.ann())
    cases.undo_cancel(office.desk, "SR-1", office.ann())


def close_and_set_new(office: Office) -> None:
    cases.close(office.desk, "SR-1", office.ann())
    put(office, "New")


def cancel_and_set_new(office: Office) -> None:
    cases.cancel(office.desk, "SR-1", office.ann())
    put(office, "New")


def cancel_and_set_closed(office: Office) -> None:
    cases.cancel(office.desk, "SR-1", office.ann())
    put(office, "Closed")


@pytest.mark.parametrize(
    ("lives", "kept"),
    [
        (lambda office: put(office, "Resolved"), (NOW, None, "")),
        (lambda office: put(office, "Closed"), (None, NOW, "")),
        (resolve_and_close, (NOW, NOW, "")),
        (cancel_resolved_and_undo, (NOW, None, "")),
        (close_and_set_new, NONE),
        (cancel_and_set_new, NONE),
        (cancel_and_set_closed, (None, NOW, "")),
    ],
)
def test_whoever_sets_a_status_keeps_its_dates(
    office: Office, lives: Callable[[Office], None], kept: tuple[Any, ...]
) -> None:
    lives(office)
    assert dates(office.row()) == kept


def test_junk_is_over_until_it_is_accepted(store: Store) -> None:
    post = Post(store, policy(junk=make_junk(blacklist="spam@bad.example", create_cases=True)))
    junk = post.write(1, sender="spam@bad.example")
    assert (row_of(store).status, dates(row_of(store))) == ("Canceled", (None, post.at, ""))
    post.accept(junk.delivery_id)
    assert (row_of(store).status, dates(row_of(store))) == ("New", NONE)


def row_of(store: Store) -> Any:
    with store._engines.read() as conn:
        return conn.execute(t.case.select()).one()

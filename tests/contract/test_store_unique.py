"""What the unique rows alone hold up: one message a group, one answer a mail, nothing without the journal (R2, R3)."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mailcase.actions import Action, QueueMail
from mailcase.decision import Decision
from mailcase.message import Delivery, Email
from mailcase.ports import CaseFacts, Composed, Reading
from mailcase.snapshot import Snapshot
from mailcase.store import settle
from mailcase.store import tables as t
from mailcase.store.load import load
from mailcase.store.store import Store
from tests.contract.store_kit import LATER, NOW, Clerk, Desk, journalled, mail, rows

PATIENCE = 30.0  # seconds


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    return "sqlite:///mailcase.db" if request.param == "sqlite" else str(request.getfixturevalue("shared_url"))


class Silent(Clerk):
    """Acknowledges nothing, so that no row of the outbox stands in for the message's."""

    def _new(self, email: Email, snapshot: Snapshot, *, junk: bool = False) -> tuple[Action, ...]:
        made = super()._new(email, snapshot, junk=junk)
        return tuple(one for one in made if not isinstance(one, QueueMail))


class Eager(Clerk):
    """Answers each new mail twice, under two Message-IDs."""

    def _new(self, email: Email, snapshot: Snapshot, *, junk: bool = False) -> tuple[Action, ...]:
        made = super()._new(email, snapshot, junk=junk)
        return (*made, made[-1])

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        composed = super().compose(mail, case, email, group)
        return replace(composed, message_id=f"<{next(_NUMBERS)}@mid.helpdesk.example>")


_NUMBERS = count()


class Meeting(Silent):
    """Decides when the other daemon has read the store, too."""

    def __init__(self, both: threading.Barrier) -> None:
        super().__init__()
        self._both = both

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        if not self.seen:
            self._both.wait(PATIENCE)
        return super().decide(email, snapshot, delivery)


def bare(name: str) -> Email:
    """Without a Message-ID, whose row of the references would be waited for."""
    return replace(mail(name), message_id=None)


def test_a_decision_on_what_was_read_too_early_makes_no_second_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.clerk = Silent()
    desk.receive(mail("known"))  # the sender's address is no longer new
    early = desk.store.snapshot(desk.clerk.look(bare("a"), journalled(desk.store, 1, 90)[0].delivery), NOW)
    desk.receive(bare("a"))
    reads: Iterator[Any] = iter([lambda *_: early])
    monkeypatch.setattr(settle, "load", lambda *asked: next(reads, load)(*asked))
    (settled,) = desk.receive(bare("a"), now=LATER)
    assert (settled.outcome, settled.error) == ("duplicate", "")
    assert (rows(desk.store, t.message), rows(desk.store, t.case)) == (2, 2)


@pytest.mark.postgres
def test_two_daemons_that_read_before_either_writes_make_one_message(shared_url: str, tmp_path: Path) -> None:
    one, two = (Store.open(shared_url, tmp_path) for _ in range(2))
    Desk(one, Silent()).receive(mail("known"))
    work = [Reading(row.delivery, bare("a")) for row in journalled(one, 2, 7)]
    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(store.settle, [reading], Meeting(both), NOW)
            for store, reading in zip((one, two), work, strict=True)
        ]
        settled = [done.result(PATIENCE)[0] for done in asked]
    assert sorted(done.outcome for done in settled) == ["created", "duplicate"]
    assert (rows(one, t.message), rows(one, t.case)) == (2, 2)
    one.close()
    two.close()


def test_a_mail_that_would_be_answered_twice_is_not_decided_at_all(desk: Desk) -> None:
    desk.receive(mail("known"))
    before = [rows(desk.store, table) for table in (t.case, t.message, t.outbox)]
    desk.clerk = Eager()
    (settled,) = desk.receive(mail("a"))
    assert settled.outcome == ""
    assert "dedup" in settled.error
    assert [rows(desk.store, table) for table in (t.case, t.message, t.outbox)] == before
    assert [row.delivery.id for row in desk.store.undecided(9)] == [settled.delivery_id]


def test_a_mail_that_is_not_in_the_journal_is_not_decided(desk: Desk) -> None:
    (row,) = journalled(desk.store)
    stranger = Reading(replace(row.delivery, id=row.delivery.id + 1), mail("b"))
    settled = desk.store.settle([Reading(row.delivery, mail("a")), stranger], desk.clerk, NOW)
    assert [(one.outcome, one.transient) for one in settled] == [("created", False), ("", False)]
    assert "in the journal" in settled[1].error
    assert (rows(desk.store, t.case), rows(desk.store, t.outbox), rows(desk.store, t.delivery)) == (1, 1, 1)

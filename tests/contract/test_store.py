"""The store's contract: journal, deciding, cases and links, on SQLite and PostgreSQL alike."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import exc

from mailcase.actions import Action, LinkMessage, NoteOnCase
from mailcase.errors import Permanent
from mailcase.message import Wish
from mailcase.ports import Cursor, Reading
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import CUSTOMER, LATER, NOW, STATUSES, Clerk, Desk, arrival, case, journalled, mail, rows

# --- journal (B1) ---


def test_an_arrival_is_stored_once_with_its_bytes(store: Store) -> None:
    first = store.journal([arrival("7:1", b"one"), arrival("7:2", b"two")], None)
    again = store.journal([arrival("7:2", b"two"), arrival("7:3", b"two")], None)
    assert [(one.new, one.delivery.key) for one in (*first, *again)] == [
        (True, "7:1"), (True, "7:2"), (False, "7:2"), (True, "7:3"),
    ]  # fmt: skip
    assert again[0].delivery.id == first[1].delivery.id
    assert [store.raw(one.sha256) for one in first] == [b"one", b"two"]
    assert rows(store, t.raw) == 2
    assert store.known_uids("imap:host:user", "INBOX", 7) == {1, 2, 3}


def test_when_uids_were_received_is_told_of_the_latest_round_of_numbers(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    store.journal([arrival("7:1"), arrival("7:2")], None)
    store.journal([replace(arrival("99:2", b"new"), received_at=later), arrival("8:3")], None)
    assert store.received("imap:host:user", "INBOX", range(7, 100, 92)) == {1: NOW, 2: later}
    assert store.received("imap:host:user", "Other", range(7, 100, 92)) == {}
    many = range(7, 7 + 300_000 * 2**32, 2**32)  # a folder that is emptied again and again has as many
    assert store.received("imap:host:user", "INBOX", many) == {1: NOW, 2: NOW}


def test_a_failing_batch_leaves_neither_rows_nor_the_cursor(store: Store) -> None:
    with pytest.raises(Permanent):
        store.journal([arrival("7:1"), replace(arrival("7:2"), mailbox=None)], _cursor(last_uid=2))  # type: ignore[arg-type]  # what a broken caller does
    assert (store.undecided(10), store.cursor("imap:host:user", "INBOX")) == ([], None)


def test_the_cursor_moves_with_the_journal_and_is_found_under_another_host(store: Store) -> None:
    store.journal([arrival("7:1")], _cursor(last_uid=1))
    store.save_cursor(replace(_cursor(last_uid=9), baseline_at=NOW, compared_at=LATER))
    assert store.cursor("imap:host:user", "INBOX") == replace(_cursor(last_uid=9), baseline_at=NOW, compared_at=LATER)
    assert store.cursor("imap:new:user", "INBOX") is None
    moved = store.moved_cursor("support", "INBOX")
    assert moved is not None
    assert (moved.source, moved.last_uid) == ("imap:host:user", 9)
    assert store.moved_cursor("support", "") == moved  # a Maildir of the same mail
    assert store.moved_cursor("support", "Sent") is None


def _cursor(last_uid: int) -> Cursor:
    return Cursor("imap:host:user", "INBOX", "support", 7, last_uid, 1, None, "new")


def test_the_server_is_told_of_decided_mail_alone(desk: Desk) -> None:
    desk.receive(mail("a"))
    desk.receive(mail("big"), oversize=True)
    waiting, shunted = journalled(desk.store, 2, start=10)
    desk.store.quarantine(shunted.delivery.id, "broken", NOW)
    assert [uid for _, uid in desk.store.unmarked("imap:host:user", "INBOX", 1)] == [1]
    assert [one.delivery.id for one in desk.store.undecided(10)] == [waiting.delivery.id]
    desk.store.set_marked([one for one, _ in desk.store.unmarked("imap:host:user", "INBOX", 1)])
    assert desk.store.unmarked("imap:host:user", "INBOX", 1) == []


def test_attempts_are_counted_durably(store: Store) -> None:
    one, two = (row.delivery.id for row in journalled(store, 2))
    store.count_attempt([one])
    assert store.count_attempt([one, two]) == {one: 2, two: 1}
    assert [row.attempts for row in store.undecided(10)] == [2, 1]


# --- one mail (P2, P3) ---


def test_a_new_mail_makes_case_contact_link_and_one_answer(desk: Desk) -> None:
    (settled,) = desk.receive(mail("a"))
    assert (settled.outcome, settled.case, settled.queued, settled.error) == ("created", "SR-1", True, "")
    shown = case(desk)
    assert (shown["status"], shown["kind"], shown["contact"]) == ("New", "active", CUSTOMER)
    assert [(one["direction"], one["how"]) for one in shown["messages"]] == [("in", "created"), ("out", "sent")]
    (sent,) = desk.store.outbox_list()
    assert (sent["state"], sent["to"], sent["case"], sent["in_reply_to"]) == ("pending", CUSTOMER, "SR-1", "<a@x>")


def test_the_same_mail_again_makes_nothing(desk: Desk) -> None:
    settled = [*desk.receive(mail("a"), mail("a")), *desk.receive(mail("a"))]
    assert [one.outcome for one in settled] == ["created", "duplicate", "duplicate"]
    assert (rows(desk.store, t.case), rows(desk.store, t.outbox), rows(desk.store, t.message)) == (1, 1, 2)
    assert [one["cases"] for one in desk.store.message_list()] == [["SR-1"]] * 3


def test_a_decided_delivery_is_left_alone(desk: Desk) -> None:
    (row,) = journalled(desk.store)
    reading = Reading(row.delivery, mail("a"))
    first, twice = desk.store.settle([reading, reading], desk.clerk, NOW)
    (again,) = desk.store.settle([reading], desk.clerk, NOW)
    assert {(one.outcome, one.case) for one in (first, twice, again)} == {("created", "SR-1")}
    assert rows(desk.store, t.delivery_outcome) == 1


def test_a_reply_in_the_same_batch_sees_its_parent(desk: Desk) -> None:
    settled = desk.receive(mail("a"), mail("b", "a"), mail("c", "b"))
    assert [(one.outcome, one.case) for one in settled] == [
        ("created", "SR-1"), ("linked", "SR-1"), ("linked", "SR-1"),
    ]  # fmt: skip


def test_an_answer_to_our_acknowledgement_finds_the_case(desk: Desk) -> None:
    desk.receive(mail("a"))
    ours = str(desk.store.outbox_list()[0]["message_id"])
    (settled,) = desk.receive(replace(mail("b"), in_reply_to=(ours,), references=(ours,)))
    assert (settled.outcome, settled.case) == ("linked", "SR-1")


def test_a_late_parent_and_a_sibling_meet_in_the_citations(desk: Desk) -> None:
    settled = desk.receive(mail("c", "b", "a"), mail("b", "a"), mail("a"), mail("d", "a"))
    assert {one.case for one in settled} == {"SR-1"}


def test_one_bad_mail_leaves_the_others_of_its_batch_alone(desk: Desk) -> None:
    good, bad, more = desk.receive(mail("a"), mail("bad", subject="poison"), mail("b"))
    assert (good.outcome, more.outcome, good.case == more.case) == ("created", "created", False)
    assert (bad.outcome, bad.error, bad.transient) == ("", "RecursionError: maximum recursion depth exceeded", True)
    assert [one.delivery.id for one in desk.store.undecided(10)] == [bad.delivery_id]
    assert rows(desk.store, t.case) == 2


def test_what_a_failing_mail_had_written_is_taken_back(desk: Desk) -> None:
    desk.clerk.more = lambda email, _: [LinkMessage(4711, "linked", "", verified=True)] if email.text == "bad" else []
    good, bad, more = desk.receive(mail("a"), mail("bad", text="bad"), mail("b"))
    assert (good.outcome, bad.outcome, bad.transient, more.outcome) == ("created", "", False, "created")
    assert (rows(desk.store, t.case), rows(desk.store, t.message), len(desk.store.outbox_list())) == (2, 4, 2)


def test_a_mail_that_the_database_refuses_is_alone_in_its_failure(desk: Desk) -> None:
    desk.receive(mail("a"))
    desk.clerk.more = lambda *_: (NoteOnCase(4711, "of_no_case", {}),)
    bad, worse = desk.receive(mail("b"), mail("c"))
    assert all(one.error and not one.outcome for one in (bad, worse))
    desk.clerk.more = Clerk().more
    assert desk.receive(mail("d"))[0].case is not None
    assert len(desk.store.undecided(10)) == 2


@pytest.mark.usefixtures("store")
def test_a_batch_that_is_done_one_by_one_is_told(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    with closing(Store.open(url, tmp_path, split=lambda mails, error: told.append((mails, error)))) as listening:
        desk = Desk(listening, Clerk(more=_busy_once()))
        assert [one.outcome for one in desk.receive(mail("a"), mail("b"))] == ["created", "created"]
    assert told == [(2, "store: database is locked")]


def _busy_once() -> Callable[..., tuple[Action, ...]]:
    """The transaction of the first mail fails, as when the store is busy."""
    errors = [exc.OperationalError("statement", {}, sqlite3.OperationalError("database is locked"))]

    def more(*_: object) -> tuple[Action, ...]:
        if errors:
            raise errors.pop()
        return ()

    return more


def test_a_case_changed_by_hand_meanwhile_is_read_again(desk: Desk) -> None:
    desk.receive(mail("a"))
    desk.store.set_case("SR-1", NOW, "agent", status="Resolved", assignee="kim")
    (settled,) = desk.receive(mail("b", "a"))
    assert settled.outcome == "reopened"
    shown = case(desk)
    assert (shown["status"], shown["assignee"]) == ("Reopened", "")
    events = [(one["event"], one["actor"]) for one in shown["events"]]
    assert events == [
        ("created", "mailcase"), ("status_set", "agent"), ("assignee_set", "agent"), ("reopened", "mailcase"),
        ("mail", "mailcase"),
    ]  # fmt: skip


def test_two_first_mails_of_one_sender_make_one_contact(desk: Desk) -> None:
    desk.receive(mail("a"), mail("b"))
    desk.receive(mail("c"))
    assert (rows(desk.store, t.contact), rows(desk.store, t.case)) == (1, 3)
    assert desk.clerk.seen[-1].open_cases == (2, 1)


def test_a_message_ignored_for_its_recipient_is_decided_anew_on_the_same_row(desk: Desk) -> None:
    email = mail("a", subject="not for us")
    desk.receive(email)
    (settled,) = desk.receive(replace(email, subject="for us"))
    assert (settled.outcome, rows(desk.store, t.message)) == ("created", 2)
    assert [one["outcome"] for one in desk.store.message_list()] == ["ignored", "created"]


@pytest.mark.parametrize("subject", ["not for us", "junk", "plain"])
def test_accepting_a_mail_twice_makes_one_case_and_one_answer(desk: Desk, subject: str) -> None:
    (first,) = desk.receive(mail("a", subject=subject))
    for _ in range(2):
        row = desk.store.delivery(first.delivery_id, Wish(accept=True, actor="kim"))
        (settled,) = desk.store.settle([Reading(row.delivery, mail("a", subject=subject))], desk.clerk, LATER)
        assert (settled.outcome, settled.case, settled.error) == ("created", "SR-1", "")
    assert (rows(desk.store, t.case), rows(desk.store, t.outbox), rows(desk.store, t.case_message)) == (1, 1, 2)
    assert case(desk)["status"] == "New"
    assert desk.store.outbox_list()[0]["state"] == "pending"
    shown = desk.store.message_show(first.delivery_id)
    assert shown["outbox"] == {"id": 1, "state": "pending", "last_error": ""}
    assert [one["outcome"] for one in shown["history"]][1:] == ["created"]
    assert (shown["trace"], shown["outcome"]) == (
        [{"test": "same mail", "result": "no", "evidence": "not seen before"}], "created",
    )  # fmt: skip


def test_a_suppressed_answer_is_a_row_with_its_reason_alone(desk: Desk) -> None:
    desk.clerk.suppressed = "per_address"
    (settled,) = desk.receive(mail("a"))
    (row,) = desk.store.outbox_list()
    assert (row["state"], row["reason"], row["message_id"], settled.queued) == (
        "suppressed", "per_address", None, False,
    )  # fmt: skip
    assert (desk.store.due(LATER, 10), rows(desk.store, t.message)) == ([], 1)


# --- numbers and restarts ---


def test_numbers_never_repeat_after_rollback_and_restart(url: str, store: Store, desk: Desk, tmp_path: Path) -> None:
    desk.receive(mail("a"), mail("bad", subject="poison"), mail("b"))
    given = {one["number"] for one in store.case_list(STATUSES)}
    store.raise_counter(1)
    other = Desk(Store.open(url, tmp_path), Clerk(), uid=50)
    given.add(str(other.receive(mail("c"))[0].case))
    other.store.raise_counter(1000)
    other.store.raise_counter(7)
    given.add(str(other.receive(mail("d"))[0].case))
    other.store.close()
    assert len(given) == 4
    assert "SR-1000" in given


def test_a_store_closed_between_journal_and_decision_goes_on(url: str, store: Store, tmp_path: Path) -> None:
    journalled(store, 2)
    store.close()
    again = Store.open(url, tmp_path)
    waiting = again.undecided(10)
    settled = again.settle([Reading(one.delivery, mail(f"m{one.delivery.uid}")) for one in waiting], Clerk(), NOW)
    assert [one.case for one in settled] == ["SR-1", "SR-2"]
    assert again.undecided(10) == []
    again.close()

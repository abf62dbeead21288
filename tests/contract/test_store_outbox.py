"""The outbox in the store: at most once for automatic mail, and what the limits count (R3, K9)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.ports import OutboxMail, SendCounts
from mailcase.sharing import EVERYTHING, Portion
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import CUSTOMER, LATER, NOW, Desk, mail, settled_at_last

HOUR = timedelta(hours=1)


def queued(desk: Desk, *names: str) -> list[OutboxMail]:
    """So many acknowledgements that are due."""
    desk.receive(*(mail(name) for name in names))
    return desk.store.due(NOW, 50)


def state(store: Store, row: int) -> tuple[object, ...]:
    """State, reason and attempts of a row."""
    (found,) = (one for one in store.outbox_list() if one["id"] == row)
    return (found["state"], found["reason"], found["attempts"])


def test_what_is_due_is_what_was_composed(desk: Desk) -> None:
    one, two = queued(desk, "a", "b")
    assert (one.case, one.kind, one.to, one.to_name, one.group) == ("SR-1", "registration", CUSTOMER, "", "default")
    assert (one.headers, one.automatic, one.attempts) == ((("Auto-Submitted", "auto-replied"),), True, 0)
    assert (one.subject, two.case) == ("Re: Printer on floor 3 jams [SR-1]", "SR-2")
    assert [row.id for row in desk.store.due(NOW, 1)] == [one.id]
    assert (desk.store.due(NOW - HOUR, 9), desk.store.next_due(LATER), desk.store.next_due(NOW - HOUR)) == (
        [],
        LATER,
        NOW,
    )


def test_a_row_is_claimed_once_and_a_sent_mail_is_dated(desk: Desk) -> None:
    (row,) = queued(desk, "a")
    assert [desk.store.claim(row.id, owner, LATER) for owner in ("me", "you")] == [True, False]
    assert (state(desk.store, row.id), desk.store.due(LATER, 9)) == (("sending", "", 1), [])
    desk.store.finish(row.id, "sent", LATER)
    desk.store.finish(row.id, "failed", LATER)
    (listed,) = desk.store.outbox_list()
    assert (listed["state"], listed["sent_at"], listed["next_attempt_at"]) == ("sent", LATER, None)
    with desk.store._engines.read() as conn:
        dates = conn.execute(sa.select(t.message.c.date).where(t.message.c.direction == "out")).scalars().all()
    assert dates == [LATER]
    assert desk.store.next_due(LATER) is None


def test_a_row_that_some_have_waits_for_the_others(desk: Desk) -> None:
    (row,) = queued(desk, "a")
    desk.store.claim(row.id, "me", NOW)
    desk.store.partly(row.id, LATER, ("kim@helpdesk.example",), reason="relay_busy", error="450 later")
    assert (state(desk.store, row.id), desk.store.due(NOW, 9)) == (("pending", "relay_busy", 1), [])
    desk.store.hold([row.id], LATER, reason="relay_login_refused", error="535 no")  # which covers up nothing
    waits = [(one.still_to, one.last_error) for one in (row, *desk.store.due(LATER, 9))]
    assert waits == [((), ""), (("kim@helpdesk.example",), "450 later")]


def test_a_postponed_row_comes_back_when_it_is_due(desk: Desk) -> None:
    (row,) = queued(desk, "a")
    desk.store.claim(row.id, "me", NOW)
    desk.store.postpone(row.id, LATER, reason="transient", error="450 later")
    assert (state(desk.store, row.id), desk.store.due(NOW, 9)) == (("pending", "transient", 1), [])
    desk.store.claim(row.id, "me", LATER)
    desk.store.postpone(row.id, LATER, reason="per_domain", tried=False)
    desk.store.postpone(row.id, LATER, reason="per_domain", tried=False)
    assert state(desk.store, row.id) == ("pending", "per_domain", 1)


def test_what_a_dead_daemon_left_in_sending_is_never_sent_again_if_automatic(desk: Desk) -> None:
    ack, reply = queued(desk, "a", "b")
    with desk.store._engines.write() as conn:  # no rule of this version queues agents' mail yet
        conn.execute(sa.update(t.outbox).where(t.outbox.c.id == reply.id).values(automatic=False))
    for row in (ack, reply):
        assert desk.store.claim(row.id, "me", NOW)
    assert settled_at_last(desk.store, "me") == []
    with desk.store._engines.write() as conn:  # the daemon of that name is gone, its lock with it
        conn.execute(sa.update(t.outbox).values(owner="dead"))
    assert settled_at_last(desk.store, "me") == [(ack.id, "uncertain"), (reply.id, "pending")]
    assert [one.id for one in desk.store.due(LATER, 9)] == [reply.id]


def test_a_person_may_send_a_failed_mail_again_but_not_a_sent_one(desk: Desk) -> None:
    failed, sent = queued(desk, "a", "b")
    desk.store.claim(failed.id, "me", NOW)
    desk.store.finish(failed.id, "failed", NOW, reason="refused", error="550 no")
    desk.store.claim(sent.id, "me", NOW)
    desk.store.finish(sent.id, "sent", NOW)
    desk.store.outbox_retry(failed.id, LATER)
    assert state(desk.store, failed.id) == ("pending", "", 0)
    for row, told in ((sent.id, "is sent"), (99, "no mail 99")):
        with pytest.raises(Permanent, match=told):
            desk.store.outbox_retry(row, LATER)


def test_release_closes_the_breaker_and_lets_held_rows_go(desk: Desk) -> None:
    (held,) = queued(desk, "a")
    desk.store.set_flag("breaker", "open")
    desk.store.postpone(held.id, NOW + HOUR, reason="breaker", tried=False)
    assert desk.store.outbox_release(NOW) == 1
    assert ([one.id for one in desk.store.due(NOW, 9)], desk.store.get_flag("breaker")) == ([held.id], None)
    desk.store.set_flag("null_sender:support", "refused")
    desk.store.set_flag("null_sender:support", "taken")
    assert desk.store.get_flag("null_sender:support") == "taken"


def test_only_pending_rows_are_held(desk: Desk) -> None:
    one, two, sending, sent = queued(desk, "a", "b", "c", "d")
    for row in (sending, sent):
        desk.store.claim(row.id, "me", NOW)
    desk.store.finish(sent.id, "sent", NOW)
    desk.store.hold([one.id, two.id, sending.id, sent.id], LATER, reason="breaker", error="why")
    assert [state(desk.store, row.id) for row in (one, two)] == [("pending", "breaker", 0)] * 2
    assert [state(desk.store, row.id) for row in (sending, sent)] == [("sending", "", 1), ("sent", "", 1)]
    assert (desk.store.due(NOW, 9), [row.id for row in desk.store.due(LATER, 9)]) == ([], [one.id, two.id])


def test_what_waits_for_a_way_out_is_freed_and_nothing_else(desk: Desk) -> None:
    one, two, limited, sent = queued(desk, "a", "b", "c", "d")
    desk.store.hold([one.id], LATER, reason="smtp_refused", error="535")
    desk.store.hold([two.id, sent.id], LATER, reason="token_ended", error="invalid_grant")
    desk.store.hold([limited.id], LATER, reason="per_domain")
    desk.store.claim(sent.id, "me", NOW)
    assert (desk.store.free_stranded(["sales"], NOW), desk.store.due(NOW, 9)) == (0, [])
    assert desk.store.free_stranded([one.mailbox], NOW) == 2
    assert [row.id for row in desk.store.due(NOW, 9)] == [one.id, two.id]
    assert state(desk.store, one.id) == ("pending", "smtp_refused", 0)  # `status` tells it until it left


def test_the_counts_look_at_what_left_and_at_what_was_queued(desk: Desk) -> None:
    queued(desk, "a", "b", "c")
    desk.receive(mail("d", sender="kim@shop.example"), now=NOW + 2 * HOUR)
    desk.clerk.suppressed = "per_address"
    desk.receive(mail("e"), now=NOW + 2 * HOUR)
    for row in desk.store.due(NOW + 2 * HOUR, 9):
        if row.case != "SR-3":
            desk.store.claim(row.id, "me", row.created_at)
            desk.store.finish(row.id, "sent", row.created_at)
    seen = desk.store.counts(NOW + 2 * HOUR, total_window_s=3 * 3600, domain_window_s=3600)
    assert (seen.total, seen.per_domain) == (3, {"shop.example": 1})
    assert (desk.store.busiest_hour(NOW + 2 * HOUR), seen.last_hour) == (3, 1)
    later = NOW + timedelta(days=9)
    assert desk.store.counts(later, total_window_s=3600, domain_window_s=3600) == SendCounts(0, {}, 0)
    assert desk.store.busiest_hour(later) == 0


def test_each_copy_counts_as_a_mail_and_is_listed(desk: Desk) -> None:
    queued(desk, "a")
    desk.clerk.copies = ("carol@Bücher.example", "grace@visitor.example")
    queued(desk, "b")
    for row in desk.store.due(NOW, 9):
        desk.store.claim(row.id, "me", NOW)
    seen = desk.store.counts(NOW, total_window_s=3600, domain_window_s=3600)
    assert (seen.total, seen.last_hour) == (4, 4)
    assert seen.per_domain == {"visitor.example": 3, "xn--bcher-kva.example": 1}
    assert desk.store.busiest_hour(NOW + 2 * HOUR) == 4
    assert [one["cc"] for one in desk.store.outbox_list()] == [[], ["carol@Bücher.example", "grace@visitor.example"]]


def test_of_several_daemons_each_is_shown_its_own_mailboxes_mail_alone(desk: Desk) -> None:
    (one, two) = queued(desk, "a", "b")
    with desk.store._engines.write() as conn:
        conn.execute(sa.update(t.outbox).where(t.outbox.c.id == two.id).values(mailbox="sales"))

    def shown(of: Portion) -> tuple[list[int], bool]:
        return [row.id for row in desk.store.due(NOW, 9, of)], desk.store.next_due(NOW, of) is not None

    assert shown(Portion(frozenset({"support"}))) == ([one.id], True)
    assert shown(Portion(frozenset({"support"}), but=True)) == ([two.id], True)
    assert shown(EVERYTHING) == ([one.id, two.id], True)
    assert shown(Portion()) == ([], False)


def test_a_claim_stands_until_the_row_is_settled(desk: Desk) -> None:
    (row,) = queued(desk, "a")
    assert desk.store.is_claimed(row.id, "me") is False
    desk.store.claim(row.id, "me", NOW)
    assert (desk.store.is_claimed(row.id, "me"), desk.store.is_claimed(row.id, "you")) == (True, False)
    desk.store.finish(row.id, "uncertain", NOW)
    assert desk.store.is_claimed(row.id, "me") is False

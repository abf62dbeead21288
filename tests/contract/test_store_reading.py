"""What the store answers: to the core in a Snapshot, to people in the shapes of contract.md."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailcase.actions import MarkBounced, NoteOnCase, RelateCases, SuppressAddress
from mailcase.errors import Permanent
from mailcase.store import tables
from mailcase.store.store import Store
from tests.builders import make_attachment, make_lookup
from tests.contract.store_kit import CUSTOMER, LATER, NOW, STATUSES, Clerk, Desk, case, journalled, mail

# --- what the core is told ---


def test_the_snapshot_answers_every_question(desk: Desk) -> None:
    desk.store.adopt_accounts({"visitor.example": "Visitor Ltd"})
    desk.store.adopt_accounts({"visitor.example": "Visitor Ltd", "visitor.test": "Visitor Ltd"})
    desk.receive(mail("a", cc=("kim@visitor.example",)))
    pk = 1
    desk.clerk.more = lambda *_: (
        SuppressAddress(CUSTOMER, LATER, "hard_bounce"),
        SuppressAddress(CUSTOMER, NOW, "earlier"),
        RelateCases(0, 1, "follows"),
        NoteOnCase(1, "away", {"until": "2026-12-01"}),
    )
    desk.receive(mail("b"))
    desk.store.set_flag("breaker", "open")
    lookup = make_lookup(mail("a"), thread_ids=("<b@x>", "<none@x>"), subject_numbers=(1, 2**61))
    seen = desk.store.snapshot(lookup, NOW)
    assert [one.pk for one in seen.same] == [pk]
    assert set(seen.messages) == {"<b@x>"}
    assert seen.messages["<b@x>"][0].cases == (2,)
    assert {number: one.followers for number, one in seen.cases.items()} == {1: (2,), 2: ()}
    assert seen.cases[1].participants == {CUSTOMER, "kim@visitor.example"}
    assert seen.contact is not None
    assert seen.account is not None
    assert (seen.account.name, seen.suppressed, seen.breaker_open) == ("Visitor Ltd", "hard_bounce", True)
    assert [one.content_key for one in seen.acks] == [mail("b").content_key, mail("a").content_key]
    assert {one.group for one in seen.acks} == {"default"}
    assert desk.store.snapshot(lookup, LATER + timedelta(hours=2)).acks == ()
    assert desk.store.snapshot(lookup, LATER).suppressed == ""
    assert [one["event"] for one in case(desk)["events"]] == ["created", "away"]
    shared = {"same": "contact", "category": "Incident", "status": "New", "kind": "active"}
    assert case(desk)["related"] == [{"number": "SR-2", "relation": "followed_by", **shared}]
    assert case(desk, "SR-2")["related"] == [{"number": "SR-1", "relation": "follows", **shared}]


def test_a_related_case_says_what_both_have(desk: Desk) -> None:
    desk.receive(mail("a"))
    desk.clerk.more = lambda *_: (RelateCases(0, 1, "also_named"),)
    desk.receive(mail("b", sender="carol@other.example"))
    assert [one["same"] for one in case(desk)["related"]] == [""]
    desk.store.adopt_accounts({"other.example": "Visitor Ltd"})
    with desk.store._engines.write() as conn:
        account = conn.execute(sa.select(tables.account.c.id)).scalar_one()
        conn.execute(sa.update(tables.case).values(account_id=account))
    assert [one["same"] for one in case(desk)["related"]] == ["account"]


def test_the_snapshot_names_the_suppressed_among_those_who_might_get_a_copy(desk: Desk) -> None:
    until = {"bounced@x.example": LATER, "gone@x.example": None, "again@x.example": NOW, "unasked@x.example": LATER}
    desk.clerk.more = lambda *_: tuple(SuppressAddress(key, at, "hard_bounce") for key, at in until.items())
    desk.receive(mail("a"))
    asked = frozenset({"bounced@x.example", "gone@x.example", "again@x.example", "carol@x.example"})
    seen = desk.store.snapshot(make_lookup(mail("b"), copy_keys=asked), NOW)
    assert seen.suppressed_copies == {"bounced@x.example", "gone@x.example"}
    assert desk.store.snapshot(make_lookup(mail("b")), NOW).suppressed_copies == frozenset()


def test_an_answer_names_the_group_that_gave_it(desk: Desk) -> None:
    desk.receive(mail("a"))
    other = Desk(desk.store, Clerk(over={"group": "other", "groups": ("other",)}), uid=100)
    other.receive(mail("a"))
    acks = desk.store.snapshot(make_lookup(mail("b")), NOW).acks
    assert sorted(one.group for one in acks) == ["default", "other"]


def test_open_cases_leave_out_final_and_other_groups(desk: Desk) -> None:
    desk.receive(mail("a"), mail("b"))
    desk.store.set_case("SR-1", NOW, "agent", status="Closed")
    assert desk.store.snapshot(make_lookup(mail("c")), NOW).open_cases == (2,)
    assert desk.store.snapshot(make_lookup(mail("c"), group="other", groups=("other",)), NOW).open_cases == ()


def test_groups_do_not_see_each_other(desk: Desk) -> None:
    desk.receive(mail("a"))
    other = Desk(desk.store, Clerk(over={"group": "other", "groups": ("other",)}), uid=100)
    assert [one.outcome for one in other.receive(mail("a"), mail("b", "a"))] == ["created", "linked"]
    across = desk.store.snapshot(make_lookup(mail("c"), groups=("default", "other"), thread_ids=("<a@x>",)), NOW)
    assert len(across.messages["<a@x>"]) == 2


def test_an_id_that_everybody_cites_gives_the_newest_and_those_of_the_sender(desk: Desk) -> None:
    desk.clerk.over = {"thread_ids": ()}
    desk.receive(mail("first", "constant"))
    for start in range(0, 70, 35):
        desk.receive(
            *(mail(f"m{n}", "constant", sender="else@shop.example") for n in range(start, start + 35)), now=LATER
        )
    found = desk.store.snapshot(make_lookup(mail("z"), thread_ids=("<constant@x>",)), LATER).citing["<constant@x>"]
    assert len(found) == 65
    assert CUSTOMER in {one.sender_key for one in found}


def test_a_bounce_marks_the_mail_that_came_back(desk: Desk) -> None:
    desk.receive(mail("a"))
    row = desk.store.due(NOW, 1)[0]
    assert desk.store.claim(row.id, "me", NOW)
    desk.store.finish(row.id, "sent", NOW)
    out = desk.store.snapshot(make_lookup(mail("b"), carried_ids=(row.message_id,)), NOW).messages[row.message_id][0]
    desk.clerk.more = lambda *_: (MarkBounced(out.pk, CUSTOMER, "5.1.1", permanent=True),)
    desk.receive(mail("b"))
    assert [(one["state"], one["reason"]) for one in desk.store.outbox_list()] == [
        ("bounced", "5.1.1"),
        ("pending", ""),
    ]


def test_a_copy_that_came_back_is_told_beside_the_mail_that_arrived(desk: Desk) -> None:
    desk.receive(mail("a"))
    row = desk.store.due(NOW, 1)[0]
    assert desk.store.claim(row.id, "me", NOW)
    desk.store.finish(row.id, "sent", NOW)
    out = desk.store.snapshot(make_lookup(mail("b"), carried_ids=(row.message_id,)), NOW).messages[row.message_id][0]
    for name, who in (("b", "bob@x.example"), ("c", "dan@x.example"), ("d", "bob@x.example")):
        desk.clerk.more = lambda *_, who=who: (MarkBounced(out.pk, who, "5.1.1", permanent=True),)
        desk.receive(mail(name))
    sent = desk.store.outbox_list()[0]
    assert (sent["state"], sent["last_error"]) == ("sent", "copy to bob@x.example: 5.1.1; copy to dan@x.example: 5.1.1")


# --- what people read ---


def test_message_list_and_show_have_the_keys_of_the_contract(desk: Desk) -> None:
    parts = (make_attachment(part="10", name="b.pdf"), make_attachment(part="2"))
    desk.receive(mail("a", attachments=parts, html="<b>x</b>", html_clean="<b>y</b>", headers=[("Subject", "Hi")]))
    desk.receive(mail("b", sender="kim@visitor.example"), mailbox="sales")
    listed = desk.store.message_list()
    assert list(listed[0]) == [
        "id", "mailbox", "source", "folder", "uidvalidity", "uid", "message_id", "from", "to", "subject", "date",
        "received_at", "kind", "outcome", "reason", "linked_by", "case", "cases", "sender_unverified",
    ]  # fmt: skip
    assert (listed[0]["date"], listed[0]["received_at"]) == (NOW, NOW)
    assert [one["case"] for one in desk.store.message_list(mailbox="sales")] == ["SR-2"]
    assert [one["case"] for one in desk.store.message_list(last=1)] == ["SR-2"]
    assert desk.store.message_list(since=LATER) == desk.store.message_list(outcome="ignored") == []
    shown = desk.store.message_show(listed[0]["id"])
    assert (shown["html"], shown["headers"], shown["acknowledge"]) == ("<b>y</b>", [["Subject", "Hi"]], True)
    assert [one["part"] for one in shown["attachments"]] == ["2", "10"]
    with pytest.raises(Permanent, match="no message 99"):
        desk.store.message_show(99)


def test_case_list_and_set(desk: Desk) -> None:
    desk.receive(mail("a"))
    (listed,) = desk.store.case_list(STATUSES)
    assert (listed["number"], listed["kind"], listed["message_count"]) == ("SR-1", "active", 2)
    desk.store.set_case("SR-1", LATER, "kim", status="Closed", closing_reason="solved")
    desk.store.set_case("SR-1", LATER, "kim", status="Closed")
    closed = case(desk)
    assert (closed["kind"], closed["closing_reason"], closed["updated_at"]) == ("final", "solved", LATER)
    assert closed["events"][-1] == {
        "at": LATER, "event": "status_set", "actor": "kim", "data": {"from": "New", "to": "Closed"},
    }  # fmt: skip
    assert desk.store.used_statuses() == {"Closed"}
    with pytest.raises(Permanent, match="no case SR-9"):
        desk.store.set_case("SR-9", NOW, "kim", status="Closed")


def test_quarantine_keeps_mail_until_a_person_decides(store: Store) -> None:
    one, two = (row.delivery.id for row in journalled(store, 2))
    store.count_attempt([one])
    store.quarantine(one, "no body", NOW, subject="Hi", message_id="<q@x>")
    store.quarantine(two, "no head", NOW)
    assert [(row["id"], row["subject"], row["error"], row["attempts"]) for row in store.quarantine_list()] == [
        (one, "Hi", "no body", 1), (two, None, "no head", 0),
    ]  # fmt: skip
    store.quarantine_drop(two, LATER, "kim")
    assert [(row.delivery.id, row.attempts) for row in store.quarantine_retry(None, LATER, "kim")] == [(one, 0)]
    assert (store.quarantine_list(), [row.delivery.id for row in store.undecided(9)]) == ([], [one])
    assert [row["outcome"] for row in store.message_list()] == [None, "ignored"]
    with pytest.raises(Permanent, match="not in quarantine"):
        store.quarantine_drop(one, LATER, "kim")

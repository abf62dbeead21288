"""What a copy of our mail teaches of the Message-ID that a relay gave it, and that without proof nothing does."""

import pytest
import sqlalchemy as sa

from mailcase import tokens
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import KEYS, make_mailbox, make_policy
from tests.contract.other_ids_kit import CUSTOMER, OTHER, Office, told
from tests.contract.test_store_replay import again
from tests.contract.test_store_replay import told as differences
from tests.servers.letters import bounce_of

#: What no SQL of one database alone decides is tried on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
NOT_OURS = tokens.mark(tokens.TokenKeys((b"x" * 32,)), "default", 1, "abcdefghijkl", automatic=True)
UNKNOWN = tokens.mark(KEYS, "default", 1, "abcdefghijkl", automatic=True)  # signed, of a mail that nobody has
OTHER_GROUP = tokens.mark(KEYS, "sales", 1, "abcdefghijkl", automatic=True)


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_the_copy_in_the_sent_folder_teaches_it(office: Office) -> None:
    copy = office.sent_copy()
    assert told(copy) == ("ignored", "own_mail", None)
    assert office.known() == [(office.ack, OTHER, "sent_folder")]
    evidence = f"{OTHER} is our mail {office.ack}: it lies in the sent folder, with our mark"
    assert office.trace(copy, "other id") == ("learned", evidence)
    assert told(office.answer(OTHER)) == ("linked", "thread", "SR-1")
    with office.store._engines.read() as conn:  # the question, our acknowledgement, the answer
        assert conn.execute(sa.select(sa.func.count()).select_from(t.message)).scalar_one() == 3


def test_the_same_copy_again_changes_nothing(office: Office) -> None:
    office.sent_copy()
    assert told(office.sent_copy()) == ("ignored", "own_mail", None)
    assert office.known() == [(office.ack, OTHER, "sent_folder")]


def test_a_copy_under_the_id_that_it_left_with_teaches_nothing(office: Office) -> None:
    office.sent_copy(office.ack)
    assert office.known() == []


@pytest.mark.parametrize("mark", ["", NOT_OURS, UNKNOWN, OTHER_GROUP])
def test_a_copy_without_our_mark_teaches_nothing(office: Office, mark: str) -> None:
    office.sent_copy(X_Helpdesk_Loop=mark)
    assert office.known() == []


def test_a_report_that_carries_our_mark_under_another_id_teaches_it(office: Office) -> None:
    report = office.deliver(bounce_of(OTHER, CUSTOMER, loop_header=office.mark, date=office.at))
    assert told(report) == ("noted", "thread", "SR-1")
    assert [one["state"] for one in office.store.outbox_list()] == ["bounced"]
    assert office.known() == [(office.ack, OTHER, "report")]
    assert office.trace(report, "other id")[0] == "learned"
    assert told(office.answer(OTHER)) == ("linked", "thread", "SR-1")


@pytest.mark.parametrize("mark", ["", NOT_OURS, UNKNOWN, OTHER_GROUP])
def test_a_forged_report_teaches_nothing_and_is_tied_to_nothing(office: Office, mark: str) -> None:
    report = office.deliver(bounce_of(OTHER, CUSTOMER, loop_header=mark, date=office.at))
    assert (told(report), office.known()) == (("ignored", "report_unmatched", None), [])
    assert [one["state"] for one in office.store.outbox_list()] == ["pending"]
    assert told(office.answer(OTHER)) == ("created", "new_case", "SR-2")


def test_a_mark_of_a_key_that_was_removed_proves_nothing(office: Office) -> None:
    report = bounce_of(OTHER, CUSTOMER, loop_header=office.mark, date=office.at)
    office.rules = make_policy(make_mailbox(), keys=tokens.TokenKeys((b"n" * 32,)))
    assert told(office.deliver(report)) == ("ignored", "report_unmatched", None)
    assert office.known() == []


def test_a_mark_in_the_reports_own_header_proves_nothing(office: Office) -> None:
    raw = bounce_of(OTHER, CUSTOMER, date=office.at)
    office.deliver(
        raw.replace(b"Return-Path: <>\r\n", f"Return-Path: <>\r\nX-Helpdesk-Loop: {office.mark}\r\n".encode())
    )
    assert office.known() == []


@pytest.mark.parametrize("stored", ["<m1@visitor.example>", "<m2@visitor.example>"])
def test_a_report_attaches_no_other_mails_id(office: Office, stored: str) -> None:
    office.write(2)
    report = office.deliver(bounce_of(stored, CUSTOMER, loop_header=office.mark, date=office.at))
    assert office.known() == []
    assert office.trace(report, "other id")[0] == "not learned"


def test_a_report_takes_no_id_away_from_another_mail_of_ours(office: Office) -> None:
    office.leave(OTHER)
    office.write(2, sender="c2@visitor.example")
    mark = office.ours("SR-2").strip("<>").partition("@")[0]
    report = office.deliver(bounce_of(OTHER, "c2@visitor.example", loop_header=mark, date=office.at))
    assert office.trace(report, "other id") == (
        "not learned",
        f"{OTHER} is our mail {office.ack}, though the report carries it with our mark",
    )
    assert office.known() == [(office.ack, OTHER, "relay")]


def test_a_mail_that_forwards_ours_teaches_nothing(office: Office) -> None:
    raw = bounce_of(OTHER, CUSTOMER, loop_header=office.mark, date=office.at)
    person = raw.replace(b"Return-Path: <>", b"Return-Path: <c1@visitor.example>")
    person = person.replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;")
    person = person.replace(b"message/delivery-status", b"text/plain").replace(b"Auto-Submitted: auto-replied\r\n", b"")
    person = person.replace(b"Mail Delivery System <mailer-daemon@mx.visitor.example>", b"c1@visitor.example")
    assert office.deliver(person.replace(b"Undelivered Mail Returned to Sender", b"Fwd: look")).outcome == "created"
    assert office.known() == []


def test_the_mark_of_a_group_with_two_domains_finds_its_mail(store: Store) -> None:
    boxes = (
        make_mailbox(),
        make_mailbox(name="other", address="other@second.example", message_id_domain="second.example"),
    )
    office = Office(store)
    office.rules = make_policy(*reversed(boxes))
    office.sent_copy()
    assert office.known() == [(office.ack, OTHER, "sent_folder")]


def test_where_the_answer_came_first_later_mail_joins_by_it_and_both_cases_are_one_thread(office: Office) -> None:
    assert told(office.answer(OTHER)) == ("created", "new_case", "SR-2")
    office.sent_copy()
    assert told(office.answer("<ma1@visitor.example>", OTHER, name="a2")) == ("linked", "thread", "SR-2")
    assert told(office.answer(OTHER, name="a3")) == ("linked", "thread", "SR-1")
    related = [(one["number"], one["relation"]) for one in office.case("SR-2")["related"]]
    assert ("SR-1", "same_thread") in related


def test_who_names_it_alone_ties_both_cases_too(office: Office) -> None:
    office.answer(OTHER)
    office.sent_copy()
    assert told(office.answer(OTHER, name="a2")) == ("linked", "thread", "SR-1")
    assert ("SR-2", "same_thread") in [(one["number"], one["relation"]) for one in office.case("SR-1")["related"]]


@ON_SQLITE
async def test_replay_knows_it_from_the_moment_that_we_did(store: Store) -> None:
    office = Office(store)
    start = office.at
    office.write(2)
    office.at = office.at.replace(microsecond=1)
    office.leave(OTHER)
    office.answer(OTHER)
    office.sent_copy("<sent@x>")
    office.write(3)
    middle = office.at
    office.answer("<sent@x>", name="a2")
    office.deliver(bounce_of("<back@x>", CUSTOMER, loop_header=office.mark, date=office.at))
    office.answer("<back@x>", name="a3")
    assert [other for _, other, _ in office.known()] == [OTHER, "<back@x>", "<sent@x>"]
    for since in (start.replace(hour=0), middle):
        found = await again(store, office.rules, since)
        assert (bool(found.mails), differences(found), found.left_out) == (True, {}, {})

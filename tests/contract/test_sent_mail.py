"""Agents' own mails out of a watched sent folder (B16), on every store: on their case, and without any effect."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase.ports import Settled
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import make_linking, make_policy
from tests.contract.office import Office
from tests.contract.store_kit import NOW
from tests.servers import new_store
from tests.servers.letters import DESK, bounce_of, letter

CUSTOMER, COLLEAGUE = "c1@visitor.example", "colleague@elsewhere.example"
QUESTION = letter(1, message_id="<q@visitor.example>", date=NOW)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """On SQLite; the tests that take `store` run on PostgreSQL too."""
    new_store.place(tmp_path)
    store = Store.open("sqlite:///mailcase.db", tmp_path)
    yield Office(store, make_policy(linking=make_linking(strangers="new_case")))
    store.close()


def sent(office: Office, raw: bytes, **over: Any) -> Settled:
    """A mail of the sent folder."""
    return office.receive(raw, folder="Sent", sent=True, **over)


def by_agent(name: str = "r1", to: str = CUSTOMER, answers: str = "<q@visitor.example>", **over: str) -> bytes:
    thread = {"In_Reply_To": answers, "References": answers} if answers else {}
    usual = {"message_id": f"<{name}@helpdesk.example>", "subject": "Re: Problem 1", **thread, **over}
    return letter(name, sender=DESK, to=to, date=NOW, Return_Path="", **usual)


def by_customer(name: str, answers: str, sender: str = CUSTOMER, **over: str) -> bytes:
    usual = {"message_id": f"<{name}@visitor.example>", "subject": "Re: Problem 1", "In_Reply_To": answers, **over}
    return letter(name, sender=sender, date=NOW, **usual)


def told(settled: Settled) -> tuple[str, str, str | None]:
    return settled.outcome, settled.reason, settled.case


def thread(office: Office, number: str) -> list[tuple[str, str, str]]:
    return [(one["direction"], one["how"], one["message_id"]) for one in office.case(number)["messages"]]


def test_an_agents_answer_is_an_outgoing_mail_of_its_case(office: Office) -> None:
    office.receive(QUESTION)
    settled = sent(office, by_agent())
    assert (*told(settled), settled.kind, settled.queued) == ("linked", "thread", "SR-1", "own", False)
    assert thread(office, "SR-1")[-1] == ("out", "sent", "<r1@helpdesk.example>")
    assert len(office.rows(t.outbox)) == 1  # the acknowledgement of the question
    (message,) = [one for one in office.rows(t.message) if one["message_id"] == "<r1@helpdesk.example>"]
    assert (message["direction"], message["automatic"], message["contact_id"]) == ("out", False, None)


@pytest.mark.parametrize("status", ["Waiting for response", "Resolved", "Closed"])
def test_it_changes_no_status_and_no_assignee(office: Office, status: str) -> None:
    office.receive(QUESTION)
    office.store.set_case("SR-1", NOW, "ann", status=status, assignee="ann")
    assert told(sent(office, by_agent())) == ("linked", "thread", "SR-1")
    case = office.case("SR-1")
    assert (case["status"], case["assignee"], len(office.rows(t.case))) == (status, "ann", 1)


def test_the_customers_answer_to_it_and_the_colleague_it_was_sent_to_are_known(office: Office) -> None:
    office.receive(QUESTION)
    sent(office, by_agent(Cc=COLLEAGUE))
    assert told(office.receive(by_customer("a1", "<r1@helpdesk.example>"))) == ("linked", "thread", "SR-1")
    settled = office.receive(by_customer("a2", "<r1@helpdesk.example>", COLLEAGUE))
    assert told(settled) == ("linked", "thread", "SR-1")  # and no stranger, though strangers = new_case


def test_a_number_alone_does_not_put_it_on_a_case(office: Office) -> None:
    office.receive(QUESTION)
    settled = sent(office, by_agent(answers="", subject="Re: Problem 1 [SR-1]", body="about SR-1"))
    assert told(settled) == ("ignored", "sent_unmatched", None)


def test_a_first_mail_to_a_customer_makes_no_case_but_is_shown_in_that_of_his_answer(store: Store) -> None:
    office = Office(store, make_policy(linking=make_linking(strangers="new_case")))
    first = by_agent("first", answers="", Cc=COLLEAGUE)
    assert told(sent(office, first)) == ("ignored", "sent_unmatched", None)
    settled = office.receive(by_customer("a1", "<first@helpdesk.example>"))
    assert told(settled) == ("created", "new_case", "SR-1")
    assert thread(office, "SR-1")[0] == ("out", "sent", "<first@helpdesk.example>")
    settled = office.receive(by_customer("a2", "<first@helpdesk.example>", COLLEAGUE))
    assert told(settled) == ("linked", "thread", "SR-1")


def test_a_case_shows_the_answer_that_was_read_before_the_question(office: Office) -> None:
    """With start = "all" the sent folder is read first."""
    assert told(sent(office, by_agent())) == ("ignored", "sent_unmatched", None)
    assert told(office.receive(QUESTION)) == ("created", "new_case", "SR-1")
    assert thread(office, "SR-1")[0][2] == "<r1@helpdesk.example>"


def test_an_agents_mail_that_comes_late_joins_the_case_of_the_answer(office: Office) -> None:
    assert told(office.receive(by_customer("a1", "<first@helpdesk.example>"))) == ("created", "new_case", "SR-1")
    assert told(sent(office, by_agent("first", answers=""))) == ("linked", "thread", "SR-1")


def both_folders(office: Office, copy: bytes, *, sent_first: bool) -> list[str]:
    """The mail in the sent folder and as we receive it, in that order or the other; what became of each."""
    for in_sent in (sent_first, not sent_first):
        if in_sent:
            sent(office, copy)
        else:
            office.receive(copy)
    return [one["outcome"] for one in office.store.message_list()]


@pytest.mark.parametrize(("strangers", "sent_first"), [("link", False), ("new_case", False), ("link", True)])
def test_a_copy_that_we_receive_is_no_second_message(store: Store, strangers: str, sent_first: bool) -> None:
    office = Office(store, make_policy(linking=make_linking(strangers=strangers)))
    office.receive(QUESTION)
    both_folders(office, by_agent(Cc=DESK), sent_first=sent_first)
    assert thread(office, "SR-1")[-1] == ("out", "sent", "<r1@helpdesk.example>")
    assert len(office.rows(t.message)) == 3  # the question, our acknowledgement, and this
    assert [one["status"] for one in office.rows(t.case)][1:] in ([], ["Canceled"])
    answer = office.receive(by_customer("a1", "<r1@helpdesk.example>"))
    assert (answer.outcome, answer.case) == ("linked", "SR-1")


@pytest.mark.parametrize("sent_first", [True, False])
def test_a_first_mail_with_a_copy_to_us_leaves_no_open_case(office: Office, sent_first: bool) -> None:
    outcomes = both_folders(office, by_agent("first", answers="", Cc=DESK), sent_first=sent_first)
    assert outcomes == (["ignored", "duplicate"] if sent_first else ["created", "ignored"])
    (message,) = office.rows(t.message)
    assert (message["direction"], message["kind"], message["automatic"]) == ("out", "own", False)
    assert [one["status"] for one in office.rows(t.case)] == ([] if sent_first else ["Canceled"])
    answer = office.receive(by_customer("a1", "<first@helpdesk.example>"))
    assert (answer.outcome, len(thread(office, str(answer.case)))) == ("created", 3)
    assert thread(office, str(answer.case))[0] == ("out", "sent", "<first@helpdesk.example>")


def test_a_case_that_somebody_works_on_is_not_withdrawn(office: Office) -> None:
    copy = by_agent("first", answers="", Cc=DESK)
    office.receive(copy)
    office.receive(by_customer("a1", "<first@helpdesk.example>"))
    assert told(sent(office, copy))[0] == "duplicate"
    assert office.case("SR-1")["status"] == "New"


def test_a_relay_that_gives_another_message_id_makes_no_second_mail(office: Office) -> None:
    office.receive(QUESTION)
    sent(office, by_agent(Cc=DESK))
    settled = office.receive(by_agent(Cc=DESK, message_id="<rewritten@relay.example>"))
    assert told(settled) == ("duplicate", "same_content", None)


def test_the_same_mail_in_the_sent_folder_again_is_a_duplicate(office: Office) -> None:
    office.receive(QUESTION)
    sent(office, by_agent())
    assert told(sent(office, by_agent())) == ("duplicate", "same_message", None)


def test_the_relays_copy_of_our_automatic_mail_is_our_own(office: Office) -> None:
    office.receive(QUESTION)
    (row,) = office.rows(t.outbox)
    copy = letter("ack", sender=DESK, to=CUSTOMER, message_id=row["message_id"], date=NOW)
    assert told(sent(office, copy)) == ("ignored", "own_mail", None)
    assert len(office.rows(t.message)) == 2
    report = office.receive(bounce_of(row["message_id"], CUSTOMER))
    assert (report.outcome, office.rows(t.outbox)[0]["state"]) == ("noted", "bounced")


def test_a_web_form_that_sends_through_the_account_is_decided_by_what_we_receive(office: Office) -> None:
    form = letter("form", sender=DESK, to=DESK, subject="Contact form", date=NOW)
    assert told(sent(office, form)) == ("ignored", "sent_to_us", None)
    assert told(office.receive(form)) == ("created", "new_case", "SR-1")
    assert told(office.receive(form)) == ("duplicate", "same_message", None)
    assert told(sent(office, form))[0] == "duplicate"
    assert [one["status"] for one in office.rows(t.case)] == ["New"]


def test_a_bounce_of_an_agents_mail_suppresses_the_address(office: Office) -> None:
    office.receive(QUESTION)
    sent(office, by_agent())
    office.receive(bounce_of("<r1@helpdesk.example>", CUSTOMER))
    assert "undeliverable" in [one["event"] for one in office.case("SR-1")["events"]]
    (row,) = office.rows(t.suppression)
    assert (row["key"], row["until"]) == (CUSTOMER, NOW + timedelta(days=30))


HOPS = "from mx.visitor.example by mx.helpdesk.example with ESMTPS; Tue, 3 Nov 2026 09:00:00 +0000"


@pytest.mark.parametrize("sent_first", [True, False])
@pytest.mark.parametrize(
    "over",
    [
        {"Cc": COLLEAGUE},  # To us
        {"to": COLLEAGUE, "Cc": DESK, "Received": HOPS},
        {"to": COLLEAGUE, "Received": HOPS, "Delivered_To": DESK},  # Bcc to us
        {"sender": "boss@helpdesk.example", "Cc": COLLEAGUE, "Received": HOPS},  # customers in our own house
    ],
)
def test_a_customers_mail_that_was_put_into_the_sent_folder_makes_its_case(
    office: Office, over: dict[str, str], sent_first: bool
) -> None:
    both_folders(office, letter(1, date=NOW, **over), sent_first=sent_first)
    by_folder = {one["folder"]: (one["outcome"], one["reason"]) for one in office.store.message_list()}
    assert by_folder["INBOX"] == ("created", "new_case")
    assert by_folder["Sent"] == (("ignored", "sent_to_us") if sent_first else ("duplicate", "same_message"))
    assert [one["status"] for one in office.rows(t.case)] == ["New"]
    assert [one["state"] for one in office.rows(t.outbox)] == ["pending"]


def test_a_copy_in_the_sent_folder_that_does_not_show_us_hides_no_mail_to_us(office: Office) -> None:
    sent(office, letter(1, to=COLLEAGUE, date=NOW))
    settled = office.receive(letter(1, to=COLLEAGUE, date=NOW, Delivered_To=DESK))
    assert told(settled) == ("created", "new_case", "SR-1")
    assert told(office.receive(letter(1, to=COLLEAGUE, date=NOW)))[0] == "duplicate"


JANE = "jane@helpdesk.example"  # an agent's personal address: none of a mailbox


def by_jane(name: str, **over: str) -> bytes:
    usual: dict[str, str] = {"to": CUSTOMER, "Cc": DESK, "message_id": f"<{name}@helpdesk.example>", **over}
    return letter(name, sender=JANE, date=NOW, **usual)


@pytest.mark.parametrize("sent_first", [True, False])
def test_an_agents_mail_from_a_personal_address_leaves_no_case_and_no_acknowledgement(
    store: Store, sent_first: bool
) -> None:
    office = Office(store, make_policy(linking=make_linking(strangers="new_case")))
    both_folders(office, by_jane("first"), sent_first=sent_first)
    assert [one["status"] for one in office.rows(t.case)] == ([] if sent_first else ["Canceled"])
    kept_back = [(one["state"], one["reason"], one["message_pk"]) for one in office.rows(t.outbox)]
    assert kept_back == ([] if sent_first else [("suppressed", "own_mail", None)])
    (message,) = office.rows(t.message)
    assert (message["direction"], message["kind"], message["automatic"]) == ("out", "own", False)


def test_one_that_was_acknowledged_already_is_withdrawn_all_the_same(office: Office) -> None:
    office.receive(by_jane("first"))
    (row,) = office.store.due(NOW, 10)
    assert office.store.claim(row.id, "someone", NOW)
    assert told(sent(office, by_jane("first"))) == ("ignored", "sent_unmatched", None)
    assert [one["status"] for one in office.rows(t.case)] == ["Canceled"]
    assert [one["state"] for one in office.rows(t.outbox)] == ["sending"]


def test_an_answer_from_a_personal_address_is_outgoing_though_we_received_it_first(office: Office) -> None:
    policy = make_policy(linking=make_linking(strangers="link"))
    office = Office(office.store, replace(policy, acknowledge=replace(policy.acknowledge, reopened=True)))
    office.receive(QUESTION)
    office.store.set_case("SR-1", NOW, "ann", status="Resolved")
    thread_of = {"subject": "Re: Problem 1", "In_Reply_To": "<q@visitor.example>"}
    assert office.receive(by_jane("r1", **thread_of)).outcome == "reopened"
    assert told(sent(office, by_jane("r1", **thread_of))) == ("duplicate", "same_message", None)
    assert thread(office, "SR-1")[-1] == ("out", "sent", "<r1@helpdesk.example>")
    assert "reopened_by_own_mail" in [one["event"] for one in office.case("SR-1")["events"]]
    assert [one["state"] for one in office.rows(t.outbox)] == ["pending", "suppressed"]

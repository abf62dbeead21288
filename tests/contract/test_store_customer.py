"""A case that is given to another customer: contact, account, or one of the two alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.life.refused import Refused
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import CUSTOMER, NOW, make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.life_kit import ANN, BEN, life_policy

BOSS, BOB = "boss@other.example", "Bob@Visitor.example"


@pytest.fixture
def office(store: Store) -> Office:
    """Agents, two accounts, and SR-1 of a customer's mail, of which his boss had a copy."""
    store.adopt_accounts({"visitor.example": "Visitor Ltd", "elsewhere.example": "Elsewhere Ltd"})
    made = Office(store)
    made.hire()
    made.receive(letter("a", subject="Printer jams", text="It jams.", cc=BOSS))
    return made


def newest(office: Office) -> Any:
    return office.rows(t.outbox)[-1]


def test_the_next_mail_goes_to_the_new_contact_in_the_thread(office: Office) -> None:
    office.receive(letter("n", "a", subject="Re: Printer jams", sender=ANN))  # no customer is told its id
    done = cases.contact(office.desk, "SR-1", office.ann(), BOSS, "The boss")
    assert (done.events, done.told) == (("contact",), ())
    (event,) = (one for one in office.case()["events"] if one["event"] == "contact")
    assert (event["actor"], event["data"]) == (
        ANN, {"from": CUSTOMER, "to": BOSS, "from_account": "Visitor Ltd", "to_account": ""},
    )  # fmt: skip
    assert (office.case()["contact"], office.case()["account"]) == (f"The boss <{BOSS}>", None)
    assert [one.to for one in cases.start(office.desk, "SR-1", office.ann()).told] == [BOSS]
    assert [one.to for one in cases.reply(office.desk, "SR-1", office.ann(), "Switch it off.").told] == [BOSS]
    row = newest(office)
    assert (row.in_reply_to, row.subject) == ("<a@x>", "Re: Printer jams [SR-1]")
    assert "It jams." not in row.text  # what another one wrote is not quoted
    (answer,) = office.receive(letter("b", subject="Re: Printer jams [SR-1]", sender=BOSS))
    assert (answer.outcome, office.newest()["verified"]) == ("linked", True)
    (former,) = office.receive(letter("c", "a", subject="Re: Printer jams"))
    assert (former.case, office.newest()["verified"]) == ("SR-1", True)  # who wrote before is no stranger
    assert [one.to for one in cases.reply(office.desk, "SR-1", office.ann(), "Thank you.").told] == [BOSS]
    assert newest(office).in_reply_to == "<b@x>"


def test_an_unknown_address_becomes_a_contact_of_its_domains_account(office: Office) -> None:
    cases.contact(office.desk, "SR-1", ROOT, BOB, " Bob  Roe ")
    assert (office.case()["contact"], office.case()["account"]) == (f"Bob Roe <{BOB}>", "Visitor Ltd")
    cases.contact(office.desk, "SR-1", ROOT, BOB, account="Elsewhere Ltd")
    assert office.case()["account"] == "Elsewhere Ltd"
    cases.contact(office.desk, "SR-1", ROOT, account="")
    assert (office.case()["contact"], office.case()["account"]) == (f"Bob Roe <{BOB}>", None)
    cases.contact(office.desk, "SR-1", ROOT, "", account="Visitor Ltd")
    assert (office.case()["contact"], office.case()["account"]) == (None, "Visitor Ltd")
    with pytest.raises(Refused, match="nobody's"):
        cases.contact(office.desk, "SR-1", ROOT, account="")
    with pytest.raises(Exception, match="`mailcase case contact SR-1 ADDRESS` names one"):
        cases.reply(office.desk, "SR-1", ROOT, "Hello?")
    cases.contact(office.desk, "SR-1", ROOT, CUSTOMER.upper())
    assert (office.row().contact_id, office.case()["account"]) == (1, "Visitor Ltd")
    assert len(office.rows(t.contact)) == 2


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"address": "bob"}, "'bob' is no address"),
        ({"address": "SUPPORT@helpdesk.example"}, "an address of our own"),
        ({"address": "Support+c1@helpdesk.example"}, "an address of our own"),
        ({"address": BOB, "account": "Nobody Ltd"}, "there is no account Nobody Ltd: "),
        ({"address": BOB, "account": "visitr ltd"}, "did you mean Visitor Ltd\\?"),
        ({"address": CUSTOMER}, f"SR-1 is a case of {CUSTOMER}, Visitor Ltd already"),
        ({}, f"SR-1 is a case of {CUSTOMER}, Visitor Ltd already"),
        ({"address": "", "account": ""}, "nobody's"),
    ],
)
def test_whose_it_cannot_be(office: Office, over: dict[str, Any], said: str) -> None:
    before = (office.row(), len(office.rows(t.contact)), len(office.rows(t.case_event)))
    with pytest.raises(Refused, match=said):
        cases.contact(office.desk, "SR-1", ROOT, **over)
    assert (office.row(), len(office.rows(t.contact)), len(office.rows(t.case_event))) == before


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_who_may_not_see_the_case_hears_nothing_of_its_customer(office: Office) -> None:
    office.policy = life_policy(isolate=True, mailboxes={"support": make_mailbox(organization="North")})
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.case).values(organization="North"))
        conn.execute(sa.update(t.agent).where(t.agent.c.key == BEN).values(organizations=["North"]))
        conn.execute(sa.update(t.contact).values(active=False))
    with pytest.raises(Refused, match="there is no case SR-1"):
        cases.contact(office.desk, "SR-1", office.ann(), CUSTOMER)
    with pytest.raises(Refused, match="is disabled"):
        cases.contact(office.desk, "SR-1", office.desk.agent(BEN), CUSTOMER)


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_a_notice_that_waits_for_who_it_was_is_not_sent(office: Office) -> None:
    late = merged([NoticeChange("resolved", delay=timedelta(minutes=30))])
    office.policy = replace(office.policy, notices=late)
    cases.resolve(office.desk, "SR-1", office.ann(), "A new roller.")
    cases.contact(office.desk, "SR-1", office.ann(), BOSS)
    row = newest(office)
    assert not office.store.claim(row.id, "me", NOW + timedelta(minutes=30))
    assert (newest(office).state, newest(office).reason) == ("suppressed", "condition_gone")


def test_of_a_doubtful_mail_the_contact_whom_a_person_names_is_told(office: Office) -> None:
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.case_message).values(verified=False))
    assert [one.state for one in cases.start(office.desk, "SR-1", office.ann()).told] == ["suppressed"]
    cases.contact(office.desk, "SR-1", office.ann(), BOSS)
    (told,) = cases.wait(office.desk, "SR-1", office.ann(), "Which model?").told
    assert (told.to, told.state) == (BOSS, "pending")
    assert newest(office).in_reply_to is None  # nor is a doubtful mail answered

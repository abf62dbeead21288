"""Cases by hand in the store, and acts on two cases: merged, split off, above one another, related."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.errors import Permanent
from mailcase.life.changes import File
from mailcase.life.creating import NewCase
from mailcase.life.refused import Refused
from mailcase.store import tables as t
from mailcase.store.life.case_filter import CaseFilter
from mailcase.store.store import Store
from tests.builders import CUSTOMER, NOW, make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.life_kit import ANN, BEN, life_policy

BOB, BOSS = "bob@visitor.example", "boss@other.example"


@pytest.fixture
def office(store: Store) -> Office:
    """Agents, and SR-1 of a customer's mail."""
    store.adopt_accounts({"visitor.example": "Visitor Ltd"})
    made = Office(store)
    made.hire()
    made.receive(letter("a", subject="Printer jams", text="It jams.", cc=BOSS))
    return made


def create(office: Office, title: str = "Mouse", **over: Any) -> Any:
    return cases.create(office.desk, NewCase(title, **over), over.pop("by", ROOT))


def test_a_case_by_hand_of_a_caller_whom_nobody_knows(office: Office) -> None:
    done = create(office, contact="Bob@Visitor.example", contact_name="Bob", description="It squeaks.", notify=True)
    assert (done.number, done.status, done.events) == ("SR-2", "New", ("created",))
    row = office.row("SR-2")
    assert (row.title, row.description, row.source, row.first_kind, row.origin_pk) == (
        "Mouse", "It squeaks.", "Voice", "", None,
    )  # fmt: skip
    shown = office.case("SR-2")
    assert (shown["contact"], shown["account"]) == ("Bob <Bob@Visitor.example>", "Visitor Ltd")
    assert [one.to for one in done.told] == ["Bob@Visitor.example"]
    (answer,) = office.receive(letter("b", subject="More on SR-2", sender=BOB))
    assert (answer.outcome, answer.case) == ("linked", "SR-2")
    assert office.newest("SR-2")["verified"]  # the contact is no stranger to his case


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: q@q.example", "a b@c.example", "@", "x@", "no at sign"])
def test_a_caller_who_could_not_be_written_to_is_no_contact(office: Office, address: str) -> None:
    with pytest.raises(Refused, match="is no address that could be written to"):
        create(office, contact=address)
    with pytest.raises(Refused, match="is no address that could be written to"):
        cases.contact(office.desk, "SR-1", ROOT, address)


def test_a_caller_whose_name_is_no_text_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="the contact's name cannot be read"):
        create(office, contact=BOB, contact_name="caf\udce9")


def test_a_customer_of_many_addresses_is_written_to_at_the_one_that_was_named(office: Office) -> None:
    contact = office.row().contact_id
    rows = [{"key": one, "address": one, "contact_id": contact} for one in ("adam@visitor.example", BOB)]
    with office.store._engines.write() as conn:
        conn.execute(sa.insert(t.contact_address), rows)
    done = create(office, contact=BOB, category="Request", notify=True)
    assert [one.to for one in done.told] == [BOB]
    assert office.case("SR-2")["contact"].endswith(f"<{BOB}>")
    assert [one.to for one in cases.reply(office.desk, "SR-2", ROOT, "Switch it off.").told] == [BOB]
    cases.split(office.desk, "SR-2", ROOT, text="And the mouse.")
    assert [one.to for one in cases.reply(office.desk, "SR-3", ROOT, "Turn it over.").told] == [BOB]


def test_without_notify_nobody_but_the_owner_is_told(office: Office) -> None:
    assert create(office, contact=CUSTOMER, category="Request").told == ()
    told = create(office, contact=CUSTOMER, category="Question", assignee=BEN).told
    assert [(one.to, one.audience) for one in told] == [(BEN, "agent")]


def test_a_direct_reply_leaves_at_once(office: Office) -> None:
    files = (File("notes.txt", "text/plain", b"how to"),)
    done = create(office, contact=CUSTOMER, category="Request", direct_reply="Switch it off.", files=files)
    assert (done.events, done.assignee) == (("created", "replied"), "")
    assert [(one.to, one.audience) for one in done.told] == [(CUSTOMER, "customer")]
    assert office.row("SR-2").first_response_at == NOW
    assert [one.name for one in office.rows(t.case_file)] == ["notes.txt"]


def test_a_second_case_of_customer_and_category_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="has an open case of category Incident: SR-1"):
        create(office, contact=CUSTOMER)
    assert create(office, contact=CUSTOMER, category="Request").number == "SR-2"
    made = create(office, contact=CUSTOMER, allow_same_case=True)
    assert [(one["number"], one["relation"]) for one in office.case(made.number)["related"]] == [
        ("SR-1", "possible_duplicate")
    ]
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.case).where(t.case.c.number == made.number).values(organization="North"))
    for its, seen in (("South", False), ("North", True)):  # of a case that is not his to see an agent sees nothing
        with office.store._engines.write() as conn:
            conn.execute(sa.update(t.case).where(t.case.c.number == "SR-1").values(organization=its))
        listed = office.store.case_list(office.policy.statuses, CaseFilter(organizations=("North",)))
        shown = office.store.case_show(made.number, office.policy.statuses, organizations=("North",))
        assert (listed[-1]["number"], listed[-1]["possible_duplicate"]) == (made.number, seen)
        assert (shown["possible_duplicate"], office.case(made.number)["possible_duplicate"]) == (seen, True)
    cases.close(office.desk, "SR-1", ROOT)
    cases.close(office.desk, made.number, ROOT)
    assert create(office, contact=CUSTOMER).number == "SR-4"


def test_a_case_of_an_account_alone(office: Office) -> None:
    assert create(office, account="Visitor Ltd", category="Request").number == "SR-2"
    with pytest.raises(Refused, match="Visitor Ltd has an open case of category Request: SR-2"):
        create(office, account="Visitor Ltd", category="Request")
    assert create(office, contact=CUSTOMER, category="Request").number == "SR-3"  # another customer


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"contact": "bob"}, "'bob' is no address"),
        ({"contact": "SUPPORT@helpdesk.example"}, "an address of our own"),
        ({"contact": "Support+c1@helpdesk.example"}, "an address of our own"),
        ({"account": "Nobody Ltd"}, "there is no account Nobody Ltd"),
        ({}, "a contact or an account"),
    ],
)
def test_whose_case_it_cannot_be(office: Office, over: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        create(office, **over)
    assert len(office.rows(t.case)) == len(office.rows(t.contact)) == 1


def test_contacts_and_accounts_out_of_use_get_no_case(office: Office) -> None:
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.contact).values(active=False))
        conn.execute(sa.update(t.account).values(active=False))
    with pytest.raises(Refused, match="is disabled"):
        create(office, contact=CUSTOMER)
    with pytest.raises(Refused, match="there is no active account"):
        create(office, account="Visitor Ltd")
    office.policy = life_policy(cases={"create_contacts": False})
    with pytest.raises(Refused, match="there is no contact"):
        create(office, contact=BOB)


def test_later_mail_to_a_merged_case_goes_to_the_other(office: Office) -> None:
    desk = office.desk
    for title in ("Mouse", "Keys"):
        create(office, title, contact=CUSTOMER, allow_same_case=True)
    cases.follow(desk, "SR-1", office.ann())
    cases.add_task(desk, "SR-1", ROOT, "Order")
    before = office.row("SR-2").version
    done = cases.merge(desk, "SR-1", ROOT, "SR-2")
    assert (done.status, done.told) == ("Closed", ())
    row = office.row()
    assert (row.merged_into_id, row.closing_reason, row.closed_at) == (2, "Merged into SR-2", NOW)
    assert office.row("SR-2").version == before + 1
    assert office.events("SR-2")[-1] == "merged"
    assert [(one.case_id, one.key) for one in office.rows(t.case_follower)] == [(1, ANN), (2, ANN)]
    assert [one.case_id for one in office.rows(t.case_task)] == [2]
    for wrong in ("SR-1", "SR-2"):
        with pytest.raises(Refused, match="was merged into SR-2"):
            cases.merge(desk, "SR-1" if wrong == "SR-2" else "SR-3", ROOT, wrong)
    cases.merge(desk, "SR-2", ROOT, "SR-3")  # a chain
    with pytest.raises(Refused, match="SR-1 was merged into SR-3"):
        cases.restart(desk, "SR-1", ROOT)
    (answer,) = office.receive(letter("b", "a", subject="Re: Printer jams", sender=BOSS))
    assert (answer.outcome, answer.case) == ("linked", "SR-3")
    assert office.newest("SR-3")["verified"]  # who wrote to the one is no stranger to the other


def test_cases_of_two_customers_stay_apart(office: Office) -> None:
    create(office, contact="bob@other.example")
    with pytest.raises(Refused, match="different customers"):
        cases.merge(office.desk, "SR-1", ROOT, "SR-2")


def test_a_message_is_split_off_and_stands_on_both(office: Office) -> None:
    (second,) = office.receive(letter("b", "a", subject="Re: Printer jams", text="And the mouse.", cc=BOSS))
    done = cases.split(office.desk, "SR-1", ROOT, second.delivery_id, subject="Mouse")
    assert (done.made, done.number) == ("SR-2", "SR-1")
    made = office.case("SR-2")
    assert (made["title"], made["description"], made["status"]) == ("Mouse", "And the mouse.", "New")
    assert made["contact"] == office.case()["contact"]
    assert [(one["how"], one["verified"]) for one in made["messages"]] == [("split", True)]
    assert len([one for one in office.case()["messages"] if one["direction"] == "in"]) == 2
    assert [one["event"] for one in made["events"]] == ["created", "split"]
    assert office.events()[-1] == "split"
    assert [one["number"] for one in made["related"]] == ["SR-1"]
    with pytest.raises(Refused, match="split off already, to SR-2"):
        cases.split(office.desk, "SR-1", ROOT, second.delivery_id)
    (answer,) = office.receive(letter("c", "b", subject="Re: Mouse", sender=BOSS))
    assert (answer.outcome, answer.case) == ("linked", "SR-2")  # the newest of both
    assert office.newest("SR-2")["verified"]


def test_a_text_is_split_off_and_a_strange_message_is_not(office: Office) -> None:
    done = cases.split(office.desk, "SR-1", ROOT, text="The keys stick.\nAll of them.")
    assert office.case(done.made)["title"] == "The keys stick."
    assert office.case(done.made)["messages"] == []
    (other,) = office.receive(letter("z", subject="Alone", sender=BOB))
    for wrong in (other.delivery_id, 999):
        with pytest.raises(Permanent, match="does not stand on SR-1"):
            cases.split(office.desk, "SR-1", ROOT, wrong)


def test_parents_and_relatives(office: Office) -> None:
    desk = office.desk
    for title in ("Mouse", "Keys"):
        create(office, title, contact=BOB, allow_same_case=True)
    cases.parent(desk, "SR-2", ROOT, "SR-1")
    cases.parent(desk, "SR-3", ROOT, "SR-2")
    with pytest.raises(Refused, match="SR-3 cannot be the parent of SR-1: it would be above itself"):
        cases.parent(desk, "SR-1", ROOT, "SR-3")
    assert (office.row("SR-3").parent_id, office.events("SR-2")[-1]) == (2, "child_added")
    cases.parent(desk, "SR-3", ROOT, "SR-1")
    assert office.events("SR-2")[-1] == "child_removed"
    cases.parent(desk, "SR-3", ROOT, "")
    assert office.row("SR-3").parent_id is None
    cases.relate(desk, "SR-1", ROOT, "SR-3")
    for one, other in (("SR-1", "SR-3"), ("SR-3", "SR-1")):
        assert (other, "related") in [(it["number"], it["relation"]) for it in office.case(one)["related"]]
        with pytest.raises(Refused, match="related already"):
            cases.relate(desk, one, ROOT, other)


def test_cases_of_two_groups_are_not_merged(store: Store) -> None:
    boxes = (make_mailbox(), make_mailbox(name="sales", address="sales@helpdesk.example", group="sales"))
    office = Office(store, life_policy(mailboxes={one.name: one for one in boxes}))
    office.receive(letter("a"))
    assert create(office, contact=CUSTOMER, mailbox="sales").number == "SR-2"  # another group: no second one
    with pytest.raises(Refused, match="different groups of mailboxes, default and sales"):
        cases.merge(office.desk, "SR-1", ROOT, "SR-2")


def test_junk_is_worked_on_by_nobody(store: Store) -> None:
    policy = life_policy()
    office = Office(store, replace(policy, junk=replace(policy.junk, create_cases=True, blacklist=_everybody())))
    (junk,) = office.receive(letter("a"))
    assert junk.outcome == "junk_case"
    for act in (cases.restart, cases.undo_cancel):
        with pytest.raises(Refused, match=r"is junk .*possible are note, comment, follow, relate"):
            act(office.desk, "SR-1", ROOT)
    assert cases.note(office.desk, "SR-1", ROOT, "seen").events == ("note",)


def _everybody() -> Any:
    from mailcase.junk.blacklist import Blacklist

    return Blacklist.parse(CUSTOMER)

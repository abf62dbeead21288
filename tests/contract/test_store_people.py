"""Agents, groups, accounts and contacts on both databases: entered, changed, taken in from files, and recognised."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.life.admitting import Change, Rules
from mailcase.life.csv_people import read, write
from mailcase.life.entries import FORMS, Entry, Kind, Refused, Value
from mailcase.store import tables as t
from mailcase.store.life import people
from mailcase.store.life.register import Imported
from mailcase.store.store import Store
from tests.builders import make_lookup
from tests.contract.post import NOW, Post, dump, letter

RULES = Rules(
    own_keys=frozenset({"support@helpdesk.example"}), organizations=("North",), freemail=frozenset({"gmx.de"})
)
FINAL = ("Closed", "Canceled")
ALICE, BOB, ERIN, JOE = "alice@helpdesk.example", "bob@helpdesk.example", "erin@v.example", "joe@v.example"


def add(store: Store, kind: Kind, **said: Value) -> Entry:
    return store.person_add(kind, said, RULES, NOW)


def edit(store: Store, kind: Kind, which: str, change: Change) -> Entry:
    return store.person_edit(kind, which, change, RULES, NOW)


def take(store: Store, kind: Kind, text: str) -> Imported:
    return store.people_import(kind, read(FORMS[kind], text.encode()), RULES, NOW + timedelta(hours=1))


@contextmanager
def reading(store: Store) -> Iterator[Connection]:
    with store._engines.read() as conn:
        yield conn


@pytest.fixture
def staff(store: Store) -> Store:
    """Alice and Bob in "First line", Bob disabled; Alice in "Second line" too."""
    for group in ("Second line", "First line"):
        add(store, Kind.GROUP, name=group)
    both = ("First line", "Second line")
    add(store, Kind.AGENT, address="Alice@helpdesk.example", name="Alice", groups=both, organizations=("North",))
    add(store, Kind.AGENT, address=BOB, name="Bob", groups=("First line",), role="admin", active=False)
    return store


def test_what_the_rest_of_the_desk_asks(staff: Store) -> None:
    with reading(staff) as conn:
        alice, bob = people.agents(conn)
        assert people.group_names(conn) == ["First line", "Second line"]
        assert people.active_members(conn, "First line") == [alice]
        assert people.agent_by_key(conn, ALICE) == alice
        assert people.agent_by_key(conn, "nobody@helpdesk.example") is None
    assert (alice.address, alice.groups, alice.organizations) == (
        "Alice@helpdesk.example", ("First line", "Second line"), ("North",),
    )  # fmt: skip
    assert (bob.key, bob.active, bob.is_admin, staff.agent_by_key(BOB)) == (BOB, False, True, bob)
    edit(staff, Kind.GROUP, "first LINE", Change({"active": False}))
    with reading(staff) as conn:
        assert people.active_members(conn, "First line") == []


def test_membership_is_changed_from_both_sides(staff: Store) -> None:
    with staff._engines.write() as conn:
        conn.execute(sa.update(t.agent_group_member).values(turn=7))
    edit(staff, Kind.GROUP, "Second line", Change({}, {"members": (BOB,)}))
    edit(staff, Kind.GROUP, "First line", Change({}, {}, {"members": (BOB,)}))
    edit(staff, Kind.AGENT, ALICE, Change({}, {}, {"groups": ("First line",)}))
    rows = {row["name"]: row["members"] for row in staff.people_list(Kind.GROUP, FINAL)}
    assert rows == {"First line": (), "Second line": ("Alice@helpdesk.example", BOB)}
    with reading(staff) as conn:  # where the round robin stood with those who stayed is kept
        turns = conn.execute(sa.select(t.agent_group_member.c.turn).order_by("agent_id"))
        assert list(turns.scalars()) == [7, 0]


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        (Kind.AGENT, {"address": "ALICE@helpdesk.example", "name": "A"}, "Alice <Alice@helpdesk.example> is there"),
        (Kind.AGENT, {"address": "c@x.example", "name": "C", "groups": ("Third",)}, "no group Third; there are First"),
        (Kind.GROUP, {"name": "first line"}, "First line is there already"),
        (Kind.GROUP, {"name": "New", "members": ("c@x.example",)}, "c@x.example is no agent"),
        (Kind.ACCOUNT, {"name": "visitor LTD"}, "Visitor Ltd is there already"),
        (Kind.ACCOUNT, {"name": "New", "domains": ("v.example",)}, "v.example belongs to Visitor Ltd"),
        (Kind.CONTACT, {"addresses": ("new@v.example", "Erin2@v.example")}, "Erin <erin2@v.example> is there already"),
        (Kind.CONTACT, {"addresses": ("erin2@v.example", JOE)}, f"of Erin <erin2@v.example> and {JOE}"),
        (Kind.CONTACT, {"addresses": ("new@v.example",), "account": "visitor ltd"}, "it is written Visitor Ltd"),
    ],
)  # fmt: skip
def test_who_cannot_be_entered(staff: Store, kind: Kind, said: Entry, told: str) -> None:
    _customers(staff)
    before = dump(staff)
    with pytest.raises(Refused) as refused:
        staff.person_add(kind, said, RULES, NOW)
    assert told in str(refused.value)
    assert dump(staff) == before


def _customers(store: Store) -> None:
    add(store, Kind.ACCOUNT, name="Visitor Ltd", domains=("v.example",))
    add(store, Kind.CONTACT, addresses=(ERIN, "erin2@v.example"), name="Erin", account="Visitor Ltd", timezone="UTC")
    add(store, Kind.CONTACT, addresses=(JOE,))


def test_a_contact_is_found_by_each_address_and_nobody_takes_anothers(store: Store) -> None:
    _customers(store)
    edit(store, Kind.CONTACT, "erin2@v.example", Change({"language": "de"}, {"addresses": ("E3@v.example",)}))
    with pytest.raises(Refused, match=r"e3@v\.example is Erin <E3@v\.example>'s"):
        edit(store, Kind.CONTACT, JOE, Change({}, {"addresses": ("e3@v.example",)}))
    edit(store, Kind.CONTACT, ERIN, Change({"account": ""}, {}, {"addresses": (ERIN,)}))
    edit(store, Kind.CONTACT, JOE, Change({}, {"addresses": (ERIN,)}))
    erin, joe = store.people_list(Kind.CONTACT, FINAL)
    assert (erin["addresses"], erin["language"], erin["account"]) == (["E3@v.example", "erin2@v.example"], "de", None)
    assert (joe["name"], joe["addresses"], joe["active"]) == (JOE, [ERIN, JOE], True)


def test_an_account_is_renamed_and_keeps_whose_it_is(store: Store) -> None:
    _customers(store)
    edit(store, Kind.ACCOUNT, "visitor ltd", Change({"name": "Visitors"}, {"domains": ("w.example",)}))
    add(store, Kind.ACCOUNT, name="Other")
    with pytest.raises(Refused, match="visitors is Visitors's"):
        edit(store, Kind.ACCOUNT, "Other", Change({"name": "VISITORS"}))
    first = store.people_list(Kind.ACCOUNT, FINAL)[0]
    assert (first["name"], first["domains"], first["contacts"]) == ("Visitors", ("v.example", "w.example"), 1)
    assert store.people_list(Kind.CONTACT, FINAL)[0]["account"] == "Visitors"
    edit(store, Kind.ACCOUNT, "Visitors", Change({}, {}, {"domains": ("v.example",)}))
    edit(store, Kind.ACCOUNT, "Other", Change({}, {"domains": ("v.example",)}))


@pytest.mark.parametrize("kind", list(Kind))
def test_an_export_can_be_imported_and_changes_nothing(staff: Store, kind: Kind) -> None:
    _customers(staff)
    before = dump(staff)
    text = write(FORMS[kind], staff.people_entries(kind))
    assert take(staff, kind, text) == Imported(0, 0, 2 if kind is not Kind.ACCOUNT else 1)
    assert dump(staff) == before


def test_an_export_fills_an_empty_store(staff: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    _customers(staff)
    texts = {kind: write(FORMS[kind], staff.people_entries(kind)) for kind in Kind}
    folder = tmp_path_factory.mktemp("other")
    other = Store.open("sqlite:///mailcase.db", folder)
    try:
        done = {kind: take(other, kind, text) for kind, text in texts.items()}
        assert {kind: write(FORMS[kind], other.people_entries(kind)) for kind in Kind} == texts
    finally:
        other.close()
    assert done[Kind.AGENT] == Imported(2, 0, 0, ("First line", "Second line"))
    assert done[Kind.CONTACT] == Imported(2, 0, 0)


def test_an_import_changes_enters_and_takes_nobody_away(staff: Store) -> None:
    _customers(staff)
    text = f"addresses,name,active\nnew@v.example|NEW2@v.example,,yes\nerin2@v.example|{ERIN},,no\n"
    assert take(staff, Kind.CONTACT, text) == Imported(1, 1, 0)
    assert take(staff, Kind.CONTACT, text) == Imported(0, 0, 2)
    erin, _, new = staff.people_list(Kind.CONTACT, FINAL)
    assert (erin["name"], erin["timezone"], erin["account"], erin["active"]) == ("Erin", "UTC", "Visitor Ltd", False)
    assert (new["name"], new["addresses"]) == ("new@v.example", ["NEW2@v.example", "new@v.example"])
    assert take(staff, Kind.GROUP, "name,active\nFIRST line,no\nThird,\n") == Imported(1, 1, 0)
    assert take(staff, Kind.GROUP, "name,active\nFIRST line,no\nThird,\n") == Imported(0, 0, 2)
    assert [row["name"] for row in staff.people_list(Kind.GROUP, FINAL)] == ["First line", "Second line", "Third"]


def test_a_line_may_take_what_an_earlier_one_left(store: Store) -> None:
    _customers(store)
    assert take(store, Kind.CONTACT, f"addresses\n{ERIN}\n{JOE}|erin2@v.example\n") == Imported(0, 2, 0)
    erin, joe = store.people_list(Kind.CONTACT, FINAL)
    assert (erin["addresses"], joe["addresses"]) == ([ERIN], ["erin2@v.example", JOE])


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (Kind.AGENT, "address,name,organizations\nn@x.example,N,\nm@x.example,M,West\n", "line 3, column organizat"),
        (Kind.AGENT, "address,name,groups\nn@x.example,N,Fresh\nm@x.example,M,first line\n", "is written First"),
        (Kind.AGENT, "address\nn@x.example\n", "line 2, column name: a new agent needs name"),
        (Kind.GROUP, "name,members\nNew,\nNew2,x@x.example\n", "line 3, column members: x@x.example is no agent"),
        (Kind.ACCOUNT, "name,domains\nNew,n.example\nNew2,gmx.de\n", "line 3, column domains: gmx.de is a freemail"),
        (Kind.CONTACT, f"addresses\nn@x.example\n{ERIN}|{JOE}\n", "line 3, column addresses: these are"),
        (Kind.CONTACT, "addresses,account\nn@x.example,No\n", "line 2, column account: there is no account No"),
    ],
)  # fmt: skip
def test_an_import_is_all_or_nothing(staff: Store, kind: Kind, text: str, told: str) -> None:
    _customers(staff)
    before = dump(staff)
    with pytest.raises(Permanent) as refused:
        take(staff, kind, text)
    assert told in str(refused.value)
    assert dump(staff) == before


def test_open_cases_are_counted_for_agents_and_groups(staff: Store) -> None:
    post = Post(staff)
    for number in (1, 2, 3):
        post.write(number)
    staff.set_case("SR-1", post.at, "x", assignee=ALICE)
    staff.set_case("SR-2", post.at, "x", assignee=ALICE, status="Closed", closing_reason="")
    with staff._engines.write() as conn:
        conn.execute(sa.update(t.case).values(assignee_group="First line"))
    assert [row["open_cases"] for row in staff.people_list(Kind.AGENT, FINAL)] == [1, 0]
    assert [row["open_cases"] for row in staff.people_list(Kind.GROUP, FINAL)] == [2, 0]


@pytest.mark.parametrize(("sender", "agent"), [(ALICE, True), (BOB, False), ("carol@helpdesk.example", False)])
def test_an_active_agent_is_recognised_as_the_sender(staff: Store, sender: str, agent: bool) -> None:
    lookup = make_lookup(sender_key=sender, sender_domain="helpdesk.example", account_domain="helpdesk.example")
    assert staff.snapshot(lookup, NOW).agent is agent


@pytest.mark.parametrize(("sender", "known"), [(ALICE, "agent"), (BOB, "stranger")])
def test_an_agents_mail_on_a_case_is_known_as_his_and_makes_no_contact(staff: Store, sender: str, known: str) -> None:
    post = Post(staff)
    post.write(1)
    settled = post.deliver(letter(9, sender=sender, subject="Re: [SR-1]", body="I look at it.", date=post.at))
    assert (settled.outcome, settled.case) == ("linked", "SR-1")
    trace = {one["test"]: one["result"] for one in staff.message_show(settled.delivery_id)["trace"]}
    assert trace["sender"] == known
    assert [row["addresses"] for row in staff.people_list(Kind.CONTACT, FINAL)] == [["c1@visitor.example"]]


def test_a_disabled_contact_is_still_the_sender(store: Store) -> None:
    post = Post(store)
    post.write(1)
    (row,) = store.people_list(Kind.CONTACT, FINAL)
    edit(store, Kind.CONTACT, row["addresses"][0], Change({"active": False}))
    post.write(1, subject="Something else", message_id="<other@visitor.example>")
    assert [row["cases"] for row in store.people_list(Kind.CONTACT, FINAL)] == [2]

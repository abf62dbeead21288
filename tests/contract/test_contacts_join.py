"""Two contacts who are one person: addresses, cases, people, mails and history of both; on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases, customers
from mailcase.life.admitting import Change
from mailcase.life.creating import NewCase
from mailcase.life.entries import Kind
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.life.refused import Refused
from mailcase.snapshot import ContactView, Snapshot
from mailcase.store import tables as t
from mailcase.store.load import load
from mailcase.store.store import Store
from tests.builders import CUSTOMER, NOW, make_mailbox
from tests.contract.acting_kit import ROOT, Office, letter
from tests.contract.test_store_people import RULES
from tests.life_kit import ANN, BEN, EVA, life_policy

HOME = "erin@home.example"


@pytest.fixture
def office(store: Store) -> Office:
    """Erin wrote SR-1 from her office, and SR-2 from home, which Ben follows: two contacts."""
    made = Office(store)
    made.hire()
    made.receive(letter("a", subject="Printer jams"))
    made.receive(letter("b", subject="Mouse is broken", sender=HOME))
    cases.follow(made.desk, "SR-2", made.desk.agent(BEN))
    return made


def edit(office: Office, which: str, **values: Any) -> None:
    office.store.person_edit(Kind.CONTACT, which, Change(values), RULES, NOW)


def test_they_are_one_from_now_on(office: Office) -> None:
    edit(office, CUSTOMER, name=CUSTOMER, language="de")
    edit(office, HOME, name="Erin Roe", language="en", timezone="Europe/Berlin")
    stays, version, changed = office.row("SR-1").contact_id, office.row("SR-2").version, office.row("SR-2").updated_at
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.contact).where(t.contact.c.id == stays).values(created_at=NOW + timedelta(days=1)))
    office.now = NOW + timedelta(days=2)
    done = customers.merge(office.desk, CUSTOMER.upper(), HOME, office.ann())
    assert office.row("SR-2").updated_at == changed  # of when it ended, retention counts
    assert done.entry == {
        "name": "Erin Roe", "addresses": (CUSTOMER, HOME), "language": "de", "timezone": "Europe/Berlin",
        "account": "", "active": True,
    }  # fmt: skip
    assert (done.cases, done.mails, done.gone) == (1, 2, HOME)  # her mail, and our answer to it
    (only,) = office.rows(t.contact)
    assert (only.id, only.name, only.created_at) == (stays, "Erin Roe", NOW)
    assert {one.key: one.contact_id for one in office.rows(t.contact_address)} == {CUSTOMER: stays, HOME: stays}
    assert {one.contact_id for one in office.rows(t.message)} == {stays}
    assert (office.row("SR-2").contact_id, office.row("SR-2").version) == (stays, version + 1)
    event = office.case("SR-2")["events"][-1]
    assert (event["event"], event["actor"], event["data"]) == ("contact_merged", ANN, {"from": HOME, "to": CUSTOMER})
    assert "contact_merged" not in office.events("SR-1")


def test_where_she_writes_from_does_not_matter_any_more(office: Office) -> None:
    (stranger,) = office.receive(letter("c", subject="Re: Printer jams [SR-1]", sender=HOME))
    assert (stranger.case, office.newest("SR-1")["verified"]) == ("SR-1", False)
    edit(office, HOME, addresses=("aa@home.example", HOME))
    assert customers.merge(office.desk, CUSTOMER, HOME, ROOT).gone == HOME  # as she was named, not her first address
    (known,) = office.receive(letter("d", subject="Re: Printer jams [SR-1]", sender=HOME))
    assert (known.case, office.newest("SR-1")["verified"]) == ("SR-1", True)
    assert office.case("SR-2")["contact"] == HOME  # where she wrote that from
    assert {one["number"] for one in office.store.case_list(office.policy.statuses)} == {"SR-1", "SR-2"}
    assert office.case("SR-2")["followers"] == [BEN]
    cases.merge(office.desk, "SR-2", ROOT, "SR-1")  # of one customer now
    (answer,) = office.receive(letter("e", "b", subject="Re: Mouse is broken", sender=HOME))
    assert (answer.case, office.case("SR-1")["followers"]) == ("SR-1", [BEN])


def test_what_she_wrote_as_a_stranger_does_not_silence_her(office: Office) -> None:
    """SR-3 was made by hand, and the one mail on it came from her other address: nobody quotes it to her."""
    office.policy = replace(office.policy, notices=merged([NoticeChange("resolved", quote=True)]))
    cases.create(office.desk, NewCase("Keys", contact=CUSTOMER, category="Request"), ROOT)
    office.receive(letter("c", subject="Re: Keys [SR-3]", text="They are lost.", sender=HOME))
    assert office.newest("SR-3")["verified"] is False
    customers.merge(office.desk, CUSTOMER, HOME, ROOT)
    done = cases.resolve(office.desk, "SR-3", office.ann(), "Here they are.")
    assert [(one.to, one.state) for one in done.told] == [(CUSTOMER, "pending")]
    (row,) = office.rows(t.outbox, t.outbox.c.kind == "resolved")
    assert "They are lost." not in row.text


def test_a_notice_that_waits_is_for_her_still(office: Office) -> None:
    office.policy = replace(office.policy, notices=merged([NoticeChange("resolved", delay=timedelta(minutes=30))]))
    cases.resolve(office.desk, "SR-2", office.ann(), "A new mouse.")
    (row,) = office.rows(t.outbox, t.outbox.c.kind == "resolved")
    customers.merge(office.desk, CUSTOMER, HOME, ROOT)
    assert office.store.claim(row.id, "me", NOW + timedelta(minutes=30))


def test_a_mail_that_was_read_before_finds_her(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was decided with the contact that is gone since, and is decided again."""
    gone, snapshots = office.row("SR-2").contact_id, list[Snapshot]()

    def stale(*asked: Any) -> Snapshot:
        snapshots.append(load(*asked))
        (found, *again) = snapshots
        return again[-1] if again else replace(found, contact=ContactView(gone, "Erin", None, ""))

    customers.merge(office.desk, CUSTOMER, HOME, ROOT)
    monkeypatch.setattr("mailcase.store.settle.load", stale)
    (made,) = office.receive(letter("f", subject="Keys", sender=HOME))
    assert (made.outcome, len(snapshots)) == ("created", 2)
    assert office.row("SR-3").contact_id == office.row("SR-1").contact_id


@pytest.mark.parametrize(
    ("primary", "secondary", "said"),
    [
        (CUSTOMER, "nobody@x.example", "there is no contact nobody@x.example"),
        (CUSTOMER, CUSTOMER, "are addresses of one contact already"),
        (CUSTOMER, HOME, f'Visitor Ltd and Home Ltd: `mailcase contact edit {HOME} --account "Visitor Ltd"`'),
    ],
)
def test_who_cannot_be_one(office: Office, primary: str, secondary: str, said: str) -> None:
    for name in ("Visitor Ltd", "Home Ltd"):
        office.store.person_add(Kind.ACCOUNT, {"name": name}, RULES, NOW)
    edit(office, CUSTOMER, account="Visitor Ltd")
    edit(office, HOME, account="Home Ltd")
    before = office.rows(t.contact), office.rows(t.case), office.rows(t.case_event)
    with pytest.raises(Refused, match=said):
        customers.merge(office.desk, primary, secondary, ROOT)
    assert (office.rows(t.contact), office.rows(t.case), office.rows(t.case_event)) == before
    edit(office, HOME, account="")
    assert customers.merge(office.desk, HOME, CUSTOMER, ROOT).entry["account"] == "Visitor Ltd"


@pytest.mark.parametrize(("who", "may"), [(ANN, False), (BEN, False), (EVA, True)])
def test_who_does_not_see_every_case_of_both_joins_nobody(office: Office, who: str, may: bool) -> None:
    """Else the one's agents would read of the other's mails on his cases."""
    office.policy = life_policy(isolate=True, mailboxes={"support": make_mailbox(organization="North")})
    with office.store._engines.write() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == BEN).values(organizations=["North"]))
        conn.execute(sa.update(t.case).where(t.case.c.number == "SR-1").values(organization="North"))
        conn.execute(sa.update(t.case).where(t.case.c.number == "SR-2").values(organization="South"))
    if not may:
        with pytest.raises(Refused, match="somebody who may see every case of both"):
            customers.merge(office.desk, CUSTOMER, HOME, office.desk.agent(who))
        with office.store._engines.write() as conn:
            conn.execute(sa.update(t.case).values(organization="North" if who == BEN else ""))
    customers.merge(office.desk, CUSTOMER, HOME, office.desk.agent(who))
    assert len(office.rows(t.contact)) == 1

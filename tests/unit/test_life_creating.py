"""A case by hand: what it must have, whose it is, and when a second one is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.life.changes import Did, File, PutFiles, Relate, SendReply
from mailcase.life.creating import Creation, NewCase, OpenCase, create
from mailcase.life.customers import Customer
from mailcase.life.happening import What
from mailcase.life.refused import Refused
from tests.builders import NOW, make_mailbox
from tests.life_kit import ANN, BEN, EVA, OFF, OPERATOR, PEOPLE, TEXT_FILE, agent, life_policy

SAME = (OpenCase(3, "SR-3"), OpenCase(5, "SR-5"))


def creation(wanted: NewCase | None = None, *, by: Any = OPERATOR, policy: Any = None, **over: Any) -> Creation:
    plain: dict[str, Any] = {
        "wanted": wanted or NewCase("Printer"), "customer": Customer(7, None, "erin@visitor.example"), "same": (),
        "actor": by, "people": PEOPLE, "policy": policy or life_policy(), "now": NOW,
    }  # fmt: skip
    return Creation(**{**plain, **over})


def test_a_case_has_what_the_mailbox_and_the_settings_say() -> None:
    box = make_mailbox(assignee_group="First line", organization="North", group="north")
    done = create(creation(NewCase(" Printer\n jams ", "It jams."), policy=life_policy(mailboxes={"support": box})))
    assert done.values == {
        "title": "Printer jams", "description": "It jams.", "priority": "Medium", "source": "Voice",
        "expected_at": None, "status": "New", "category": "Incident", "mailbox": "support", "group_name": "north",
        "organization": "North", "contact_id": 7, "account_id": None, "assignee": "",
        "assignee_group": "First line", "first_kind": "",
    }  # fmt: skip
    assert done.events == (Did("created", {"by": "root", "mailbox": "support", "source": "Voice"}),)
    assert (done.deeds, done.happened) == ((), (What.GROUP_ASSIGNED,))


@pytest.mark.parametrize(
    ("over", "values"),
    [
        ({"title": "x" * 128}, {"title": "x" * 128}),
        ({"description": "x" * 20_000}, {"description": "x" * 20_000}),
        ({"category": "request"}, {"category": "Request"}),
        *(({"priority": one.lower()}, {"priority": one}) for one in ("Low", "Medium", "High", "Critical")),
        *(({"source": one.upper()}, {"source": one}) for one in ("Voice", "WhatsApp", "Webchat", "Email")),
        ({"expected_at": NOW}, {"expected_at": NOW}),
        ({"assignee": EVA, "group": "Second line"}, {"assignee": EVA, "assignee_group": "Second line"}),
        ({"group": ""}, {"assignee_group": ""}),
        ({"direct_reply": "Switch it off."}, {"assignee": "", "assignee_group": "", "first_response_at": NOW}),
    ],
)
def test_fields_as_they_are_filled_in(over: dict[str, Any], values: dict[str, Any]) -> None:
    done = create(creation(NewCase(**{"title": "Printer", **over})))
    assert {**done.values, **values} == done.values


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({}, ()),
        ({"notify": True}, (What.CREATED,)),
        ({"assignee": ANN}, (What.ASSIGNED,)),
        ({"assignee": ANN, "group": "First line", "notify": True}, (What.CREATED, What.ASSIGNED)),
        ({"group": "First line"}, (What.GROUP_ASSIGNED,)),
        ({"direct_reply": "Yes."}, ()),
    ],
)
def test_who_is_told(over: dict[str, Any], told: tuple[What, ...]) -> None:
    assert create(creation(NewCase("Printer", **over))).happened == told


def test_a_direct_reply_is_sent_with_its_files_and_other_files_lie_on_the_case() -> None:
    files = (TEXT_FILE,)
    assert create(creation(NewCase("x", direct_reply=" Yes. ", files=files))).deeds == (SendReply("Yes.", files=files),)
    assert create(creation(NewCase("x", files=files))).deeds == (PutFiles(files),)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"title": " "}, "the title is empty"),
        ({"title": "x" * 129}, "129 characters, at most 128"),
        ({"description": "x" * 20_001}, "at most 20,000"),
        ({"category": "Gossip"}, "there are Incident, Request, Question, Complaint"),
        ({"priority": "urgent"}, "there is no priority urgent"),
        ({"source": "Fax"}, "there are Voice, WhatsApp, Webchat, Email"),
        ({"expected_at": NOW - timedelta(seconds=1)}, "is in the past"),
        ({"mailbox": "sales"}, "there is no mailbox sales; there are support"),
        ({"assignee": OFF}, "no active agent"),
        ({"assignee": "nobody"}, "no active agent"),
        ({"group": "Third line"}, "there is no agent group Third line"),
        ({"direct_reply": "Yes.", "assignee": ANN}, "has no owner"),
        ({"direct_reply": "Yes.", "group": "First line"}, "has no owner"),
        ({"files": (File("a.exe", "", b""),)}, "a.exe is not taken"),
    ],
)
def test_what_is_refused(over: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        create(creation(NewCase(**{"title": "Printer", **over})))
    assert said in str(refused.value)


def test_a_case_goes_to_no_group_of_which_nobody_may_see_it() -> None:
    box = make_mailbox(assignee_group="First line", organization="South")
    policy = life_policy(mailboxes={"support": box}, isolate=True)
    with pytest.raises(Refused, match="nobody of group First line has organization South"):
        create(creation(NewCase("Printer", group="First line"), policy=policy))
    assert create(creation(policy=policy)).values["assignee_group"] == "First line"  # as the mailbox says


def test_a_case_has_a_contact_or_an_account() -> None:
    assert create(creation(customer=Customer(None, 3, "Visitor Ltd"))).values["account_id"] == 3
    with pytest.raises(Refused, match="a contact or an account"):
        create(creation(customer=Customer(None, None, "")))


@pytest.mark.parametrize(
    ("wanted", "policy"),
    [
        ({"allow_same_case": True}, {}),
        ({}, {"cases": {"allow_same_case": True}}),
        ({}, {"categories": ({"name": "Incident", "allow_same_case": True},)}),
    ],
)
def test_a_second_open_case_is_made_where_it_may_be(wanted: dict[str, Any], policy: dict[str, Any]) -> None:
    done = create(creation(NewCase("Printer", **wanted), same=SAME, policy=life_policy(**policy)))
    assert done.deeds == (Relate(3, "possible_duplicate"), Relate(5, "possible_duplicate"))


@pytest.mark.parametrize("policy", [{}, {"categories": ({"name": "Request", "allow_same_case": True},)}])
def test_a_second_open_case_is_refused(policy: dict[str, Any]) -> None:
    said = "erin@visitor.example has an open case of category Incident: SR-3"
    with pytest.raises(Refused, match=said):
        create(creation(same=SAME, policy=life_policy(**policy)))


@pytest.mark.parametrize(("who", "named"), [(ANN, "SR-5"), (EVA, "SR-3")])
def test_a_case_of_another_organization_is_not_named(who: str, named: str) -> None:
    """Ann's is the second of the two; an admin sees both."""
    same = (replace(SAME[0], organization="South"), SAME[1])
    rules = life_policy(isolate=True)
    with pytest.raises(Refused, match=f"category Incident: {named};"):
        create(creation(same=same, by=agent(who), policy=rules))
    if who == ANN:
        with pytest.raises(Refused) as refused:
            create(creation(same=same[:1], by=agent(who), policy=rules))
        assert "SR-" not in str(refused.value)


def test_a_disabled_category_gets_no_case() -> None:
    policy = life_policy(categories=({"name": "Request", "enabled": False},))
    with pytest.raises(Refused, match="there is no enabled category Request"):
        create(creation(NewCase("x", category="Request"), policy=policy))


@pytest.mark.parametrize(
    ("who", "assignee", "may"), [(BEN, BEN, True), (EVA, ANN, False), (EVA, BEN, True), (ANN, "", False)]
)
def test_organizations_are_kept_apart(who: str, assignee: str, may: bool) -> None:
    boxes = {"support": make_mailbox(organization="North")}
    asked = creation(NewCase("x", assignee=assignee), by=agent(who), policy=life_policy(isolate=True, mailboxes=boxes))
    if may:
        assert create(asked).values["organization"] == "North"
        return
    with pytest.raises(Refused, match="organization"):
        create(asked)


def test_who_is_disabled_makes_no_case() -> None:
    with pytest.raises(Refused, match="is disabled"):
        create(creation(by=agent(OFF)))

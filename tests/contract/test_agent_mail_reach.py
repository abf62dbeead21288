"""Whom an agent's answer by mail reaches: whoever's words the notice told, and nobody else (P5)."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.desk.desk import Desk, operator
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, SAID, Case
from tests.contract.notice_kit import JANE, KIM, Bureau, What, letter
from tests.servers.letters import bounce_of

ZED, MALLORY = "zed@visitor.example", "mallory@evil.example"


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def _merged(bureau: Bureau) -> Case:
    """Erin's case, of which jane was told, merged into Zed's of the same account."""
    case = Case(bureau)
    bureau.post.write("zed", sender=ZED, subject="Other")
    with bureau.writes() as conn:
        conn.execute(sa.insert(t.account), [{"id": 1, "name": "Visitor", "created_at": bureau.post.at, "active": True}])
        conn.execute(sa.update(t.case).values(account_id=1))
    bureau.set(2, assignee=JANE, status="In progress")
    cases.merge(Desk(bureau.store, bureau.post.bench, lambda: bureau.post.at), "SR-1", operator("root"), "SR-2")
    return case


def _write(bureau: Bureau, name: str, sender: str, **over: Any) -> Any:
    """Somebody writes on Erin's case; the notice of it."""
    subject = "Re: Printer jams [SR-1]"
    bureau.post.deliver(letter(name, sender=sender, subject=subject, date=bureau.post.at, **over))
    return bureau.rows("customer_replied")[-1]


def _replies(bureau: Bureau) -> list[tuple[str, str, str | None]]:
    return [(row.to, row.subject, row.in_reply_to) for row in bureau.rows("reply")]


def test_after_a_merge_the_answer_goes_to_whom_the_notice_told_of(bureau: Bureau) -> None:
    """With no word of the other customer: neither his title nor his thread."""
    case = _merged(bureau)
    assert case.answer().case == "SR-2"
    assert _replies(bureau) == [(ERIN, "Re: Printer jams [SR-2]", "<merin@visitor.example>")]
    notice = _write(bureau, "more", ERIN)
    case.sends("Your salary is wrong.", "second", notice=notice.message_id)
    assert _replies(bureau)[-1] == (ERIN, "Re: Printer jams [SR-2]", "<mmore@visitor.example>")


def test_an_act_that_tells_the_customer_is_refused_where_the_notice_told_of_another(bureau: Bureau) -> None:
    case = _merged(bureau)
    case.answer("#wait\nWhich model?")
    assert case.found(t.case, t.case.c.running == 2)[0].status == "In progress"
    (note,) = (one.data for one in case.found(t.case_event, t.case_event.c.event == "note"))
    assert note["reason"] == (
        f"#wait tells the customer of the case, and the notice told of {ERIN}: nothing was done; words without it go "
        "there, and `mailcase case` does the rest"
    )


def test_after_another_customer_was_named_the_answer_goes_to_the_first(bureau: Bureau) -> None:
    case = Case(bureau)
    desk = Desk(bureau.store, bureau.post.bench, lambda: bureau.post.at)
    cases.contact(desk, "SR-1", operator("root"), "boss@visitor.example")
    case.answer()
    assert [to for to, *_ in _replies(bureau)] == [ERIN]


def test_a_strangers_words_are_answered_to_nobody_by_mail(bureau: Bureau) -> None:
    case = Case(bureau)
    notice = _write(bureau, "bob", MALLORY)
    case.sends("Dear Mallory, who are you?", notice=notice.message_id)
    (note,) = case.events("note")
    assert note["reason"].startswith(f"the notice told of {MALLORY}, who is none of the people of SR-1")
    case.sends("#note\nI do not know him.", "second", notice=notice.message_id)
    assert ([one.get("verified") for one in case.events("note")], _replies(bureau)) == ([True, None], [])


def test_an_answer_to_the_notice_of_a_report_is_for_the_customer(bureau: Bureau) -> None:
    """And not for the mail server that wrote the report."""
    case = Case(bureau)
    ours = bureau.rows("registration")[0]
    bureau.post.deliver(bounce_of(ours.message_id, ours.to, date=bureau.post.at))
    (told,) = bureau.rows("undeliverable")
    case.sends("Does this address reach you?", notice=told.message_id)
    assert [to for to, *_ in _replies(bureau)] == [ERIN]


def test_who_had_a_copy_of_the_customers_mail_is_answered_himself(bureau: Bureau) -> None:
    """And the customer, who wrote next, again."""
    case = Case(bureau)
    first = _write(bureau, "copy", ERIN, Cc="bob@elsewhere.example")
    bob = _write(bureau, "bob", "bob@elsewhere.example")
    case.sends("Dear Bob, ...", notice=bob.message_id)
    case.sends("Dear Erin, ...", "second", notice=first.message_id)
    assert [to for to, *_ in _replies(bureau)] == ["bob@elsewhere.example", ERIN]


@pytest.mark.parametrize("kind", [{}, {"List_Id": "<x.list>"}, {"Precedence": "bulk"}], ids=str)
def test_a_mail_in_an_agents_name_makes_nobody_one_of_the_cases_people(bureau: Bureau, kind: dict[str, str]) -> None:
    case = Case(bureau)
    before = case.found(t.case_participant)
    case.sends("I am jane.", notice="<merin@visitor.example>", Cc=MALLORY, **kind)
    assert case.found(t.case_participant) == before
    assert [one.verified for one in case.found(t.case_message, t.case_message.c.how.in_(("linked", "note")))] == [False]


@pytest.mark.parametrize("gone", ["disabled", "left", ""])
def test_the_id_of_a_groups_notice_is_no_proof_once_a_member_is_gone(bureau: Bureau, gone: str) -> None:
    case = Case(bureau)
    bureau.set(case.running, assignee="", assignee_group="First line")
    bureau.tell(What.GROUP_ASSIGNED, case.running, 7, by="root")
    with bureau.writes() as conn:
        if gone == "disabled":
            conn.execute(sa.update(t.agent).where(t.agent.c.key == KIM).values(active=False))
        if gone == "left":
            conn.execute(sa.delete(t.agent_group_member).where(t.agent_group_member.c.agent_id == 2))
    case.sends(SAID, notice=bureau.rows("group")[-1].message_id)
    assert [to for to, *_ in _replies(bureau)] == ([] if gone else [ERIN])
    told = "the notice that the mail answers went to a group, and somebody who had it is not in it any more"
    assert [(one["verified"], one["reason"]) for one in case.events("note")] == ([(False, told)] if gone else [])

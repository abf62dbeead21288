"""Agents who answer a notice by mail: done once and in his name if it is surely he, else kept as a note (B8)."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase import tokens
from mailcase.desk import cases
from mailcase.desk.desk import Desk, operator
from mailcase.life.happening import What
from mailcase.policy import AgentPolicy
from mailcase.store import tables as t
from mailcase.store.life.answers import last_answered, last_asked
from mailcase.store.life.by_mail import tell_of_mail
from mailcase.store.store import Store
from mailcase.store.work import Conflict
from tests.builders import KEYS
from tests.contract.agent_kit import ERIN, SAID, Case, kept, mark, shown
from tests.contract.notice_kit import JANE, KIM, Bureau


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def test_words_go_to_the_customer_once_in_his_thread(bureau: Bureau) -> None:
    case = Case(bureau)
    mine = case.answer()
    assert (mine.outcome, mine.reason, mine.queued) == ("linked", "agent_mail", True)
    assert case.row.first_response_at == bureau.post.at
    assert (case.answer().outcome, case.told()) == ("duplicate", [("reply", ERIN)])
    (reply,) = bureau.rows("reply")
    assert (reply.automatic, reply.audience, dict(reply.headers)["In-Reply-To"]) == (
        False,
        "customer",
        "<merin@visitor.example>",
    )
    assert reply.text.startswith(f"{SAID}\n\nJane Roe\n")
    assert (len(case.events("replied")), case.events("note"), case.row.status) == (1, [], "In progress")


def test_no_mail_to_a_customer_tells_a_notice(bureau: Bureau) -> None:
    case = Case(bureau)
    case.answer()
    bureau.tell(What.WAITING, case.running, 9)
    desk, number = Desk(bureau.store, bureau.post.bench, lambda: bureau.post.at), case.row.number
    with bureau.writes() as conn:  # as of an agent who is the customer himself; it is the newest on the case
        conn.execute(sa.update(t.case_message).values(verified=True))
    cases.contact(desk, number, operator("root"), "boss@visitor.example")
    cases.reply(desk, number, operator("root"), "It was the roller.")
    notices = [row for row in bureau.rows() if row.audience == "agent"]
    secrets = [mark(row.message_id) for row in notices] + [shown(row.text) for row in notices]
    others = [row for row in bureau.rows() if row.audience == "customer"]
    assert [row.kind for row in others] == ["registration", "reply", "waiting", "reply"]
    assert others[-1].in_reply_to == "<merin@visitor.example>"
    for row in others:
        carried = f"{row.headers} {row.text} {row.html} {row.subject} {row.in_reply_to} {row.message_id}"
        assert [one for one in secrets if one in carried] == []


def test_the_text_of_a_notice_does_not_tell_its_id(bureau: Bureau) -> None:
    """Whoever is shown the text, by a colleague who passes it on, cannot answer in his name."""
    case = Case(bureau)
    seen = shown(case.notice.text)
    assert tokens.verify(KEYS, ["default"], seen) is not None
    assert seen not in case.notice.message_id
    domain = case.notice.message_id.partition("@")[2]
    case.sends(SAID, notice=f"<{seen}@{domain}")
    kept(case, "answers no notice", verified=False)


@pytest.mark.parametrize(
    ("body", "columns", "mails"),
    [
        ("#note\nHe is angry.", {"status": "In progress"}, []),
        ("#comment\nWho knows it?", {"status": "In progress"}, []),
        ("#close gone", {"status": "Closed", "closing_reason": "gone"}, [("closed", ERIN)]),
        (f"#close\n{SAID}", {"status": "Closed"}, [("reply", ERIN), ("closed", ERIN)]),
        (f"#assign {KIM}", {"assignee": KIM}, [("assigned", KIM)]),
        ("#assign first line", {"assignee": JANE, "assignee_group": "First line"}, []),
        ("#priority critical", {"priority": "Critical"}, []),
        ("#wait\nWhich model?", {"status": "Waiting for response"}, [("waiting", ERIN)]),
        ("#resolve A new roller.", {"status": "Resolved", "solution": "A new roller."}, [("resolved", ERIN)]),
    ],
)
def test_a_command_is_an_act_in_his_name(
    bureau: Bureau, body: str, columns: dict[str, str], mails: list[tuple[str, str]]
) -> None:
    case = Case(bureau)
    assert case.answer(body).reason == "agent_mail"
    assert {name: getattr(case.row, name) for name in columns} == columns
    assert case.told() == mails
    acts = [one for one in case.found(t.case_event, t.case_event.c.actor == JANE) if one.event != "assigned"]
    assert all(one.case_id == case.running for one in acts)
    assert "#" not in "".join(row.text for row in bureau.rows("reply", "closed", "waiting", "resolved"))


def test_assign_me_takes_the_case(bureau: Bureau) -> None:
    case = Case(bureau)
    bureau.set(case.running, assignee=KIM)
    case.answer(f"#assign me\n\n{SAID}")
    assert (case.row.assignee, case.told()) == (JANE, [("reply", ERIN)])


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        ("Closed", SAID, "SR-1 is Closed: reply is not possible"),
        ("In progress", f"#clsoe\n{SAID}", "#clsoe is no command"),
        ("In progress", "", "not certain where your words end"),  # the quotation alone
        ("In progress", f"#note x\n#wait\n{SAID}", "both say what becomes of the text"),
    ],
)
def test_what_is_refused_is_a_note_of_which_he_is_told(bureau: Bureau, status: str, body: str, why: str) -> None:
    case = Case(bureau)
    bureau.set(case.running, status=status)
    assert (case.answer(body).outcome, case.row.status) == ("linked", status)
    kept(case, why, verified=True)


def test_nothing_is_left_of_an_act_that_fails(bureau: Bureau) -> None:
    """That there is nobody to write to is found when the columns of the case are written already."""
    case = Case(bureau)
    bureau.set(case.running, contact_id=None)
    version = case.row.version
    case.answer()
    kept(case, "no contact with an address", verified=True)
    assert (case.row.first_response_at, case.row.version) == (None, version + 1)


def test_what_was_done_before_stays_done(bureau: Bureau) -> None:
    case = Case(bureau)
    case.answer(f"#assign nobody@else.example\n#close\n{SAID}")
    assert case.told() == [("reply", ERIN), ("partly_done", JANE)]
    (note,) = case.events("note")
    assert (note["text"], note["sent"]) == ("", True)
    assert note["reason"].startswith("assign: ")
    assert note["reason"].endswith("(done before: reply)")
    assert (case.row.assignee, case.row.status) == (JANE, "In progress")


def test_who_answers_no_notice_is_not_surely_he(bureau: Bureau) -> None:
    case = Case(bureau)
    for _ in range(2):
        case.answer(f"#close\n{SAID}", notice="<merin@visitor.example>")
    kept(case, "answers no notice that was sent to him", verified=False)
    assert (case.row.status, case.row.first_response_at) == ("In progress", None)


def test_another_agents_notice_proves_nothing(bureau: Bureau) -> None:
    case = Case(bureau)
    assert case.answer(sender=KIM).reason == "agent_unverified"
    assert case.told() == [("kept_as_note", KIM)]


def test_a_notice_that_others_were_sent_proves_nothing(bureau: Bureau) -> None:
    """jane answered with a copy to Erin, whose mail program knows the notice's id since."""
    case = Case(bureau)
    assert case.answer("Good morning.", "first", Cc=ERIN).reason == "agent_mail"
    assert case.told() == [("reply", ERIN)]
    case.answer(f"#close\n{SAID}", "forged")
    (note,) = case.events("note")
    assert note["reason"] == f"the notice that the mail answers is known to {ERIN} too"
    assert (case.told(), case.row.status) == ([("reply", ERIN), ("kept_as_note", JANE)], "In progress")


def test_a_colleague_and_our_own_address_may_know_it(bureau: Bureau) -> None:
    case = Case(bureau)
    case.answer("Good morning.", "first", to="support+SR-1.token@helpdesk.example", Cc=KIM)
    case.answer(SAID, "second")
    assert case.told() == [("reply", ERIN), ("reply", ERIN)]


@pytest.mark.parametrize(("says", "done"), [("dmarc=pass", True), ("dmarc=none", False), ("", False)])
def test_a_trusted_server_must_say_that_it_is_he(store: Store, says: str, done: bool) -> None:
    case = Case(Bureau.of(store, trusted_authserv_ids=frozenset({"mx.helpdesk.example"})))
    case.answer(Authentication_Results=says and f"mx.helpdesk.example; {says} header.from=helpdesk.example")
    assert case.told() == [("reply", ERIN) if done else ("kept_as_note", JANE)]


def test_a_forged_mail_is_a_strangers(store: Store) -> None:
    case = Case(Bureau.of(store, trusted_authserv_ids=frozenset({"mx.helpdesk.example"})))
    forged = "mx.helpdesk.example; dmarc=fail header.from=helpdesk.example"
    case.answer("#close", Authentication_Results=forged)
    assert (case.row.status, case.bureau.rows("reply", "closed", "kept_as_note")) == ("In progress", [])


def test_who_is_disabled_is_no_agent(bureau: Bureau) -> None:
    case = Case(bureau)
    with bureau.writes() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == JANE).values(active=False))
    assert case.answer("#close").reason == "token"
    assert (case.row.status, case.told()) == ("In progress", [])


def test_an_out_of_office_goes_to_nobody(bureau: Bureau) -> None:
    case = Case(bureau)
    assert case.answer("I am away.", Auto_Submitted="auto-replied").outcome == "noted"
    assert case.told() == []


def test_an_answer_about_a_merged_case_goes_to_the_one_it_was_merged_into(bureau: Bureau) -> None:
    case = Case(bureau)
    into = bureau.post.write("erin2", sender=ERIN, subject="Another").case
    running = int(str(into).removeprefix("SR-"))
    bureau.set(case.running, merged_into_id=running, status="Closed")
    assert case.answer().case == into
    (reply,) = bureau.rows("reply")
    assert (reply.case_id, reply.to) == (running, ERIN)


@pytest.mark.parametrize("how", ["backlog", "no_ack"])
def test_an_old_mail_is_kept_and_nobody_told(bureau: Bureau, how: str) -> None:
    case = Case(bureau)
    old: dict[str, Any] = {how: True}
    case.answer(f"#close\n{SAID}", **old)
    assert (len(case.events("note")), case.told(), case.row.status) == (1, [], "In progress")


def test_a_mail_that_is_decided_again_acts_once(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another transaction was quicker: all that the acts wrote is undone with the mail's savepoint."""
    case, tries, told = Case(bureau), list[int](), tell_of_mail

    def conflict(work: Any) -> None:
        tries.append(len(bureau_rows(work)))
        if len(tries) < 3:
            raise Conflict("changed")
        told(work)

    def bureau_rows(work: Any) -> list[Any]:
        return list(work.conn.execute(sa.select(t.outbox.c.id).where(t.outbox.c.kind == "reply")))

    version = case.row.version
    monkeypatch.setattr("mailcase.store.apply.tell_of_mail", conflict)
    assert case.answer(f"#assign nobody\n{SAID}").outcome == "linked"
    assert tries == [1, 1, 1]
    assert case.told() == [("reply", ERIN), ("partly_done", JANE)]
    assert (len(case.events("replied")), len(case.events("note")), case.row.version - version) == (1, 1, 2)


def test_a_case_that_he_may_not_see_is_not_told_by_its_number(store: Store) -> None:
    """A number can be guessed: what is not his is kept, and its title goes nowhere."""
    bureau = Bureau.of(store)
    case = Case(bureau, organization="South")
    bureau.post.rules = replace(bureau.post.rules, agents=AgentPolicy(isolate_organizations=True))
    case.answer(f"#close\n{SAID}", notice="<merin@visitor.example>")
    assert (len(case.events("note")), case.told()) == (1, [])
    case.answer(f"#close\n{SAID}", "second")
    assert (len(case.events("note")), case.told(), case.row.status) == (2, [], "In progress")
    assert "there is no case SR-1" in case.events("note")[-1]["reason"]


def test_an_agents_mail_is_no_question_of_the_customers(bureau: Bureau) -> None:
    """Else a case would count as unanswered by the mail that answers it."""
    case = Case(bureau)
    asked = case.found_of(last_asked())
    case.answer(SAID)
    case.sends("Is it he?", "stray", notice="<merin@visitor.example>")
    assert case.found_of(last_asked()) == asked
    assert case.found_of(last_answered()) > asked

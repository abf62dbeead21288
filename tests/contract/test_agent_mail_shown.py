"""Who may read what an agent wrote by mail: a note is a note, however it came; on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.desk.desk import Desk
from mailcase.errors import Permanent
from mailcase.life.people import Agent, AgentRole
from mailcase.store.store import Store
from tests.contract.agent_kit import SAID, Case
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau

SECRET = "He shouts at everybody."


@pytest.fixture
def case(store: Store) -> Case:
    """Kim's case; jane, who was its assignee and was told so, answers."""
    found = Case(Bureau.of(store))
    found.bureau.set(found.running, assignee=KIM)
    return found


def agent(key: str, role: AgentRole = AgentRole.AGENT) -> Agent:
    return Agent(1, key, key, key[:4].title(), role=role)


def shown(case: Case, viewer: Agent | None) -> dict[str, Any]:
    rules = case.bureau.post.rules
    found: dict[str, Any] = case.bureau.store.case_show("SR-1", rules.statuses, viewer)
    return found


READERS = [
    (None, True),
    (agent(JANE), True),  # who wrote it
    (agent(KIM), True),  # the assignee
    (agent("root@helpdesk.example", AgentRole.ADMIN), True),
    (agent(OTTO), False),
]


@pytest.mark.parametrize(
    "body",
    [
        f"#note\n{SECRET}",
        f"#note {SECRET}\n#priority high",
        f"#clsoe\n{SECRET}",  # kept, since it is not understood
        f"# note\n{SECRET}",
    ],
)
def test_a_note_by_mail_is_for_those_whom_a_note_is_for(case: Case, body: str) -> None:
    case.answer(body)
    for viewer, sees in READERS:
        found = shown(case, viewer)
        assert (SECRET in repr(found["messages"]), SECRET in repr(found["events"])) == (sees, sees), viewer


def test_a_note_is_not_split_off_by_whom_it_is_not_for(case: Case) -> None:
    """Else he would read it as the description of the new case."""
    post = case.bureau.post
    desk = Desk(case.bureau.store, post.bench, lambda: post.at)
    note = case.answer(f"#note\n{SECRET}").delivery_id
    with pytest.raises(Permanent, match=f"message {note} does not stand on SR-1"):
        cases.split(desk, "SR-1", desk.agent(OTTO), note)
    assert cases.split(desk, "SR-1", desk.agent(KIM), note).made == "SR-2"


def test_notices_and_notes_are_no_mails_of_the_case(case: Case) -> None:
    """Neither in `case list` nor in the view: Erin's mail, our acknowledgement, jane's answer and its mail to her."""
    case.answer("#note\nAngry.", "first")
    case.answer(f"# note\n{SAID}", "second")
    case.answer(SAID, "third")
    with case.bureau.writes() as conn:
        view = conn.execute(sa.text("SELECT message_count FROM v_case")).scalar_one()
    (listed,) = case.bureau.store.case_list(case.bureau.post.rules.statuses)
    assert (listed["message_count"], view) == (4, 4)


def test_what_nobody_vouches_for_is_a_note_too(case: Case) -> None:
    case.sends(SECRET, notice="<merin@visitor.example>")
    for viewer, sees in READERS:
        assert (SECRET in repr(shown(case, viewer))) == sees, viewer


def test_words_that_were_sent_are_for_everybody(case: Case) -> None:
    case.answer(f"#priority high\n{SAID}")
    assert SAID in repr(shown(case, agent(OTTO))["messages"])
    assert [one["how"] for one in shown(case, agent(OTTO))["messages"] if one["reason"] == "agent_mail"] == ["linked"]

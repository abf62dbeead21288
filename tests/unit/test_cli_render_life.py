"""`case show` tells what people did in order, from what to what, with what they wrote."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailcase.cli.render_case import print_case
from mailcase.cli.render_life import said, written
from tests.unit.test_cli_render import CASE, FIRST, NOW, SECOND, TRACE, mail

KIM = "kim@helpdesk.example"
Events = list[tuple[str, dict[str, Any], str]]
SAID: Events = [
    ("status", {"from": "New", "to": "In progress", "act": "start"}, "start: status New → In progress"),
    ("status", {"from": "Waiting", "to": "New", "act": "undo-cancel", "waited_s": 180},
     "undo cancel: status Waiting → New, waited 3 min"),
    ("reopened", {"from": "Resolved", "to": "Reopened", "assignee_cleared": True},
     "status Resolved → Reopened, assignee cleared"),
    ("reopened", {"from": "Resolved", "to": "Reopened", "assignee_cleared": False}, "status Resolved → Reopened"),
    ("assigned", {"from": "", "to": KIM, "from_group": "A", "to_group": "A"}, f"assignee – → {KIM}"),
    ("assigned", {"from": KIM, "to": "", "from_group": "A", "to_group": "B"}, f"assignee {KIM} → –, group A → B"),
    ("assigned", {"from": KIM, "to": KIM}, f"assigned to {KIM}"),
    ("assigned", {"from": "", "to": "", "from_group": "", "to_group": "First line", "rule": "printers"},
     "group – → First line (rule printers)"),
    ("contact", {"from": "erin@x", "to": "omar@x", "from_account": "", "to_account": "Visitor Ltd"},
     "contact erin@x → omar@x, account – → Visitor Ltd"),
    ("contact", {"from": "erin@x", "to": "", "from_account": "A", "to_account": "A"}, "contact erin@x → –"),
    ("contact", {"from": "erased", "to": "erased"}, "contact erased"),
    ("priority", {"from": "Low", "to": "High"}, "priority Low → High"),
    ("escalated", {"from": 0, "to": 1}, "support level 0 → 1"),
    ("expected", {"from": "", "to": "2026-11-04T18:02:00+00:00"}, "expected completion – → Wed 4 Nov 18:02"),
    ("task_created", {"task": 3, "title": "Order toner", "assignee": KIM}, f"task 3 created: Order toner, for {KIM}"),
    ("task_finished", {"task": 3, "title": "Order toner", "result": "came"}, "task 3 finished: Order toner"),
    ("task_cancelled", {"task": 3, "title": "Order toner"}, "task 3 cancelled: Order toner"),
    ("followed", {"agent": KIM}, "follows from now on"),
    ("unfollowed", {"agent": "lee@helpdesk.example"}, "followed no longer by lee@helpdesk.example"),
    ("merged", {"into": "SR-3"}, "merged into SR-3"),
    ("merged", {"from": "SR-4"}, "took in SR-4"),
    ("split", {"into": "SR-5", "message": 7}, "split off as SR-5 (mail 7)"),
    ("split", {"from": "SR-5"}, "split off from SR-5"),
    ("file_attached", {"name": "log.txt", "size": 2048}, "file log.txt, 2 KB"),
    ("created", {"by": KIM, "mailbox": "support", "source": "Voice"}, "created by hand, Voice"),
    ("urged", {"text": "Please"}, "urged"),
    ("never_heard_of", {"from": "a", "colour": "red", "empty": ""}, "never heard of, from a, colour red"),
    ("expected", {"from": "not Today", "to": None}, "expected completion not Today → –"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "data", "told"), SAID, ids=lambda one: one if isinstance(one, str) else "")
def test_each_act_is_a_line(event: str, data: dict[str, Any], told: str) -> None:
    assert said({"event": event, "actor": KIM, "data": data}, UTC, NOW) == told


def test_what_was_written_stands_below_line_by_line_and_steers_no_terminal() -> None:
    note = {"event": "note", "actor": KIM, "data": {"text": "He called.\n\n\x1b[2Jtwice"}}
    assert written(note) == ["      He called.", "", "      \N{REPLACEMENT CHARACTER}[2Jtwice"]
    assert written({**note, "data": None}) == []


def event(at: datetime, name: str, **data: Any) -> dict[str, Any]:
    return {"at": at, "event": name, "actor": KIM, "data": data}


BETWEEN = FIRST + timedelta(hours=1)
LIFE: dict[str, Any] = {
    **CASE,
    "messages": [
        mail(id=479, message=1, subject="Printer", received_at=FIRST, how="created", outcome="created",
             reason="new_case", linked_by="", text="It jams"),
        mail(id=None, message=2, direction="out", how="sent", subject="Re: Printer", received_at=BETWEEN,
             rule="reply", state="sent", state_reason="", created_at=BETWEEN, sent_at=BETWEEN, text="Open the flap",
             **{"from": "Help desk <support@helpdesk.example>"}),
        # The server had it an hour before the store: it stands where the store knew it.
        mail(message=3, stored_at=SECOND, received_at=BETWEEN),
    ],
    "events": [
        event(FIRST, "created", mailbox="support"),
        event(FIRST + timedelta(minutes=5), "note", text="Error 17 is the flap"),
        event(BETWEEN, "replied", message=2),
        event(BETWEEN + timedelta(minutes=1), "status", **{"from": "New", "to": "Waiting", "act": "wait"}),
        event(SECOND, "mail", message=3),
        event(SECOND, "reopened", **{"from": "Waiting", "to": "Reopened"}),
        event(SECOND, "replied", message=99),
    ],
    "notices": [
        {"id": 9, "kind": "assigned", "audience": "agent", "to": KIM, "to_name": "Kim", "subject": "SR-12",
         "state": "suppressed", "reason": "no_address", "created_at": SECOND, "sent_at": None},
    ],
    "related": [], "support_level": 2, "expected_at": SECOND, "first_response_at": BETWEEN, "resolved_at": None,
    "closed_at": None, "solution": "Flap.\nClosed it.", "article": "https://kb/17", "parent": "SR-1",
    "children": ["SR-3", "SR-4"], "merged_into": None, "merged_from": ["SR-5"], "followers": [KIM],
    "tasks": [
        {"id": 3, "title": "Order toner", "assignee": KIM, "due_at": SECOND, "state": "open", "result": ""},
        {"id": 4, "title": "Call", "assignee": "", "due_at": SECOND, "state": "finished", "result": "done"},
    ],
    "files": [{"id": 1, "name": "log.txt", "size": 2048, "at": SECOND, "by": KIM}],
}  # fmt: skip
TOLD = """\
SR-12  Printer on floor 3 jams (support level 2)                    Reopened · Medium · Incident
customer  Erin Example <erin@visitor.example>, Visitor Ltd          assignee –    group First line
opened    Tue 3 Nov 09:15 by mail to support@helpdesk.example       last mail Tue 3 Nov 10:15
expected  Wed 4 Nov 18:02
answered  Tue 3 Nov 10:15, after 60 min
solution  Flap.
          Closed it.
parent    SR-1
children  SR-3, SR-4
merged    SR-5
followers kim@helpdesk.example
article   https://kb/17

 1 ←  Erin Example           Tue 3 Nov 09:15   Printer
      It jams
      created · no thread, no number
   ·  kim@helpdesk.example   Tue 3 Nov 09:20   note
      Error 17 is the flap
 2 →  Help desk              Tue 3 Nov 10:15   Re: Printer
      Open the flap
      reply · sent after 0.0 s · by kim@helpdesk.example
   ·  kim@helpdesk.example   Tue 3 Nov 10:16   wait: status New → Waiting
 3 ←  Erin Example           Tue 3 Nov 10:15   AW: Printer
      It jams again
      reopened · In-Reply-To <a1@visitor.example> is mail 479
   ·  kim@helpdesk.example   Wed 4 Nov 18:02   status Waiting → Reopened
   ·  kim@helpdesk.example   Wed 4 Nov 18:02   replied, message 99
   →  kim@helpdesk.example   Wed 4 Nov 18:02   assigned · suppressed: no address

tasks     3 Order toner  open, for kim@helpdesk.example, due Wed 4 Nov 18:02
          4 Call  finished: done

files     1 log.txt 2 KB  Wed 4 Nov 18:02  kim@helpdesk.example
"""


def test_a_case_tells_its_whole_life_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    print_case(LIFE, {479: [], 481: TRACE}, {"support": "support@helpdesk.example"}, UTC, NOW)
    assert capsys.readouterr().out == TOLD


def test_what_an_act_sent_stands_below_it_and_the_mark_in_it_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def out(number: int) -> dict[str, Any]:
        text = "Hello\n[ref:c1.abc.def]\n"
        return mail(id=None, message=number, direction="out", how="sent", received_at=SECOND, rule="in_progress",
                    state="pending", state_reason="", created_at=SECOND, sent_at=None, text=text)  # fmt: skip

    events = [event(SECOND, "status", **{"from": "New", "to": "In progress", "act": "start"})]
    shown = {
        **CASE,
        "messages": [out(1), mail(message=2), out(3)],
        "events": [*events, event(SECOND, "replied", message=3)],
    }
    print_case(shown, {481: TRACE}, {}, UTC, NOW)
    marks = [line[:4] for line in capsys.readouterr().out.splitlines() if line[3:4] in ("→", "←", "·")]
    assert marks == [" 1 →", " 2 ←", "   ·", " 3 →"]
    print_case({**shown, "messages": [out(1), out(3)]}, {}, {}, UTC, NOW)
    told = capsys.readouterr().out
    assert told.index("start: status") < told.index(" 1 →")
    assert "Hello\n" in told
    assert "[ref:" not in told


@pytest.mark.parametrize(
    ("how", "reason", "told"),
    [
        ("linked", "agent_mail", "linked · by an agent, who answers a notice"),
        ("note", "agent_mail", "kept as a note · by an agent, who answers a notice"),
        ("note", "agent_unverified", "kept as a note · an agent's address, unverified"),
    ],
)
def test_an_agents_mail_says_that_it_is_one(
    capsys: pytest.CaptureFixture[str], how: str, reason: str, told: str
) -> None:
    agents = mail(how=how, reason=reason, linked_by="token", outcome="linked", sender_unverified="un" in reason)
    print_case({**CASE, "messages": [agents]}, {481: TRACE}, {}, UTC, NOW)
    assert f"\n      {told}\n" in capsys.readouterr().out


def test_a_notice_to_many_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = LIFE["notices"]
    for more, told in (
        ([], KIM),
        (["a@b.example"], "kim@helpdesk.example +1"),
        (["a"] * 100, "kim@helpdesk.examp… +100"),
    ):
        print_case({**LIFE, "notices": [{**one, "cc": more}]}, {479: [], 481: TRACE}, {}, UTC, NOW)
        assert f"→  {told}   " in capsys.readouterr().out


def test_a_case_made_by_hand_says_by_whom(capsys: pytest.CaptureFixture[str]) -> None:
    made = event(FIRST, "created", by=KIM, mailbox="support", source="Voice")
    print_case({**CASE, "source": "Voice", "messages": [], "events": [made]}, {}, {}, UTC, NOW)
    out = capsys.readouterr().out
    assert f"opened    Tue 3 Nov 09:15 by {KIM} (Voice)" in out
    assert f"   ·  {KIM}   Tue 3 Nov 09:15   created by hand, Voice\n" in out

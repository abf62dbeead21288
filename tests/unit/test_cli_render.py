"""A case reads like a thread, a message ends with the verdict and its trace (contract.md, the taste of it)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mailcase.cli.render_case import print_case
from mailcase.cli.render_message import print_message
from mailcase.cli.render_trace import headline, trace_lines, winner

NOW = datetime(2026, 11, 5, tzinfo=UTC)
FIRST, SECOND = datetime(2026, 11, 3, 9, 15, tzinfo=UTC), datetime(2026, 11, 4, 18, 2, tzinfo=UTC)
TRACE = [
    {"test": "same mail", "result": "no", "evidence": "Message-ID not seen before"},
    {"test": "thread", "result": "SR-12", "evidence": "In-Reply-To <a1@visitor.example> is mail 479"},
    {"test": "subject number", "result": "SR-7", "evidence": "loses: thread decided before (conflict noted)"},
    {"test": "body number", "result": "not asked", "evidence": ""},
]


def mail(**changes: Any) -> dict[str, Any]:
    return {
        "id": 481, "mailbox": "support", "source": "imap:h:u", "folder": "INBOX", "uidvalidity": 1, "uid": 12,
        "message_id": "<b@visitor.example>", "from": "Erin Example <erin@visitor.example>",
        "to": "support@helpdesk.example", "subject": "AW: Printer", "date": SECOND, "received_at": SECOND,
        "kind": "person", "outcome": "linked", "reason": "thread", "linked_by": "thread", "case": "SR-12",
        "cases": ["SR-12"], "sender_unverified": False, "text": "It jams again\n> Good morning", "attachments": [],
        "direction": "in", "how": "reopened", "verified": True, "trace": TRACE, **changes,
    }  # fmt: skip


PHOTO = {
    "part": "2", "name": "photo.jpg", "type": "image/jpeg", "size": 219136, "inline": False, "allowed": True,
    "reason": "",
}  # fmt: skip
CASE = {
    "number": "SR-12", "title": "Printer on floor 3 jams", "status": "Reopened", "kind": "active",
    "priority": "Medium", "category": "Incident", "source": "Email",
    "contact": "Erin Example <erin@visitor.example>", "account": "Visitor Ltd", "assignee": "",
    "assignee_group": "First line", "organization": "", "closing_reason": "", "mailbox": "support",
    "created_at": FIRST, "updated_at": SECOND, "message_count": 3, "description": "",
    "messages": [
        mail(id=479, subject="Printer on floor 3 jams", received_at=FIRST, how="created", outcome="created",
             reason="new_case", linked_by="", text="Good morning,\n\nthe device shows error 17", attachments=[PHOTO]),
        mail(id=None, direction="out", how="", subject="Re: Printer on floor 3 jams [SR-12]", received_at=FIRST,
             rule="registration", state="sent", state_reason="", created_at=FIRST,
             sent_at=FIRST.replace(microsecond=400000), **{"from": "Help desk <support@helpdesk.example>"}),
        mail(),
    ],
    "events": [
        {"at": FIRST, "event": "created", "actor": "mailcase", "data": {}},
        {"at": SECOND, "event": "status_set", "actor": "eve@helpdesk.example",
         "data": {"from": "New", "to": "Resolved"}},
    ],
    "related": [
        {"number": "SR-9", "relation": "possible_duplicate", "same": "contact", "category": "Incident",
         "status": "New", "kind": "active"},
        {"number": "SR-8", "relation": "also_named", "same": "", "category": "Request", "status": "Closed",
         "kind": "final"},
    ],
}  # fmt: skip

SHOWN = """\
SR-12  Printer on floor 3 jams                                      Reopened · Medium · Incident
customer  Erin Example <erin@visitor.example>, Visitor Ltd          assignee –    group First line
opened    Tue 3 Nov 09:15 by mail to support@helpdesk.example       last mail Wed 4 Nov 18:02

 1 ←  Erin Example           Tue 3 Nov 09:15   Printer on floor 3 jams            photo.jpg 214 KB
      Good morning, the device shows error 17
      created · no thread, no number
 2 →  Help desk              Tue 3 Nov 09:15   Re: Printer on floor 3 jams [SR-12]
      acknowledgement · sent after 0.4 s
 3 ←  Erin Example           Wed 4 Nov 18:02   AW: Printer
      It jams again
      reopened · In-Reply-To <a1@visitor.example> is mail 479
   ·  eve@helpdesk.example   Wed 4 Nov 18:02   status New → Resolved

related   SR-9 possible duplicate (same contact, Incident, open)
          SR-8 also named (Request, Closed)
"""


def test_a_case_reads_like_a_thread(capsys: pytest.CaptureFixture[str]) -> None:
    print_case(CASE, {479: [], 481: TRACE}, {"support": "support@helpdesk.example"}, UTC, NOW)
    assert capsys.readouterr().out == SHOWN


def test_a_message_ends_with_the_verdict_the_winner_and_the_losers(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(mail(attachments=[PHOTO]), UTC, NOW)
    out = capsys.readouterr().out
    assert out.startswith("mail 481  AW: Printer\nfrom      Erin Example <erin@visitor.example>\n")
    assert "part      2     photo.jpg  image/jpeg, 214 KB\n" in out
    assert out.endswith(
        """\
linked to SR-12 by thread
  same mail        no            Message-ID not seen before
  thread           SR-12         In-Reply-To <a1@visitor.example> is mail 479
  subject number   SR-7          loses: thread decided before (conflict noted)
  body number      not asked
"""
    )


def test_an_acknowledgement_that_did_not_arrive_is_not_told_as_sent(capsys: pytest.CaptureFixture[str]) -> None:
    trace = [*TRACE, {"test": "acknowledge", "result": "yes", "evidence": "registration"}]
    failed = {"id": 12, "state": "failed", "last_error": "550 5.1.1\nno \x1b such user"}
    print_message(mail(trace=trace, outbox=failed), UTC, NOW)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("  acknowledge      yes           registration · failed: 550 5.1.1 no ")
    assert last.endswith(" such user, outbox 12")
    assert "\x1b" not in last
    print_message(mail(trace=trace, outbox=None), UTC, NOW)
    assert capsys.readouterr().out.endswith("yes           registration\n")


def test_of_an_erased_mail_one_line_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    gone = {"erased": True, "raw_purged_at": NOW, "from": None, "to": None, "subject": None, "text": ""}
    print_message(mail(**gone, trace=[{"test": "thread", "result": "SR-12", "evidence": "erased"}] * 9), UTC, NOW)
    out = capsys.readouterr().out
    assert "the texts stay" not in out
    assert out.endswith("linked to SR-12 by thread\n  erased at the person's request: nothing of its content is left\n")


QUOTED = "It jams again\n\nAm 5. Nov. 2026 schrieb Help desk:\n> Good morning\n\n-- \nErin"


def test_the_new_text_is_shown_first_and_all_of_the_rest_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(mail(text=QUOTED, new_text="It jams again"), UTC, NOW)
    out = capsys.readouterr().out
    assert (
        "\n  It jams again\n  │ Am 5. Nov. 2026 schrieb Help desk:\n  │ > Good morning\n  │\n  │ --\n  │ Erin\n" in out
    )


def test_a_quotation_above_the_new_text_is_marked_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(mail(text="> Is it on?\n\nYes", new_text="Yes"), UTC, NOW)
    assert "\n  │ > Is it on?\n  Yes\n\n" in capsys.readouterr().out


def test_a_text_without_a_known_quotation_is_shown_unmarked(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(mail(text=QUOTED, new_text=""), UTC, NOW)
    assert "│" not in capsys.readouterr().out


def test_a_case_shows_the_new_text_and_where_the_quoted_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {**CASE, "messages": [mail(text=QUOTED, new_text="It jams again")]}
    print_case(shown, {481: TRACE}, {}, UTC, NOW)
    assert "\n      It jams again  … quoted text: `message show 481`\n" in capsys.readouterr().out


def test_an_oversize_mail_says_where_its_rest_is(capsys: pytest.CaptureFixture[str]) -> None:
    left = {**PHOTO, "taken": False, "allowed": False, "reason": "not_taken"}
    unknown = {**left, "part": "3", "size": None}
    print_message(mail(oversize=True, server_size=63963136, attachments=[left, unknown]), UTC, NOW)
    print_case({**CASE, "messages": [mail(attachments=[left])]}, {481: TRACE}, {}, UTC, NOW)
    out = capsys.readouterr().out
    rest = "61 MB on the server, only the beginning was taken; the rest lies in mailbox support, folder INBOX, uid 12"
    assert f"oversize  {rest}\n" in out
    assert "part      2     photo.jpg  image/jpeg, about 214 KB, left on the server\n" in out
    assert "part      3     photo.jpg  image/jpeg, size unknown, left on the server\n" in out
    assert "photo.jpg 214 KB (on the server)\n" in out


def test_hostile_mail_stays_data(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "x\x1b]0;owned\x07\r\n\u202ey"
    hostile = mail(
        subject=evil, text=evil, attachments=[{**PHOTO, "name": evil, "type": evil}], **{"from": evil, "to": evil}
    )
    print_message({**hostile, "trace": [{"test": evil, "result": evil, "evidence": evil}]}, UTC, NOW)
    print_case({**CASE, "title": evil, "contact": evil, "messages": [hostile]}, {481: []}, {}, UTC, NOW)
    out = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(out)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcome": None, "reason": "", "linked_by": ""}, "not yet decided"),
        ({"outcome": "created", "linked_by": ""}, "created SR-12"),
        ({"outcome": "created", "linked_by": "", "case": None, "would": True}, "would be created a new case"),
        ({"outcome": "reopened", "linked_by": "subject"}, "reopened SR-12 by the number in its subject"),
        ({"outcome": "followed"}, "SR-12 follows a closed case, found by thread"),
        (
            {"outcome": "followed", "case": None, "would": True},
            "would be a new case, following a closed case, found by thread",
        ),
        ({"outcome": "noted", "kind": "auto_reply"}, "noted on SR-12 by thread: auto reply, status and assignee stay"),
        ({"outcome": "junk_case", "reason": "blacklisted"}, "junk, SR-12: the sender is on the blacklist"),
        ({"outcome": "ignored", "reason": "own_mail", "case": None}, "ignored: our own mail that came back"),
        ({"outcome": "ignored", "reason": "some_new_word", "case": None}, "ignored: some new word"),
        ({"outcome": "quarantined", "reason": "unreadable", "error": "too deep"}, "quarantined: too deep"),
    ],
)
def test_the_verdict_is_a_sentence(changes: dict[str, Any], said: str) -> None:
    assert headline(mail(**changes)) == said


def test_the_winner_is_the_test_that_decided() -> None:
    assert winner(mail(), TRACE) == "In-Reply-To <a1@visitor.example> is mail 479"
    assert winner(mail(linked_by="subject"), TRACE) == "loses: thread decided before (conflict noted)"
    assert (
        winner(mail(outcome="noted", linked_by="", reason="auto_reply"), [])
        == "an automatic reply that belongs to no case"
    )


def test_why_no_acknowledgement_was_sent_is_told_in_words() -> None:
    kept = {"test": "acknowledge", "result": "no", "evidence": "follow_up: outcome linked (K1)"}
    assert trace_lines([kept]) == ["  acknowledge      no            follow-up: outcome linked (K1)"]
    assert trace_lines([{**kept, "evidence": "null_return_path: a_b"}])[0].endswith("null return path: a_b")
    assert trace_lines([{**kept, "test": "thread"}])[0].endswith("follow_up: outcome linked (K1)")


def test_a_long_test_name_moves_every_line_alike() -> None:
    lines = trace_lines([{"test": "a very long test name", "result": "no", "evidence": "x"}, TRACE[0]])
    assert lines[0].index("no") == lines[1].index("no")

"""Agents' mails that send no customer anything: our notice alone, the same again, too many, a template that fails."""

from datetime import timedelta
from typing import Any

import pytest

from mailcase.life.often import WINDOWS
from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, SAID, Case, kept
from tests.contract.notice_kit import JANE, Bureau

_OUTLOOK = "From: Help desk <support@helpdesk.example>\r\nSent: Monday\r\nTo: Jane\r\nSubject: x\r\n\r\n"
_FILE = (
    "--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\n"
    "Content-Disposition: attachment; filename=a.txt\r\n\r\nhello\r\n--b--\r\n"
)
_PARTS = {"Content_Type": 'multipart/mixed; boundary="b"'}
_HTML = {"Content_Type": "text/html; charset=utf-8"}


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


@pytest.mark.parametrize(
    ("body", "over", "why"),
    [
        (f"{_OUTLOOK}{{}}", {}, "not certain where your words end"),
        ("On Mon, 2 Nov 2026 at 09:10, Help desk <support@helpdesk.example> wrote:\r\n\r\n{}", {}, "not certain"),
        ("<blockquote type='cite'>{}</blockquote>", _HTML, "not certain where your words end"),
        (f"FYI\r\n\r\n{_OUTLOOK}{{}}", {"subject": "FW: x"}, "not certain where your words end"),
        ("Look: {}", {"subject": "FW: x"}, "not certain where your words end"),
        ("-- \r\nJane Roe\r\nprivate 555", {}, "says nothing"),
        (_FILE.format("-- \r\nJane Roe\r\nprivate 555"), _PARTS, "says nothing"),
        (_FILE.format(""), _PARTS, "says nothing"),
    ],
    ids=["outlook", "wrote", "html", "forward", "our lines", "signature", "file, signature", "file"],
)
def test_who_writes_no_word_sends_none(bureau: Bureau, body: str, over: dict[str, Any], why: str) -> None:
    """Our notice is for agents, its mark may be cut off, and a signature is no answer."""
    case = Case(bureau)
    notice = case.notice.text.partition("[ref:")[0].replace("\n", "<br>" if over == _HTML else "\r\n")
    case.sends(body.replace("{}", notice), **over)
    kept(case, why, verified=True)


def test_the_same_words_again_are_not_sent_and_he_is_told_once(bureau: Bureau) -> None:
    """A machine without a mark of one, that answers each notice, and each answer of the customer's machine."""
    case = Case(bureau)
    for number in range(3):
        case.sends("I am  in a meeting." if number else "I am in a\r\nmeeting.", f"again{number}")
    assert case.told() == [("reply", ERIN), ("kept_as_note", JANE)]
    assert [one["reason"] for one in case.events("note")] == [
        "reply: these are the words of your last reply on this case: nothing was sent"
    ] * 2
    assert len(case.events("replied")) == 1
    case.sends("The roller is new.", "other")
    assert case.told()[-1] == ("reply", ERIN)


def test_so_many_replies_an_hour_are_sent_and_he_is_told_once(bureau: Bureau) -> None:
    case, (window, most) = Case(bureau), WINDOWS[0]
    for number in range(most + 2):
        case.sends(f"Answer {number}.", f"reply{number}")
    assert case.told() == [("reply", ERIN)] * most + [("kept_as_note", JANE)]
    assert [one["reason"][:60] for one in case.events("note")] == [
        "reply: you have sent 10 replies on this case within 1 h, mor"
    ] * 2
    bureau.post.at += window + timedelta(minutes=1)
    case.sends("One more.", "later", date=bureau.post.at)
    assert case.told()[-1] == ("reply", ERIN)


def test_a_template_that_fails_keeps_the_mail_and_says_which(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(bureau)
    compose = bureau.post.bench.compose_notice

    def fails(notice: Any, facts: Any) -> Any:
        return 1 // 0 if notice.rule == "reply" else compose(notice, facts)

    monkeypatch.setattr(type(bureau.post.bench), "compose_notice", lambda _self, *one: fails(*one))
    assert case.answer().outcome == "linked"
    kept(case, "the template reply cannot be filled: ZeroDivisionError", verified=True)


def test_who_writes_in_his_name_does_not_silence_what_he_is_told(bureau: Bureau) -> None:
    case = Case(bureau)
    for number in range(11):
        case.sends(f"junk {number}", f"forged{number}", notice="<merin@visitor.example>")
    case.answer(f"#clsoe\n{SAID}")
    states = [(row.state, row.reason) for row in bureau.rows("kept_as_note")]
    assert states == [*[("pending", "")] * 10, ("suppressed", "agent_limit"), ("pending", "")]


@pytest.mark.parametrize("line", ["#assign", "#assign @", "#assign ,@", "#assign me@", "#priority"])
def test_an_order_that_lacks_what_it_needs_keeps_the_whole_mail(bureau: Bureau, line: str) -> None:
    case = Case(bureau)
    case.answer(f"{line}\n{SAID}")
    kept(case, "is no command; it needs", verified=True)

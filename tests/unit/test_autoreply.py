"""Row 8 of table 3.1: every header and every word of its lists."""

import pytest

from mailcase.junk.autoreply import autoreply_mark
from mailcase.junk.autoreply_words import AUTOREPLY_HEADERS, BEGINNINGS, FOLLOWERS
from tests.builders import make_email

LOOP = "X-MS-Exchange-Inbox-Rules-Loop"
XARS = "X-Auto-Response-Suppress"


@pytest.mark.parametrize("name", AUTOREPLY_HEADERS)
def test_each_header_marks_an_automatic_reply(name: str) -> None:
    assert autoreply_mark(make_email({name: "yes"})) == name
    assert autoreply_mark(make_email({name.upper(): "bob@x.example"})) == name


@pytest.mark.parametrize("value", ["", "no", "None", "false", "0"])
def test_a_header_that_says_no_is_no_mark(value: str) -> None:
    assert autoreply_mark(make_email({"X-Autoreply": value})) == ""


@pytest.mark.parametrize("value", ["auto-replied", "Auto-Replied (vacation)", "auto-replied; x=y", "auto-replied-x"])
def test_auto_submitted_auto_replied_is_a_mark(value: str) -> None:
    assert autoreply_mark(make_email({"Auto-Submitted": value})).startswith("Auto-Submitted: auto-replied")


@pytest.mark.parametrize("words", BEGINNINGS)
@pytest.mark.parametrize("subject", ["{0}", "{0}: Printer jams", "{0} - Printer", "{0} (Printer)", "{0} 3.11. - 7.11."])
def test_each_beginning_of_a_subject_is_a_mark(words: str, subject: str) -> None:
    assert words in autoreply_mark(make_email(subject=subject.format(words.capitalize())))


@pytest.mark.parametrize("words", FOLLOWERS)
def test_each_following_word_is_part_of_the_wording(words: str) -> None:
    assert autoreply_mark(make_email(subject=f"Out of office {words} Monday"))


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office hours support does not answer",
        "Abwesenheitsnotizen lassen sich nicht einrichten",
        "Automatische Antwort funktioniert nicht",
        "Automatic replying is broken",
        "How do I set an out of office note?",
        "Printer: automatic reply",
        "Re: Out of Office: x",
        "AW: Automatische Antwort: x",
        "AW: Re: Abwesenheit",
        "Fwd: Automatic reply: x",
        "WG: Abwesenheitsnotiz",
        "Re: WG: Abwesenheitsnotiz",
        "Automatic",
        "",
    ],
)
def test_a_persons_subject_is_no_mark(subject: str) -> None:
    assert autoreply_mark(make_email(subject=subject)) == ""


@pytest.mark.parametrize("headers", [{LOOP: "erin@x.example"}, {XARS: "All"}])
@pytest.mark.parametrize("subject", ["Re: Out of Office: x", "AW: Automatische Antwort", "SV: RE: Autosvar: x"])
def test_after_re_the_wording_needs_another_mark(subject: str, headers: dict[str, str]) -> None:
    assert autoreply_mark(make_email(headers, subject=subject))
    assert not autoreply_mark(make_email(headers, subject="Re: Printer"))


@pytest.mark.parametrize(
    ("headers", "marked"),
    [
        ({LOOP: "erin@x.example", XARS: "All"}, True),
        ({LOOP: "erin@x.example", XARS: "DR, all"}, True),
        ({LOOP: "erin@x.example"}, False),
        ({XARS: "All"}, False),
        ({LOOP: "erin@x.example", XARS: "OOF"}, False),
    ],
)
def test_the_exchange_mark_needs_both_halves(headers: dict[str, str], marked: bool) -> None:
    assert bool(autoreply_mark(make_email(headers))) is marked


@pytest.mark.parametrize(("method", "marked"), [("REPLY", True), ("REQUEST", False), ("", False)])
def test_an_answer_to_an_invitation_is_a_mark(method: str, marked: bool) -> None:
    assert bool(autoreply_mark(make_email(calendar_method=method))) is marked


def test_no_beginning_is_shadowed_or_repeated() -> None:
    assert len(set(BEGINNINGS)) == len(BEGINNINGS)
    assert all(words == " ".join(words.lower().split()) for words in BEGINNINGS)

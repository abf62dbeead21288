"""Header rules of the administrator (B6): RE2, so always linear (F33)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.junk import header_rules
from tests.builders import make_email

SPAM = header_rules.compile("X-Spam-Flag", "(?i)^yes", "spam_header")


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ([("X-Spam-Flag", "YES")], "YES"),
        ([("x-spam-flag", "yes, very")], "yes, very"),
        ([("X-Spam-Flag", "No"), ("X-Spam-Flag", "Yes")], "Yes"),
        ([("X-Spam-Flag", "no, yes")], None),
        ([("X-Spam", "YES")], None),
        ([], None),
    ],
)
def test_a_rule_fires_on_its_header_alone(headers: list[tuple[str, str]], seen: str | None) -> None:
    assert SPAM.fires(make_email(headers)) == seen


def test_the_evidence_is_short() -> None:
    fired = SPAM.fires(make_email({"X-Spam-Flag": "yes" * 100}))
    assert fired is not None
    assert len(fired) == 80


def test_what_no_server_could_send_on_is_searched_too() -> None:
    assert SPAM.fires(make_email({"X-Spam-Flag": "yes \ud800"})) == "yes ?"


def test_an_empty_header_can_be_matched() -> None:
    assert header_rules.compile("X-Empty", "^$", "spam_header").fires(make_email({"X-Empty": ""})) == ""


def test_only_the_beginning_of_a_value_is_searched() -> None:
    rule = header_rules.compile("X-Long", "needle", "spam_header")
    assert rule.fires(make_email({"X-Long": "x" * 4_096 + "needle"})) is None


def test_no_more_headers_are_searched_than_the_cap() -> None:
    assert SPAM.fires(make_email([("X-Spam-Flag", "no")] * 50 + [("X-Spam-Flag", "yes")])) is None


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(x+x+)+y"])
@pytest.mark.parametrize("value", ["a" * 50_000, "x" * 50_000])
def test_a_pattern_that_explodes_elsewhere_is_answered(pattern: str, value: str) -> None:
    assert header_rules.compile("X-Test", pattern, "redos").fires(make_email({"X-Test": value})) in (None, value[:80])


@pytest.mark.parametrize(
    ("name", "matches", "reason", "words"),
    [
        ("X Spam", "yes", "spam_header", "X-Spam-Flag"),
        ("X-Spam:", "yes", "spam_header", "without colon"),
        ("", "yes", "spam_header", "header name"),
        ("X-Spam", "(", "spam_header", "RE2"),
        ("X-Spam", r"(a)\1", "spam_header", "back-references"),
        ("X-Spam", "(?=a)", "spam_header", "look-around"),
        ("X-Spam", "a" * 1_001, "spam_header", "at most 1000"),
        ("X-Spam", "yes", "Spam header", "spam_header"),
        ("X-Spam", "\ud800", "spam_header", "RE2 expression .*surrogates not allowed"),
        ("X-Spam", r"\é", "spam_header", r"invalid escape sequence: \\é"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_cure(name: str, matches: str, reason: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        header_rules.compile(name, matches, reason)


def test_a_wrong_expression_is_told_by_the_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="RE2") as caught:
        header_rules.compile("X-Spam", "(", "spam_header")
    assert str(caught.value) == (
        "'(' is no RE2 expression (missing ): (); look-around and back-references do not exist in it, "
        "see https://github.com/google/re2/wiki/Syntax"
    )
    assert capfd.readouterr().err == ""


def test_a_rule_keeps_its_expression_of_any_length_allowed() -> None:
    assert header_rules.compile("X-Spam", "a" * 1_000, "spam_header").matches == "a" * 1_000


@given(st.text())
def test_a_value_never_raises(value: str) -> None:
    assert SPAM.fires(make_email({"X-Spam-Flag": value})) in (None, value[:80])

"""Tokens of machine headers (RFC 3834 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.junk.header_values import auto_submitted, listed, plain_token, suppressed_words, tokens
from tests.builders import make_email


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("auto-replied", "auto-replied"),
        ("  Auto-Replied  ", "auto-replied"),
        ("auto-replied (vacation)", "auto-replied"),
        ("(nested (comment)) auto-generated", "auto-generated"),
        (r"(with \) inside) no", "no"),
        ("auto-notified; owner-email=x@y.example", "auto-notified"),
        ("(a; b) no", "no"),
        ('"no"', "no"),
        ("", ""),
        ("(no)", ""),
        ("no) ", "no"),
        ("((((no", ""),
        ("((a) b) no", "no"),
        ("(a) n(b)o", "no"),
        ("Xmas", "xmas"),
    ],
)
def test_a_token_stands_before_comments_and_parameters(value: str, token: str) -> None:
    assert plain_token(value) == token


@pytest.mark.parametrize(
    ("values", "token"),
    [
        ([], None),
        (["no"], None),
        (["No", "no (x)"], None),
        (["no", "auto-generated"], "auto-generated"),
        (["unheard-of"], "unheard-of"),
        ([""], ""),
    ],
)
def test_only_no_says_a_person(values: list[str], token: str | None) -> None:
    assert auto_submitted(make_email([("auto-submitted", value) for value in values])) == token


def test_suppression_words_are_collected_in_any_order_and_case() -> None:
    email = make_email([("X-Auto-Response-Suppress", "DR, oof"), ("x-auto-response-suppress", " AutoReply,,RN")])
    assert suppressed_words(email) == {"dr", "oof", "autoreply", "rn"}


def test_without_the_header_nothing_is_suppressed() -> None:
    assert suppressed_words(make_email()) == frozenset()


def test_no_more_headers_of_a_name_are_read_than_the_cap() -> None:
    email = make_email([("Auto-Submitted", "no")] * 20 + [("Auto-Submitted", "auto-generated")])
    assert auto_submitted(email) is None
    email = make_email([("X-Auto-Response-Suppress", "DR")] * 20 + [("X-Auto-Response-Suppress", "All")])
    assert suppressed_words(email) == {"dr"}


def test_each_name_has_a_cap_of_its_own() -> None:
    email = make_email([("Precedence", "first-class")] * 21 + [("X-Precedence", "bulk")])
    assert list(tokens(email, "Precedence", "X-Precedence"))[19:] == [
        ("Precedence", "first-class"),
        ("X-Precedence", "bulk"),
    ]


@given(st.text())
def test_reading_a_token_never_raises(value: str) -> None:
    token = plain_token(value)
    assert token == token.strip()
    assert "(" not in token
    assert ";" not in token


@given(st.text())
def test_reading_a_list_never_raises(value: str) -> None:
    assert "" not in listed(value)


@pytest.mark.parametrize("value", ["(" * 50_000, "\\(" * 25_000, ";" * 50_000, "a" * 50_000, "," * 50_000])
def test_no_more_than_the_cap_is_read(value: str) -> None:
    assert len(plain_token(value)) <= 1000
    assert sum(len(word) for word in listed(value)) <= 1000

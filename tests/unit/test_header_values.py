"""Tokens of machine headers (RFC 3834 5)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.junk.header_values import (
    auto_submitted,
    headers_unseen,
    listed,
    plain_token,
    suppressed_words,
    telling,
    tokens,
)
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


def test_a_word_that_hides_behind_many_headers_of_its_name_is_found() -> None:
    email = make_email([("Auto-Submitted", "no")] * 900 + [("Auto-Submitted", "auto-generated")])
    assert auto_submitted(email) == "auto-generated"
    email = make_email([("X-Auto-Response-Suppress", "DR")] * 900 + [("X-Auto-Response-Suppress", "All")])
    assert suppressed_words(email) == {"dr", "all"}


def test_tokens_are_told_by_name_in_order() -> None:
    email = make_email([("X-Precedence", "bulk"), ("Precedence", "a"), ("Precedence", "(x) B")])
    assert list(tokens(email, "Precedence", "X-Precedence")) == [
        ("Precedence", "a"),
        ("Precedence", "b"),
        ("X-Precedence", "bulk"),
    ]


TABLE = (("X-One", re.compile(r"yes|1")), ("X-Two", re.compile(r"a b?c*")))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([("X-One", "yes")], "X-One: yes"),
        ([("x-one", " yes ")], "X-One: yes"),
        ([("X-One", "no"), ("X-One", "1")], "X-One: 1"),
        ([("X-Two", "a  b"), ("X-One", "yes")], "X-One: yes"),
        ([("X-Two", "a\tb")], "X-Two: a b"),
        ([("X-Two", f"a b{'c' * 99}")], f"X-Two: a b{'c' * 77}"),
        ([("X-Two", f"a b{'c' * 997}x")], f"X-Two: a b{'c' * 77}"),  # so much is read
        ([("X-Two", f"a b{'c' * 996}x")], ""),
        ([("X-One", "yes, sir"), ("X-Two", "not a b")], ""),
        ([("X-Three", "yes")], ""),
        ([], ""),
    ],
)
def test_a_header_of_a_table_tells_by_its_whole_value(headers: list[tuple[str, str]], told: str) -> None:
    assert telling(make_email(headers), TABLE) == told


@pytest.mark.parametrize(
    ("defects", "unseen"),
    [
        (("no_date", "headers_left_out"), True),
        (("headers_failed",), True),
        (("headers_truncated",), False),
        ((), False),
    ],
)
def test_what_the_reader_left_out_is_unseen(defects: tuple[str, ...], unseen: bool) -> None:
    assert headers_unseen(make_email(defects=defects)) is unseen


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

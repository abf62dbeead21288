"""Cutting the stream into responses."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.imap.framing import BrokenStream, Framer

STREAM = (
    b"* OK ready\r\n"
    b"* 1 FETCH (UID 5 BODY[] {11}\r\n"
    b"a)\r\n* {3}\r\n FLAGS (\\Seen))\r\n"
    b"* 2 FETCH (BODY[HEADER] {0}\r\n BODY[TEXT] {2}\r\n\r\n)\r\n"
    b'* LIST () "/" {6}\r\nMy Box\r\n'
    b"A1 OK done\r\n"
)
RESPONSES = [
    [b"* OK ready"],
    [b"* 1 FETCH (UID 5 BODY[] {11}", b"a)\r\n* {3}\r\n", b" FLAGS (\\Seen))"],
    [b"* 2 FETCH (BODY[HEADER] {0}", b"", b" BODY[TEXT] {2}", b"\r\n", b")"],
    [b'* LIST () "/" {6}', b"My Box", b""],
    [b"A1 OK done"],
]


@given(st.lists(st.integers(0, len(STREAM))))
def test_responses_are_the_same_however_the_network_splits_them(cuts: list[int]) -> None:
    framer, places = Framer(100), sorted({0, *cuts, len(STREAM)})
    parts = [STREAM[low:high] for low, high in itertools.pairwise(places)]
    assert [response for part in parts for response in framer.feed(part)] == RESPONSES
    assert not framer.left_over


def test_ten_thousand_responses_in_one_chunk_are_no_recursion() -> None:
    assert len(list(Framer(100).feed(b"* 1 FETCH (FLAGS ())\r\n" * 10_000))) == 10_000


def test_half_a_response_is_left_over() -> None:
    framer = Framer(100)
    assert list(framer.feed(b"* 1 FETCH (BODY[] {5}\r\nabc")) == []
    assert framer.left_over


def test_a_literal_above_the_limit_breaks_the_stream_before_it_fills_the_memory() -> None:
    with pytest.raises(BrokenStream, match="401 octets"):
        list(Framer(100).feed(b"* 1 FETCH (BODY[] {401}\r\n"))


def test_a_literal_somewhat_above_the_limit_is_thrown_away_and_the_next_one_is_not() -> None:
    framer = Framer(100)
    first = list(framer.feed(b"* 1 FETCH (BODY[] {400}\r\n" + b"x" * 250))
    rest = list(framer.feed(b"x" * 150 + b")\r\n* 2 FETCH (BODY[] {3}\r\nabc)\r\n"))
    assert [first, *rest] == [[], [b"* 1 FETCH (BODY[] {400}", b"", b")"], [b"* 2 FETCH (BODY[] {3}", b"abc", b")"]]


def test_a_line_without_end_breaks_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.intake.imap.framing.LINE_LIMIT", 1000)
    with pytest.raises(BrokenStream, match="a line"):
        list(Framer(100).feed(b"x" * 1001))

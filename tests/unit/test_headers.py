"""Header blocks are split in one pass, decoded leniently and bounded."""

import pytest

from mailcase.intake import headers
from mailcase.intake.words import decode_header


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?a=C3=A4_b?=", "aä b"),
        (b"=?utf-8?b?w6Q=?= =?utf-8?q?x?=", "äx"),
        (b"=?utf-8?b?w4==?= =?utf-8?q?=A4?=", "ä"),  # one character split over two words
        (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        (b"=?utf-8?q?a?= =?iso-8859-1?q?=E4?=", "aä"),
        (b"=?unknown?q?caf=C3=A9?=", "café"),
        (b"=?zlib?b?eJxLBAAAYgBi?=", None),  # decoded as text, never expanded
        (b"=?iso-8859-1?q?=DCbergr=F6=DFe?=", "Übergröße"),
        ("Übergröße".encode(), "Übergröße"),
        ("Übergröße".encode("latin-1"), "Übergröße"),
        (b"=?iso-8859-1?q?Fr\xf6sche?=", "Frösche"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        (b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?ks_c_5601-1987?b?x9GxuQ==?=", "한국"),
    ],
)
def test_a_header_is_decoded_as_it_was_meant(raw: bytes, text: str | None) -> None:
    found = decode_header(raw)
    assert found == text if text is not None else len(found) < 40


def test_a_block_is_split_and_unfolded() -> None:
    raw = b"From x@y Mon\r\nA: 1\r\n  2\r\nB : 3\r\na: 4\r\n\r\nbody"
    block = headers.split_block(raw)
    assert block.fields == [("a", "A", b"1  2"), ("b", "B", b"3"), ("a", "a", b"4")]
    assert raw[block.body :] == b"body"


def test_a_line_that_is_no_field_begins_the_body() -> None:
    raw = b"A: 1\nnot a header\nB: 2\n\nbody"
    block = headers.split_block(raw)
    assert [name for _, name, _ in block.fields] == ["A"]
    assert raw[block.body :].startswith(b"not a header")
    assert block.defects == ["missing_header_end"]


def test_headers_are_bounded_and_every_name_is_still_seen() -> None:
    raw = b"X-Filler: " + b"a" * 200_000 + b"\nAuto-Submitted: auto-replied\n\n"
    kept, defects = headers.visible(headers.split_block(raw))
    assert sum(len(value) for _, value in kept) <= headers.TOTAL + headers.STUB
    assert kept[-1] == ("Auto-Submitted", "auto-replied")
    assert defects == ["headers_truncated"]


def test_twenty_thousand_headers_are_cut_to_the_limit() -> None:
    raw = b"".join(b"X-%d: v\n" % number for number in range(20_000)) + b"\n"
    kept, defects = headers.visible(headers.split_block(raw))
    assert len(kept) == headers.MOST
    assert defects == ["headers_truncated", "headers_left_out"]


@pytest.mark.parametrize(("number", "said"), [(1000, []), (1001, ["headers_truncated", "headers_left_out"])])
def test_a_header_field_that_is_left_out_is_told_of(number: int, said: list[str]) -> None:
    raw = b"X: v\n" * (number - 1) + b"Auto-Submitted: auto-replied\n\n"
    assert headers.visible(headers.split_block(raw))[1] == said


def test_a_header_that_may_stand_once_is_reported_when_it_repeats() -> None:
    block = headers.split_block(b"From: a\nfrom: b\nReceived: x\nReceived: y\nSubject: s\nSubject: t\n\n")
    assert headers.duplicates(block) == ["duplicate_from", "duplicate_subject"]

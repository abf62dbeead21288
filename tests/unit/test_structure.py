"""The tree of parts is found in one pass, whatever its boundaries do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.structure import DEEPEST, MOST_PARTS, scan, with_lines

MIXED = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n'


def shape(raw: bytes) -> list[tuple[str, str, bytes]]:
    root, _ = scan(raw)
    return [(leaf.number, leaf.type, raw[leaf.start : leaf.end]) for leaf in root.leaves()]


TEXT = "text/plain"
INNER = MIXED % b"z" + b"--z\r\n\r\nin\r\n--z--"


@pytest.mark.parametrize(
    ("raw", "leaves"),
    [
        (b"A: b\r\n\r\nhi\r\n", [("1", TEXT, b"hi\r\n")]),
        (
            MIXED % b"x" + b"pre\r\n--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\npost",
            [("1", TEXT, b"one"), ("2", TEXT, b"two")],
        ),
        (MIXED % b"x" + b"--x\r\n\r\nno end", [("1", TEXT, b"no end")]),
        (MIXED % b"x" + b"no boundary line", [("1", "multipart/mixed", b"no boundary line")]),
        (b"Content-Type: multipart/mixed\r\n\r\nbody", [("1", "multipart/mixed", b"body")]),
        (
            MIXED % b"x" + b"--x\r\n" + MIXED % b"y" + b"--y\r\n\r\ndeep\r\n--x\r\n\r\nnext",
            [("1.1", TEXT, b"deep"), ("2", TEXT, b"next")],
        ),
        (
            MIXED % b"x" + b"--x  \r\n\r\none\r\n--xy\r\nstill\r\n--x--  \r\n",
            [("1", TEXT, b"one\r\n--xy\r\nstill")],
        ),
        (
            MIXED % b"x" + b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n--x--",
            [("1", "message/rfc822", INNER)],
        ),
        (
            b"Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: s\n\nb\n--x--",
            [("1", "message/rfc822", b"Subject: s\n\nb")],
        ),
        (b"", [("1", TEXT, b"")]),
    ],
    ids=["plain", "mixed", "unclosed", "no-part", "no-boundary", "nested", "alike", "carried", "digest", "empty"],
)
def test_leaves_are_spans_of_the_raw_mail(raw: bytes, leaves: list[tuple[str, str, bytes]]) -> None:
    assert shape(raw) == leaves


def test_old_mac_line_ends_are_line_ends() -> None:
    raw = with_lines(b"Subject: x\r\rbody\r")
    assert shape(raw) == [("1", "text/plain", b"body\n")]
    assert with_lines(b"a\r\nb") == b"a\r\nb"


def test_a_hundred_thousand_parts_are_cut_to_the_limit() -> None:
    root, defects = scan(MIXED % b"x" + b"--x\r\n\r\n\r\n" * 100_000)
    assert len(list(root.leaves())) == MOST_PARTS - 1
    assert defects == ["too_many_parts"]


def test_nesting_ends_at_the_limit_and_nothing_recurses() -> None:
    raw = b"".join(MIXED % b"%d" % number + b"--%d\r\n" % number for number in range(5_000))
    root, defects = scan(raw)
    assert "nesting_too_deep" in defects
    assert max(leaf.number.count(".") for leaf in root.leaves()) < DEEPEST


def test_four_hundred_levels_are_read() -> None:
    raw = b"".join(MIXED % b"%d" % number + b"--%d\r\n" % number for number in range(400)) + b"\r\ndeep"
    assert [text for _, _, text in shape(raw)] == [b"deep"]


@given(st.binary(max_size=400) | st.text(alphabet="-xy\n:; ", max_size=200).map(lambda t: MIXED % b"x" + t.encode()))
def test_any_bytes_have_a_structure(raw: bytes) -> None:
    root, _ = scan(raw)
    for leaf in root.leaves():
        assert 0 <= leaf.start <= leaf.end <= len(raw)


def test_a_boundary_that_no_bytes_can_spell_is_one_that_never_comes() -> None:
    assert shape(b"Content-Type: multipart/mixed; boundary*=utf-7''+2AA-\r\n\r\n--x\r\n\r\nhello\r\n")

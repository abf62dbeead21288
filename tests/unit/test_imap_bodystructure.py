"""BODYSTRUCTURE names the attachments of a mail that is not fetched whole, however its strings are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.imap.bodystructure import LARGEST, left_parts
from mailcase.intake.imap.framing import Framer
from mailcase.intake.imap.grammar import Response

TEXT = b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 24 1 NIL NIL NIL NIL)'
PDF = (
    b'("application" "pdf" ("name" "b :-( \\"1\\".pdf") NIL NIL "base64" 7800 NIL '
    b'("attachment" ("filename" "a.pdf")) NIL NIL)'
)
PNG = b'("IMAGE" "PNG" NIL "<i@x>" NIL "BASE64" 78 NIL ("INLINE" NIL) NIL)'
EML = (
    b'("message" "rfc822" NIL NIL NIL "7bit" 900 ("d" "s" NIL NIL NIL NIL NIL NIL NIL NIL) %s 9 NIL NIL NIL NIL)' % TEXT
)
MARK = b'("boundary" "x") NIL NIL'


def response(structure: bytes) -> Response:
    framer = Framer(1_000_000)
    (found,) = framer.feed(b"* 1 FETCH (UID 7 BODYSTRUCTURE " + structure + b")\r\n")
    return [found[0][2:], *found[1:]]


@pytest.mark.parametrize(
    ("structure", "parts"),
    [
        (TEXT, []),
        (PDF, [("1", "a.pdf", "application/pdf", 5700)]),
        (b'(%s%s%s "mixed" %s)' % (TEXT, PDF, PNG, MARK), ["2 a.pdf", "3 part-3.png"]),
        (
            b'((%s%s "alternative" %s)(%s%s "related" %s) "mixed" %s)' % (TEXT, TEXT, MARK, TEXT, PNG, MARK, MARK),
            ["2.2"],
        ),
        (b'(%s%s "mixed" %s)' % (EML, PDF, MARK), ["1 part-1.eml", "2 a.pdf"]),
        (b'("text" "csv" ("name" {5}\r\na(".c) NIL NIL "8bit" 10 1)', [("1", "a(_.c", "text/csv", 10)]),
        (b'("a" "b" ("name*" "utf-8\'\'%C3%BC.pdf") NIL NIL "8bit" 10)', [("1", "ü.pdf", "a/b", 10)]),
        (b'("a" "b" ("name" "../../x.pdf") NIL NIL NIL 10)', [("1", "x.pdf", "a/b", 10)]),
        (b'("a" "b" NIL NIL NIL "8bit" many)', []),
        (b'("a" "b" NIL NIL NIL "base64" %s)' % (b"9" * 400), []),
        (b'("a" "b" NIL NIL NIL "8bit" -5)', []),
        (b'("a" "b"', []),
        (b"NIL", []),
        (b"()", []),
        (b"(" * 500 + b")" * 500, []),
    ],
)
def test_attachments_are_named(structure: bytes, parts: list[object]) -> None:
    found = left_parts(response(structure))
    said = [(one.part, one.name, one.type, one.size) for one in found]
    told = [f"{one.part} {one.name}" for one in found]
    assert len(said) == len(parts)
    for fact, name, wanted in zip(said, told, parts, strict=True):
        assert fact == wanted or name == wanted or name.startswith(f"{wanted} ")


def unread(structure: bytes) -> list[bytes]:
    return [b"1 FETCH (UID 7 BODYSTRUCTURE " + structure + b")"]


# Read anew from each quote, one of 256 KB takes a quarter of an hour.
@pytest.mark.parametrize("string", [b'\\"' * 130_000, b'("' + b'\\"' * 130_000, b'"' + b"\\" * 100_001 + b'" ('])
def test_a_string_that_never_closes_is_read_once(string: bytes) -> None:
    assert len(string) < LARGEST
    assert left_parts(unread(b"(" + string)) == ()


def test_a_structure_that_is_too_large_names_nothing() -> None:
    long = PDF.replace(b"a.pdf", b"a" * 250_000 + b".pdf")
    assert len(left_parts(unread(long))) == 1
    assert left_parts(unread(long + b" " * (LARGEST - len(long)))) == ()


def test_another_answer_names_nothing() -> None:
    assert left_parts([b"1 FETCH (UID 7 RFC822.SIZE 12)"]) == ()


@given(st.text(alphabet='() "\\ab1{}N', max_size=60).map(str.encode))
def test_no_answer_is_an_error(structure: bytes) -> None:
    assert isinstance(left_parts([b"1 FETCH (UID 7 BODYSTRUCTURE " + structure + b")"]), tuple)

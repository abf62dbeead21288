"""Reading FETCH responses."""

from datetime import UTC, datetime

import pytest

from mailcase.intake.imap.fetched import body_of, has_octets_there, header_and_text, mail_fact
from mailcase.intake.imap.grammar import fetched_uid
from mailcase.intake.imap.ports import MailFact

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        (b'1 FETCH (UID 7 RFC822.SIZE 99 INTERNALDATE "02-Jan-2026 12:00:00 +0000")', MailFact(7, 99, NOON)),
        (b'1 FETCH (INTERNALDATE "02-Jan-2026 13:00:00 +0100" UID 7)', MailFact(7, None, NOON)),
        (b"1 FETCH (FLAGS (\\Seen))", None),
        (b"1 FETCH (UID 7 FLAGS (\\Seen))", None),
    ],
)
def test_facts_are_read_and_other_sessions_flags_are_not(line: bytes, fact: MailFact | None) -> None:
    assert mail_fact([line]) == fact


@pytest.mark.parametrize(
    ("response", "uid", "raw"),
    [
        ([b"5 FETCH (UID 7 BODY[] {3}", b"abc", b")"], 7, b"abc"),
        ([b"5 FETCH (BODY[] {3}", b"abc", b" FLAGS (\\Seen) UID 7)"], 7, b"abc"),
        ([b'5 FETCH (UID 7 BODY[] "a\\"b")'], 7, b'a"b'),
        ([b"5 FETCH (UID 7 BODY[] NIL)"], 7, None),
        ([b"5 FETCH (UID 7 FLAGS ())"], 7, None),
        ([b"5 FETCH (BODY[] {8}", b" UID 99 ", b")"], None, b" UID 99 "),
    ],
)
def test_a_body_is_its_literal_and_its_uid_stands_outside_of_it(
    response: list[bytes], uid: int | None, raw: bytes | None
) -> None:
    assert (fetched_uid(response), body_of(response)) == (uid, raw)


@pytest.mark.parametrize(
    ("response", "raw"),
    [
        (
            [b"1 FETCH (UID 7 BODY[HEADER]<0> {8}", b"A: b\r\n\r\n", b" BODY[TEXT]<0> {2}", b"hi", b")"],
            b"A: b\r\n\r\nhi",
        ),
        ([b"1 FETCH (BODY[TEXT]<0> {2}", b"hi", b" BODY[HEADER] {4}", b"A: b", b" UID 7)"], b"A: b\r\n\r\nhi"),
        ([b"1 FETCH (UID 7 BODY[HEADER]<0> {8}", b"A: b\r\n\r\n", b' BODY[TEXT]<0> "hi")'], b"A: b\r\n\r\nhi"),
        ([b"1 FETCH (UID 7 FLAGS ())"], None),
    ],
)
def test_header_and_text_make_one_mail_in_any_order(response: list[bytes], raw: bytes | None) -> None:
    assert header_and_text(response) == raw


@pytest.mark.parametrize(
    ("response", "there"),
    [
        ([b"1 FETCH (UID 7 BODY[]<99> {1}", b"x", b")"], True),
        ([b'1 FETCH (BODY[]<99> "x" UID 7)'], True),
        ([b"1 FETCH (UID 7 BODY[]<99> {0}", b"", b")"], False),
        ([b'1 FETCH (UID 7 BODY[]<99> "")'], False),
        ([b"1 FETCH (UID 7 BODY[]<99> NIL)"], False),
        ([b"1 FETCH (UID 7 BODY[] {9}", b"the whole", b")"], False),  # who does not know of parts says all of it
        ([b"1 FETCH (UID 7 BODY[HEADER]<0> {1}", b"x", b")"], False),
    ],
)
def test_octets_behind_a_size_are_those_of_the_mail_and_not_empty(response: list[bytes], *, there: bool) -> None:
    assert has_octets_there(response) is there

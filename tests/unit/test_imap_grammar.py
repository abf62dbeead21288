"""The words of IMAP."""

import tracemalloc
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.imap.grammar import (
    encode_utf7,
    internal_date,
    number_of,
    quote,
    quote_folder,
    response_code,
    search_date,
    searched_numbers,
    uid_set,
    used_share,
)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", '"INBOX"'),
        ("My Box", '"My Box"'),
        ("Übergröße", '"&ANw-bergr&APYA3w-e"'),
        ("Entwürfe & mehr", '"Entw&APw-rfe &- mehr"'),
        ("台北/日本語", '"&U,BTFw-/&ZeVnLIqe-"'),
        ("~peter/mail/😀", '"~peter/mail/&2D3eAA-"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
    ],
)
def test_folder_names_are_modified_utf7_and_quoted(name: str, wire: str) -> None:
    assert quote_folder(name) == wire


@given(st.text(st.characters(codec="utf-8")))
def test_modified_utf7_is_printable_ascii_whatever_the_name(name: str) -> None:
    assert all(" " <= char <= "~" for char in encode_utf7(name))


@pytest.mark.parametrize("bad", ["a\r\nb", "a\nb", "a\0b", "\r"])
def test_an_argument_that_would_start_another_command_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="CR, LF and NUL"):
        quote(bad)


@pytest.mark.parametrize(
    ("uids", "wire"), [([7], "7"), ([3, 4, 5, 9], "3:5,9"), ([9, 1, 2, 2], "1:2,9"), ([1, 3, 5], "1,3,5")]
)
def test_uid_sets_are_written_short(uids: list[int], wire: str) -> None:
    assert uid_set(uids) == wire


@given(st.sets(st.integers(1, 2**32 - 1), min_size=1))
def test_a_uid_set_holds_exactly_its_uids(uids: set[int]) -> None:
    ranges = [part.partition(":") for part in uid_set(uids).split(",")]
    assert sum(int(high or low) - int(low) + 1 for low, _, high in ranges) == len(uids)
    assert all(int(low) in uids and int(high or low) in uids for low, _, high in ranges)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        (b'INTERNALDATE "02-Jan-2020 03:04:05 +0000"', datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (b'INTERNALDATE " 2-JAN-2020 03:04:05 +0530"', datetime(2020, 1, 1, 21, 34, 5, tzinfo=UTC)),
        (b'INTERNALDATE "31-Dec-2019 23:00:00 -0200"', datetime(2020, 1, 1, 1, tzinfo=UTC)),
        (b'INTERNALDATE "30-Feb-2020 03:04:05 +0000"', None),
        (b'INTERNALDATE "01-Jan-0001 00:00:00 +1400"', None),
        (b'INTERNALDATE "02-Foo-2020 03:04:05 +0000"', None),
        (b"INTERNALDATE NIL", None),
    ],
)
def test_internaldate_is_aware_utc_or_nothing(text: bytes, when: datetime | None) -> None:
    assert internal_date(b"1 FETCH (UID 3 " + text + b")") == when


@pytest.mark.parametrize(
    ("responses", "share"),
    [
        ([[b'QUOTAROOT INBOX "user"'], [b'QUOTA "user" (STORAGE 460 512)']], 0.898),
        ([[b"quota user (message 3 4 storage 1 2)"]], 0.75),
        ([[b'QUOTA "a (b" (STORAGE 9 10)'], [b"QUOTA {3}", b"(x)", b" (STORAGE 1 10)"]], 0.9),
        ([[b'QUOTA "" (STORAGE 900 500)']], 1.8),
        ([[b'QUOTA "" (MAILBOX 99 100 STORAGE 5 0)']], None),
        ([[b'QUOTA "" (STORAGE 5 100 X-ANNOTATION-STORAGE 95 100)']], 0.05),
        ([[b'QUOTA "" (ANNOTATION-STORAGE 95 100 MESSAGE 1 10)']], 0.1),
        ([[b'QUOTA "" ()'], [b'QUOTA "" (STORAGE x 5'], [b"QUOTAROOT INBOX"]], None),
        ([], None),
    ],
)
def test_the_fullest_of_what_is_limited_counts(responses: list[list[bytes]], share: float | None) -> None:
    assert used_share(responses) == share


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"[TRYCREATE] no such folder", ("TRYCREATE", b"")),
        (b"[uidvalidity 7] ok", ("UIDVALIDITY", b"7")),
        (b"Logged in", ("", b"")),
        (b"says [INUSE] later", ("", b"")),
        (b"", ("", b"")),
    ],
)
def test_a_response_code_stands_first(line: bytes, code: tuple[str, bytes]) -> None:
    assert response_code(line) == code


def test_search_answers_may_come_in_several_lines_and_any_order() -> None:
    assert searched_numbers([[b"SEARCH 9 3"], [b"4 EXISTS"], [b"search 5 3"], [b"SEARCH"]]) == [3, 5, 9]


def test_only_whole_numbers_of_a_search_answer_are_uids() -> None:
    assert searched_numbers([[b"SEARCH 9 a3 4b (MODSEQ 917)  12"]]) == [9, 12]


def test_a_search_answer_costs_little_more_than_its_uids() -> None:
    line = b"SEARCH " + b" ".join(b"%d" % uid for uid in range(1, 50_001))
    tracemalloc.start()
    try:
        uids = searched_numbers([[line]])
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert uids == list(range(1, 50_001))
    assert peak < 1.5 * kept


def test_a_number_is_found_by_its_whole_word() -> None:
    line = b"1 FETCH (UID 12 RFC822.SIZE 99)"
    assert (number_of(b"UID", line), number_of(b"RFC822.SIZE", line), number_of(b"ID", line)) == (12, 99, None)


def test_search_dates_are_english() -> None:
    assert search_date(date(2026, 3, 5)) == "5-Mar-2026"

"""What a server may number its mails with, and what it may not."""

import pytest

from mailcase.intake.imap.grammar import searched_numbers, valid_uids
from mailcase.intake.imap.numbering import NoNumbering, uidnext_of, uidvalidity_of

MOST = 2**32 - 1


@pytest.mark.parametrize("number", [1, MOST])
def test_a_number_of_32_bits_is_taken_and_the_last_one_counts(number: int) -> None:
    lines = [
        b"OK [UIDVALIDITY 9] first",
        b"3 EXISTS",
        b"OK [UIDVALIDITY %d] valid" % number,
        b"OK [UIDNEXT %d]" % number,
    ]
    assert (uidvalidity_of(lines, "h:143"), uidnext_of(lines)) == (number, number)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"OK [UIDVALIDITY 0] valid", "gives UIDVALIDITY 0, not 1 to 4294967295"),
        (b"OK [UIDVALIDITY -5] valid", "gives UIDVALIDITY -5, not"),
        (b"OK [UIDVALIDITY 4294967296] valid", "gives UIDVALIDITY 4294967296, not"),
        (b"OK [UIDVALIDITY 99999999999999999999] valid", "gives UIDVALIDITY 99999999999999999999, not"),
        (b"OK [UIDVALIDITY " + b"9" * 9000 + b"] valid", "gives UIDVALIDITY 9999"),
        (b"OK [UIDNEXT 4] next", "gives no UIDVALIDITY"),
    ],
)
def test_any_other_uidvalidity_is_refused_by_the_name_of_server_and_folder(said: bytes, told: str) -> None:
    with pytest.raises(NoNumbering, match=f"^h:143: folder INBOX: the server {told}"):
        uidvalidity_of([b"3 EXISTS", said], "h:143: folder INBOX")


@pytest.mark.parametrize("said", [b"0", b"-1", b"4294967296", b"9" * 9000])
def test_any_other_uidnext_is_as_if_none_was_told(said: bytes) -> None:
    assert uidnext_of([b"OK [UIDNEXT " + said + b"] next"]) is None


def test_numbers_of_a_list_that_can_be_no_uid_are_left_out() -> None:
    line = b"SEARCH 0 7 1 4294967295 4294967296 -1 abc 99999999999999999999 " + b"9" * 9000
    numbers = searched_numbers([[line]])
    assert valid_uids(numbers) == [1, 7, MOST]
    assert len(numbers) == 6
    assert valid_uids([]) == []

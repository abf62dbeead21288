"""The same mail is the same mail again, however it came (B2)."""

import pytest

from mailcase.intake.identity import LONGEST, identity
from mailcase.intake.parse import read

MAIL = b"From: Joe <joe@x.example>\r\nSubject: Re: Broken\r\n%sDate: %s\r\n\r\nIt is broken.\r\n"
MONDAY = b"Mon, 1 Jan 2024 10:00:00 +0100"
TUESDAY = b"Tue, 2 Jan 2024 10:00:00 +0100"
WITH_ID = b"Message-ID: <a@x.example>\r\n"


def test_an_identity_is_the_message_id_and_the_date() -> None:
    found = read(MAIL % (WITH_ID, MONDAY))
    assert found.identity == "m:<a@x.example>:2024-01-01T09:00:00+00:00"


def test_without_a_date_the_content_belongs_to_the_identity() -> None:
    one = read(b"Message-ID: <a@x>\n\none")
    two = read(b"Message-ID: <a@x>\n\ntwo")
    assert one.identity == f"m:<a@x>:c:{one.fingerprint}"
    assert one.identity != two.identity


def test_without_a_message_id_the_content_is_the_identity() -> None:
    found = read(MAIL % (b"", MONDAY))
    assert found.identity == f"c:{found.fingerprint}"


def test_another_way_through_the_net_changes_nothing() -> None:
    one = read(b"Received: by a.example; x\r\n" + MAIL % (b"", MONDAY))
    two = read(b"Received: by b.example; y\r\nDelivered-To: s@x.example\r\nX-Spam: no\r\n" + MAIL % (b"", MONDAY))
    assert one.sha256 != two.sha256
    assert (one.fingerprint, one.identity) == (two.fingerprint, two.identity)


def test_the_same_date_in_another_zone_is_the_same_date() -> None:
    one = read(MAIL % (WITH_ID, b"Mon, 1 Jan 2024 10:00:00 +0100"))
    two = read(MAIL % (WITH_ID, b"Mon, 01 Jan 2024 09:00:00 GMT"))
    assert one.identity == two.identity


def test_a_reused_message_id_with_another_date_is_another_mail() -> None:
    assert read(MAIL % (WITH_ID, MONDAY)).identity != read(MAIL % (WITH_ID, TUESDAY)).identity


def test_content_key_knows_no_date_and_no_prefix() -> None:
    one = read(MAIL % (b"", MONDAY))
    two = read((MAIL % (b"", TUESDAY)).replace(b"Re: Broken", b"AW: BROKEN"))
    assert one.content_key == two.content_key
    assert one.fingerprint != two.fingerprint


def test_the_fingerprint_knows_the_date() -> None:
    assert read(MAIL % (b"", MONDAY)).fingerprint != read(MAIL % (b"", TUESDAY)).fingerprint


@pytest.mark.parametrize(("headers", "told"), [(WITH_ID, False), (b"", True)])
def test_the_beginning_tells_a_mail_where_the_content_decides(headers: bytes, told: bool) -> None:
    long = MAIL % (headers, MONDAY) + b"again\r\n" * 20_000
    cut, other = read(long[:100_000]), read(long.replace(b"is broken", b"is mended"))
    whole = read(b"Received: by a.example; x\r\n" + long.replace(b"\r\n", b"\n"))
    assert (whole.beginning != "") is told
    assert whole.beginning == cut.beginning
    assert (whole.beginning != other.beginning) is told


@pytest.mark.parametrize("length", [10, 150, 199, 200, 5_000])
def test_an_identity_stays_short(length: int) -> None:
    assert len(identity("<" + "a" * length + "@x>", "2024-01-01T00:00:00+00:00", "f" * 64)) <= LONGEST

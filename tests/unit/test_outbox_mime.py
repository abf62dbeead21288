"""From row to bytes, and the last look before they leave (S3, S4, P5, F30)."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.errors import Permanent
from mailcase.outbox.guard import check
from mailcase.outbox.mime import Envelope, envelope
from mailcase.outbox.wire import wire_address
from mailcase.ports import OutboxMail
from tests.unit.test_outbox_limits import MAIL

EVERYTHING = st.text(st.characters(exclude_categories=()))
HEADERS = (
    ("In-Reply-To", "<a1@visitor.example>"),
    ("References", " ".join(f"<{number}{'a' * 90}@visitor.example>" for number in range(9))),
    ("Auto-Submitted", "auto-replied"),
    ("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN"),
    ("X-Helpdesk-Loop", "c1.maaaaaaaaaaaaa.bbbbbbbbbbbbbbbb"),
)
OURS = ["From", "To", "Subject", "Date", "Message-ID", *(name for name, _ in HEADERS), "MIME-Version", "Content-Type"]


def row(**over: Any) -> OutboxMail:
    plain = replace(MAIL, subject="Re: Printer [SR-1]", text="Hello\n", html="<p>Hello</p>\n", headers=HEADERS)
    return replace(plain, **over)


def sent(mail: OutboxMail) -> Envelope:
    """The envelope, looked at."""
    ready = envelope(mail, null_sender=True)
    check(mail, ready)
    return ready


def parsed(mail: OutboxMail) -> EmailMessage:
    return email.message_from_bytes(sent(mail).data, policy=email.policy.default)


def test_exactly_our_headers_leave_with_short_ascii_lines() -> None:
    mail = row(subject="Ümläut " * 20, from_name='Bücher, "Help" & Co', text="ä" * 3000 + "\n")
    ready = sent(mail)
    assert list(parsed(mail).keys()) == OURS
    assert ready.data.isascii()
    assert max(map(len, ready.data.split(b"\r\n"))) <= 130  # one long Message-ID stays whole
    assert parsed(mail)["From"].addresses[0].display_name == 'Bücher, "Help" & Co'
    assert parsed(mail)["Subject"] == ("Ümläut " * 20).strip()


def test_long_ids_are_folded_between_and_never_encoded() -> None:
    data = sent(row()).data.decode()
    assert data.replace("\r\n ", " ").partition("References: ")[2].partition("\r\n")[0] == dict(HEADERS)["References"]


def test_a_mail_without_html_is_plain_text() -> None:
    got = parsed(row(html=""))
    assert (got.get_content_type(), got.get_content().split()) == ("text/plain", ["Hello"])


def test_the_same_row_makes_the_same_bytes() -> None:
    assert sent(row()).data == sent(row()).data


def test_the_date_is_when_it_was_written() -> None:
    assert parsed(row())["Date"].datetime == MAIL.created_at


def test_the_null_sender_is_empty_and_the_other_is_the_mailbox() -> None:
    assert envelope(row(), null_sender=True).sender == ""
    assert envelope(row(), null_sender=False).sender == "support@helpdesk.example"


@pytest.mark.parametrize(
    ("address", "wire", "utf8"),
    [
        ("erin@visitor.example", "erin@visitor.example", False),
        ("Erin.O'Neil+x@Visitor.EXAMPLE", "Erin.O'Neil+x@visitor.example", False),
        ("erin@Bücher.example", "erin@xn--bcher-kva.example", False),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example", True),
        ("erin@host.local", "erin@host.local", False),
        ("erin@localhost", "erin@localhost", False),
    ],
)
def test_the_domain_goes_out_as_a_label(address: str, wire: str, utf8: bool) -> None:
    ready = sent(row(to=address))
    assert (ready.recipients, ready.utf8) == ((wire,), utf8)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "erin",
        "erin@",
        "@visitor.example",
        "a@b@c.example",
        "erin@visitor.example, mallory@evil.example",
        "erin@visitor.example>\r\nRCPT TO:<mallory@evil.example",
        "erin@visitor.example\nBcc: mallory@evil.example",
        "erin @visitor.example",
        "Erin <erin@visitor.example>",
        '"erin\r\n"@visitor.example',
        "alice@customer.example)<mallory@evil.example>",
        "erin@[127.0.0.1]",
        "x" * 65 + "@visitor.example",
        "erin@visitor.example\u202e",
    ],
)
def test_what_is_no_plain_address_is_never_written_to(address: str) -> None:
    with pytest.raises(Permanent):
        sent(row(to=address))
    with pytest.raises(Permanent):
        sent(row(cc=(address,)))


@given(EVERYTHING, EVERYTHING, st.booleans())
def test_no_subject_or_name_adds_a_header_or_a_recipient(subject: str, name: str, automatic: bool) -> None:
    mail = row(subject=subject, from_name=name, to_name=name, automatic=automatic)
    got = parsed(mail)
    assert list(got.keys()) == OURS
    assert [one.addr_spec for one in got["To"].addresses] == ["erin@visitor.example"]
    assert [one.addr_spec for one in got["From"].addresses] == ["support@helpdesk.example"]


@given(EVERYTHING)
def test_no_recipient_smuggles_in_another(address: str) -> None:
    try:
        ready = sent(row(to=address))
    except Permanent:
        return
    assert ready.recipients == (wire_address(address).text,)


@given(EVERYTHING)
def test_no_header_value_of_a_row_breaks_out_of_its_line(value: str) -> None:
    try:
        got = parsed(row(headers=(("In-Reply-To", value),)))
    except Permanent:
        return
    assert "Bcc" not in got
    assert len(got.keys()) == 8


def test_an_encoded_word_in_a_subject_is_text_and_not_decoded() -> None:
    subject = "=?utf-8?q?x=0D=0ABcc:_mallory@evil.example?="
    got = parsed(row(subject=subject))
    assert (got["Subject"], got["Bcc"]) == (subject, None)


def test_automatic_mail_names_its_recipient_by_the_address_alone() -> None:
    assert parsed(row(to_name="CHEAP PILLS"))["To"] == "erin@visitor.example"
    assert parsed(row(to_name="Erin", automatic=False))["To"] == "Erin <erin@visitor.example>"


def test_copies_go_to_the_rows_addresses_and_nobody_else() -> None:
    mail = row(cc=("frank@visitor.example", "gina@bücher.example"))
    ready = sent(mail)
    assert ready.recipients == ("erin@visitor.example", "frank@visitor.example", "gina@xn--bcher-kva.example")
    assert parsed(mail)["Cc"] == "frank@visitor.example, gina@xn--bcher-kva.example"


GOOD = envelope(row(), null_sender=True)


def with_data(before: bytes, after: bytes) -> Envelope:
    assert before in GOOD.data
    return replace(GOOD, data=GOOD.data.replace(before, after, 1))


@pytest.mark.parametrize(
    ("ready", "reason"),
    [
        (replace(GOOD, recipients=("mallory@evil.example",)), "intended recipients"),
        (replace(GOOD, recipients=(*GOOD.recipients, "mallory@evil.example")), "intended recipients"),
        (replace(GOOD, recipients=()), "intended recipients"),
        (replace(GOOD, sender="mallory@evil.example"), "neither null nor the mailbox"),
        (with_data(b"Subject:", b"Bcc: mallory@evil.example\r\nSubject:"), "'bcc' that is not ours"),
        (with_data(b"Subject:", b"To: mallory@evil.example\r\nSubject:"), "'to' stands twice"),
        (with_data(b"To: erin@", b"To: mallory@"), "To and Cc"),
        (with_data(b"To: erin@visitor.example", b"To: erin@visitor.example, m@evil.example"), "To and Cc"),
        (with_data(b"Subject:", b"Cc: mallory@evil.example\r\nSubject:"), "To and Cc"),
        (with_data(b"Date:", b"X-Date:"), "'x-date' that is not ours"),
        (with_data(b"Re: Printer", b"Re: Pri\x00nter"), "control character in 'subject'"),
        (with_data(b"Re: Printer", b"Re: Pri\nBcc: x@y.example"), "bare CR or LF"),
        (with_data(b"Re: Printer", "Re: Prüfung".encode()), "8-bit data"),
        (with_data(b"Re: Printer", b"x" * 999), "more than 998 octets"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_guard_stops_what_is_not_exactly_the_rows_mail(ready: Envelope, reason: str) -> None:
    with pytest.raises(Permanent, match=reason):
        check(row(), ready)


def test_the_guard_lets_the_rows_mail_pass() -> None:
    check(row(), GOOD)

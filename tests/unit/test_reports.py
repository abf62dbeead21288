"""Reports are read from the mail's own parts, never from a mail that it carries."""

import pytest

from mailcase.intake.parse import read
from mailcase.message import ReportRecipient


def report(kind: str, *parts: str) -> bytes:
    body = "".join(f"--x\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/report; report-type={kind}; boundary=x\r\n\r\n{body}--x--\r\n".encode()


TEXT = "Content-Type: text/plain\r\n\r\nIt did not arrive."
STATUS = (
    "Content-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n"
    "Final-Recipient: rfc822; Joe@Example.COM\r\nAction: Failed (really)\r\nStatus: 5.1.1 (no such user)\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n\r\n"
    "Original-Recipient: rfc822;ann@example.com\r\nAction: delayed\r\nStatus: 4.4.1"
)
CARRIED = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <sent@our.example>\r\nSubject: x\r\n\r\nhello"
HEADERS = "Content-Type: text/rfc822-headers\r\n\r\nMessage-Id: <sent@our.example>\r\nSubject: x"


def test_a_delivery_report_names_its_recipients() -> None:
    found = read(report("Delivery-Status", TEXT, STATUS, CARRIED)).report
    assert found is not None
    assert found.report_type == "delivery-status"
    assert found.part_types == ("message/delivery-status",)
    assert found.recipients == (
        ReportRecipient("joe@example.com", "failed", "5.1.1", "smtp; 550 5.1.1 no such user"),
        ReportRecipient("ann@example.com", "delayed", "4.4.1", ""),
    )


@pytest.mark.parametrize("carried", [CARRIED, HEADERS], ids=["message", "headers"])
def test_the_carried_id_is_found(carried: str) -> None:
    found = read(report("delivery-status", TEXT, STATUS, carried))
    assert found.carried_ids == ("<sent@our.example>",)
    assert found.text == "It did not arrive."


def test_a_global_report_in_base64_is_read() -> None:
    part = (
        "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "RmluYWwtUmVjaXBpZW50OiB1dGYtODsgasO2QHguZXhhbXBsZQpBY3Rpb246IGZhaWxlZAo="
    )
    found = read(report("delivery-status", TEXT, part)).report
    assert found is not None
    assert found.recipients == (ReportRecipient("jö@x.example", "failed", "", ""),)


def test_a_receipt_and_a_complaint_are_reports() -> None:
    receipt = (
        "Content-Type: message/disposition-notification\r\n\r\n"
        "Final-Recipient: rfc822; a@x.example\r\nDisposition: manual-action/x; displayed"
    )
    complaint = "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: a@x.example"
    one = read(report("disposition-notification", TEXT, receipt)).report
    two = read(report("feedback-report", TEXT, complaint)).report
    assert one is not None
    assert two is not None
    assert one.recipients == (ReportRecipient("a@x.example", "", "", "manual-action/x; displayed"),)
    assert two.recipients == (ReportRecipient("a@x.example", "", "", ""),)


def test_a_missing_report_type_is_no_hindrance() -> None:
    raw = report("delivery-status", TEXT, STATUS).replace(b"report-type=delivery-status; ", b"")
    found = read(raw).report
    assert found is not None
    assert found.report_type == ""
    assert len(found.recipients) == 2


def test_a_report_that_a_person_forwards_is_not_his() -> None:
    inner = report("delivery-status", TEXT, STATUS).decode()
    head = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nlook\r\n--o\r\n"
    outer = f"{head}Content-Type: message/rfc822\r\n\r\n{inner}--o--"
    assert read(outer.encode()).report is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Message-ID: <a@x>", ("<a@x>",)),
        ("> message-id:\n>  <a@x>", ("<a@x>",)),
        ("ordinary\n\n   MESSAGE-ID: <a@x>\nMessage-Id: <b@x>", ("<a@x>", "<b@x>")),
        ("the Message-ID: <a@x> in prose", ()),
        ("Message-ID: none", ()),
        ("no mark", ()),
    ],
)
def test_ids_that_old_bounces_quote_are_found(text: str, ids: tuple[str, ...]) -> None:
    assert read(b"Subject: failed\n\n" + text.encode()).carried_ids == ids


@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("Content-Type: text/calendar; method=reply\r\n\r\nBEGIN:VCALENDAR", "REPLY"),
        ("Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:Request\r\n", "REQUEST"),
        ("Content-Type: text/plain\r\n\r\nMETHOD:REPLY", ""),
    ],
)
def test_the_method_of_an_invitation_is_read(part: str, method: str) -> None:
    found = read(f"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{part}\r\n--x--".encode())
    assert found.calendar_method == method

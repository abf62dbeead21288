"""Mails of ours as bytes, in the form that real programs write them."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from zlib import crc32

DESK = "support@helpdesk.example"
_DATE: Final = datetime.now(UTC)  # of each: the same letter made twice is one mail, also a second later


def letter(
    number: int | str,
    *,
    sender: str = "",
    to: str = DESK,
    subject: str = "",
    body: str = "",
    date: datetime | None = None,
    message_id: str = "",
    **headers: str,
) -> bytes:
    """A plain mail of customer `number`; further headers with _ for -, an empty one is left out."""
    name = f"Customer {number}"
    lines = {
        "Return-Path": f"<{sender or f'c{number}@visitor.example'}>",
        "From": f"{name} <{sender or f'c{number}@visitor.example'}>",
        "To": to,
        "Subject": subject or f"Problem {number}",
        "Date": format_datetime(date or _DATE),
        "Message-ID": message_id or f"<m{number}@visitor.example>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items() if value)
    return (head + "\r\n" + (body or f"Hello, this is {number}.") + "\r\n").encode()


def bounce_of(
    message_id: str,
    recipient: str,
    *,
    to: str = DESK,
    status: str = "5.1.1",
    date: datetime | None = None,
    loop_header: str = "",
) -> bytes:
    """The delivery report (RFC 3464) of a server that could not deliver our mail."""
    marked = f"X-Helpdesk-Loop: {loop_header}\r\n" if loop_header else ""
    return (
        "Return-Path: <>\r\n"
        "From: Mail Delivery System <mailer-daemon@mx.visitor.example>\r\n"
        f"To: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        f"Date: {format_datetime(date or _DATE)}\r\n"
        f"Message-ID: <report-{crc32(message_id.encode())}@mx.visitor.example>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry to have to inform you that it failed.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.visitor.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nTo: {recipient}\r\n{marked}\r\n"
        "--b--\r\n"
    ).encode()

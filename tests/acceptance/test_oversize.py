"""A mail above [intake] max_size: headers and text are taken and decided, the rest is named and stays (I10, B1)."""

import base64

import pytest

from tests.servers.desk import OpenDesk

pytestmark = pytest.mark.dovecot

_FILE = base64.encodebytes(b"%PDF-1.7 \x00\x01\x02" * 25_000).replace(b"\n", b"\r\n")
LARGE = (
    b"From: Erin <erin@visitor.example>\r\nTo: support@helpdesk.example\r\nSubject: The plans\r\n"
    b"Message-ID: <large@visitor.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nHere are the plans :-( (\r\n"
    b"--x\r\nContent-Type: text/plain; name=small.txt\r\n\r\nsmall\r\n"
    b'--x\r\nContent-Type: application/pdf; name="a (\\"1\\").pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + _FILE
    + b"--x\r\nContent-Type: image/jpeg\r\n"
    b"Content-Disposition: attachment;\r\n filename*=utf-8''Gr%C3%BC%C3%9Fe.jpg\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + _FILE + b"--x--\r\n"
)


def test_an_oversize_mail_is_decided_by_its_beginning_and_the_rest_is_named(open_desk: OpenDesk) -> None:
    desk = open_desk(extra='max_size = "300KB"', after="delete")
    desk.once()
    desk.put(LARGE)
    desk.once()
    (found,) = desk.deliveries()
    assert (found["outcome"], found["case"], found["kind"]) == ("created", "SR-1", "person")
    assert [mail.recipients for mail in desk.sink.mails] == [("erin@visitor.example",)]
    assert desk.dovecot.mails("user") == [LARGE]
    shown = desk.json("message", "show", str(found["id"]))
    assert (shown["text"], shown["oversize"], shown["server_size"]) == ("Here are the plans :-( (", True, len(LARGE))
    files = [(one["part"], one["name"], one["taken"], one["reason"]) for one in shown["attachments"]]
    assert files == [
        ("2", "small.txt", True, ""),
        ("3", "a (_1_).pdf", False, "not_taken"),
        ("4", "Grüße.jpg", False, "not_taken"),
    ]
    assert all(abs(one["size"] - 300_000) < 9_000 for one in shown["attachments"][1:])
    refused = desk.call("message", "save", str(found["id"]), "--part", "4").stderr.decode()
    assert "max_size" in refused
    assert f"folder INBOX, UID {found['uid']}" in refused
    events = {one["event"]: one["data"] for one in desk.json("case", "show", "SR-1")["events"]}
    assert events["oversized"]["see"] == f"mailbox support, folder INBOX, UID {found['uid']}"
    again = desk.call("ingest", "-", "--mailbox", "support", stdin=LARGE)
    assert again.returncode == 0
    assert [one["outcome"] for one in desk.deliveries()] == ["created", "duplicate"]

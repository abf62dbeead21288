"""Files with an agent's reply, and one mail To a whole group, against a real SMTP server (L2)."""

import base64
import hashlib
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from mailcase.life.changes import StoredFile
from tests.servers.outbox_desk import Desk, settings
from tests.servers.smtp import SmtpSink

ERIN, BOSS = "erin@visitor.example", "boss@visitor.example"
GROUP = ("jane@helpdesk.example", "kim@helpdesk.example", "otto@helpdesk.example")
PDF, TEXT = b"%PDF-1.7\r\n\x00\xff" * 400, "Grüße\n".encode()


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


def stored(desk: Desk, name: str, kind: str, content: bytes) -> StoredFile:
    digest = hashlib.sha256(content).hexdigest()
    desk.outbox.contents[digest] = content
    return StoredFile(name, kind, len(content), digest)


def received(sink: SmtpSink, number: int = 0) -> EmailMessage:
    mail = BytesParser(policy=policy.default).parsebytes(sink.mails[number].data)
    assert isinstance(mail, EmailMessage)
    return mail


async def test_a_reply_carries_its_files_whole(desk: Desk, smtp_sink: SmtpSink) -> None:
    files = (
        stored(desk, "manual.pdf", "application/pdf", PDF),
        stored(desk, "../Grüße.txt", "text/plain", TEXT),
        stored(desk, "mail.eml", "message/rfc822", b"Subject: x\r\n\r\ny\r\n"),
        stored(desk, "odd", "no type", b"\x00"),
    )
    row = desk.add(ERIN, cc=(BOSS,), automatic=False, to_name="Erin Example", files=files, headers=())
    await desk.once()
    assert row.state == "sent"
    mail = received(smtp_sink)
    assert (mail["To"], mail["Cc"]) == ("Erin Example <erin@visitor.example>", BOSS)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Thank you, this is 1." in body.get_content()
    found = [(one.get_filename(), one.get_content_type()) for one in mail.iter_attachments()]
    assert found == [
        ("manual.pdf", "application/pdf"),
        (".._Grüße.txt", "text/plain"),
        ("mail.eml", "application/octet-stream"),
        ("odd", "application/octet-stream"),
    ]
    contents = [one.get_payload(decode=True) for one in mail.iter_attachments()]
    assert contents == [desk.outbox.contents[one.sha256] for one in files]


async def test_the_same_mail_is_the_same_at_each_attempt(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add(ERIN, automatic=False, files=(stored(desk, "manual.pdf", "application/pdf", PDF),))
    await desk.once()
    row.state = "pending"
    await desk.once()
    assert smtp_sink.mails[0].data == smtp_sink.mails[1].data


async def test_a_file_of_an_agents_mail_is_taken_out_of_it(desk: Desk, smtp_sink: SmtpSink) -> None:
    """His mail itself, with the notice that he quotes, does not leave."""
    raw = (
        b"From: jane@helpdesk.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nSee the manual.\r\n> the case is yours\r\n--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PDF) + b"\r\n--b--\r\n"
    )
    file = replace(stored(desk, "manual.pdf", "application/pdf", raw), size=len(PDF), part="2")
    row = desk.add(ERIN, automatic=False, files=(file,))
    await desk.once()
    assert row.state == "sent"
    (sent,) = received(smtp_sink).iter_attachments()
    assert (sent.get_filename(), sent.get_payload(decode=True)) == ("manual.pdf", PDF)
    assert b"the case is yours" not in smtp_sink.mails[0].data


async def test_a_part_that_is_not_there_is_a_lost_file(desk: Desk, smtp_sink: SmtpSink) -> None:
    file = replace(stored(desk, "manual.pdf", "application/pdf", b"Subject: x\r\n\r\ny"), part="2")
    row = desk.add(ERIN, automatic=False, files=(file,))
    await desk.once()
    assert (smtp_sink.mails, row.state, row.reason) == ([], "failed", "file_unreadable")


async def test_what_lost_a_file_does_not_leave_without_it(desk: Desk, smtp_sink: SmtpSink) -> None:
    whole = stored(desk, "manual.pdf", "application/pdf", PDF)
    lost = StoredFile("photo.jpg", "image/jpeg", 3, "0" * 64)
    row = desk.add(ERIN, automatic=False, files=(whole, lost))
    await desk.once()
    assert smtp_sink.mails == []
    assert (row.state, row.reason) == ("failed", "file_unreadable")
    assert row.error.startswith("the file photo.jpg cannot be read: ")
    assert desk.words() == ["send_failed"]


async def test_a_group_stands_in_to(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add(GROUP[0], cc=GROUP[1:], audience="agent")
    await desk.once()
    assert row.state == "sent"
    mail = received(smtp_sink)
    assert (mail["To"], mail["Cc"]) == (", ".join(GROUP), None)
    assert smtp_sink.mails[0].recipients == GROUP
    assert smtp_sink.mails[0].sender == ""


@pytest.mark.parametrize(
    ("group", "reached"),
    [
        (("perm@helpdesk.example", *GROUP[1:]), GROUP[1:]),
        ((GROUP[0], "perm@helpdesk.example", GROUP[2]), (GROUP[0], GROUP[2])),
    ],
)
async def test_a_member_who_is_refused_costs_nobody_else_the_mail(
    desk: Desk, smtp_sink: SmtpSink, group: tuple[str, ...], reached: tuple[str, ...]
) -> None:
    row = desk.add(group[0], cc=group[1:], audience="agent")
    await desk.once()
    assert [mail.recipients for mail in smtp_sink.mails] == [reached]
    assert (row.state, "perm@helpdesk.example" in row.error) == ("sent", True)


async def test_a_group_of_whom_nobody_is_taken_gets_nothing(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("perm@helpdesk.example", cc=("perm@helpdesk2.example",), audience="agent")
    await desk.once()
    assert smtp_sink.mails == []
    assert (row.state, row.reason) == ("failed", "refused")

"""The demo's parts: the play adds up, its servers are real, and a wrong outcome is named."""

import asyncio
import email
import imaplib
import smtplib
import sys
import zlib
from dataclasses import replace
from email.policy import default

import pytest

from mailcase.demo.customers import ACTS, CLOSED, RESOLVED
from mailcase.demo.mails import HELP, HILFE, Answer, Person, bounce, pdf, png, receipt
from mailcase.demo.play import Played, Result, raw_of, wrong
from mailcase.demo.sample import Sample, same
from mailcase.demo.servers import HOST, Sent, post_office
from mailcase.demo.show import show
from mailcase.demo.stage import DemoFailed
from mailcase.errors import ConfigError

SAMPLES = [sample for act in ACTS for sample in act]
ANSWER = Answer("SR-7", "<c7.m@harbor.example>", "Re: Lost key [SR-7]", b"")


def test_the_play_is_as_large_as_promised() -> None:
    assert len(SAMPLES) >= 28
    assert {"created", "linked", "reopened", "followed", "noted", "ignored", "duplicate"} == {
        s.outcome for s in SAMPLES
    }
    assert len({sample.key for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("number", range(len(ACTS)))
def test_a_sample_joins_only_what_came_before(number: int) -> None:
    earlier = {sample.key for act in ACTS[: number + 1] for sample in act}
    assert {sample.joins for sample in ACTS[number] if sample.joins} <= earlier


def test_what_is_answered_by_customers_was_acknowledged_before() -> None:
    acknowledged = {sample.key for sample in ACTS[0] if sample.acknowledged}
    answers = dict.fromkeys(acknowledged, ANSWER)
    assert {RESOLVED, CLOSED} <= acknowledged
    for sample in SAMPLES:
        assert sample.write(answers) or sample.key == "own"  # that one is the acknowledgement itself


def test_reports_are_what_servers_write() -> None:
    for raw, kind in (
        (bounce(ANSWER, "o@oak.example"), "delivery-status"),
        (receipt(Person("O", "o@oak.example"), ANSWER), "disposition-notification"),
    ):
        parsed = email.message_from_bytes(raw, policy=default)
        assert parsed.get_content_type() == "multipart/report"
        assert parsed.get_param("report-type") == kind
        assert f"message/{kind}" in [part.get_content_type() for part in parsed.walk()]
        assert not parsed.defects


def test_the_attachments_are_real_files() -> None:
    picture = png()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    body = picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8]
    assert len(zlib.decompress(body)) == 16 * (1 + 16 * 3)
    document = pdf()
    start = int(document.split(b"startxref\n")[1].split(b"\n")[0])
    assert document[start:].startswith(b"xref\n")


async def test_the_servers_speak_imap_and_smtp() -> None:
    raw = b"Subject: hello\r\n\r\n\xff\x00 bytes stay bytes\r\n"

    def look(port: int, password: str) -> bytes:
        with imaplib.IMAP4(HOST, port, timeout=10) as client:
            client.login(HILFE, password)
            assert client.select("INBOX") == ("OK", [b"0"])
            client.logout()
        with imaplib.IMAP4(HOST, port, timeout=10) as client:
            client.login(HELP, password)
            client.select("INBOX")
            _, answer = client.uid("fetch", "1:*", "(BODY.PEEK[])")
            return bytes(answer[0][1])

    def send(port: int) -> None:
        with smtplib.SMTP(HOST, port, timeout=10) as client:
            client.sendmail("", ["erin@visitor.example"], raw.replace(b"\xff\x00", b""))

    async with post_office((HELP, HILFE), "secret") as post:
        await post.deliver(HELP, raw)
        assert await asyncio.to_thread(look, post.imap_port, "secret") == raw
        await asyncio.to_thread(send, post.smtp_port)
        assert [(one.sender, one.recipients) for one in post.sent] == [("", ("erin@visitor.example",))]
        assert "secret" not in repr(post)


async def test_without_its_packages_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymap.imap", None)
    with pytest.raises(ConfigError, match=r"pip install 'mailcase\[demo\]'"):
        async with post_office((HELP,), "secret"):
            pass


def result() -> Result:
    """Two mails that became what they must."""
    first = Sample("erin", "new", same(b""), "created", acknowledged=True)
    second = Sample("erin 2", "answer", same(b""), "linked", by="token", joins="erin")
    row = {
        "from": "e@x.example",
        "subject": "Hi",
        "outcome": "created",
        "reason": "new_case",
        "linked_by": "",
        "case": "SR-1",
        "sender_unverified": False,
        "kind": "person",
    }
    mail = {"message_id": "<a@h.example>", "state": "sent", "subject": "Re: Hi"}
    played = {
        "erin": Played(first, row, mail),
        "erin 2": Played(second, {**row, "outcome": "linked", "linked_by": "token"}, None),
    }
    sent = [Sent("", ("e@x.example",), b"Message-ID: <a@h.example>\r\n\r\nThank you")]
    return Result(played=played, outbox=[mail], sent=sent, thread="SR-1 thread")


def test_what_came_out_right_is_shown() -> None:
    assert list(wrong(result())) == []
    shown = "\n".join(show(result()))
    for part in (
        "SR-1 thread",
        "Message-ID: <a@h.example>",
        "2 mails: 1 created, 1 linked. 1 cases, 1 acknowledgements",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("key", "change", "complaint"),
    [
        ("erin", {"outcome": "ignored"}, "erin (new): outcome is 'ignored', must be 'created'"),
        ("erin 2", {"linked_by": "subject"}, "erin 2 (answer): decided by is 'subject', must be 'token'"),
        ("erin 2", {"case": "SR-2"}, "erin 2 (answer): case is 'SR-2', must be 'SR-1'"),
    ],
)
def test_a_wrong_outcome_is_named(key: str, change: dict[str, str], complaint: str) -> None:
    came = result()
    came.played[key] = replace(came.played[key], row={**came.played[key].row, **change})
    assert complaint in list(wrong(came))


def test_a_missing_or_second_acknowledgement_is_named() -> None:
    came = result()
    came.sent.append(came.sent[0])
    assert "2 mails left by SMTP, 1 must have" in list(wrong(came))
    came.played["erin"] = replace(came.played["erin"], mail=None)
    assert "erin (new): acknowledged is False, must be True" in list(wrong(came))
    with pytest.raises(DemoFailed, match="never got it"):
        raw_of({"message_id": "<other@h.example>"}, came.sent)

"""Who wrote the mail that is forwarded: by mail program and language, and what is no forwarding."""

import pytest

from mailcase.intake.forwarded import WRITTEN_BY
from mailcase.intake.parse import read
from mailcase.intake.quotation_words import LABELS

GMAIL = """See below, please.

---------- Forwarded message ---------
From: Erin Example <erin@visitor.example>
Date: Tue, 3 Nov 2026 at 09:15
Subject: Printer on floor 3 jams
To: <anna@helpdesk.example>

Good morning
"""
APPLE = """
Begin forwarded message:

> From: Erin Example <erin@visitor.example>
> Subject: Printer
> Date: 3 November 2026 at 09:15:00 CET
> To: anna@helpdesk.example
>
> Good morning
"""
OUTLOOK = """Kannst du das anlegen?

Von: Erin Example [mailto:erin@visitor.example]
Gesendet: Dienstag, 3. November 2026 09:15
An: Anna Agent
Betreff: Drucker

Guten Morgen
"""
BOLD = """
*From:* Erin Example <erin@visitor.example<mailto:erin@visitor.example>>
*Sent:* Tuesday
*To:* Anna
*Subject:* Printer
"""
FRENCH = """
-------- Message transféré --------
Sujet : Imprimante
Date : mardi
De : Erin Example <erin@visitor.example>
Pour : anna@helpdesk.example
"""
WITHOUT = "From: the desk of Erin\nTo: whom it may concern\nSubject: x\n"
TWO_LINES = "From: erin@visitor.example\nTo: you\n\nHello\n"
CARRIED = (
    "From: anna@helpdesk.example\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\n\nSee.\n--b\nContent-Type: message/rfc822\n\n"
    "From: =?utf-8?q?=C3=89rin?= <erin@visitor.example>\nTo: anna@helpdesk.example\nSubject: Printer\n\nHi\n--b--\n"
)


def plain(subject: str, text: str) -> bytes:
    return (
        f"From: anna@helpdesk.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}"
    ).encode()


@pytest.mark.parametrize("text", [GMAIL, APPLE, OUTLOOK, BOLD, FRENCH], ids=str.split)
@pytest.mark.parametrize("prefix", ["Fwd", "WG", "TR"])
def test_the_writer_stands_in_the_header_lines(text: str, prefix: str) -> None:
    found = read(plain(f"{prefix}: Printer", text)).forwarded[0]
    assert found.key == "erin@visitor.example"
    assert found.name in ("Erin Example", "")


def test_a_forward_of_a_forward_names_both_the_outermost_first() -> None:
    text = f"See.\n\n{OUTLOOK.replace('erin', 'kim')}\n\n{GMAIL}"
    assert [one.local for one in read(plain("Fwd: Printer", text)).forwarded] == ["kim", "erin"]


@pytest.mark.parametrize("subject", ["Fwd: Printer", "Printer"])
def test_a_carried_mail_is_forwarded_whatever_the_subject_says(subject: str) -> None:
    found = read(CARRIED.format(subject=subject).encode()).forwarded[0]
    assert (found.key, found.name) == ("erin@visitor.example", "Érin")


@pytest.mark.parametrize(
    ("subject", "text"),
    [("Printer", GMAIL), ("Re: Printer", OUTLOOK), ("Fwd: x", WITHOUT), ("Fwd: x", TWO_LINES), ("Fwd: x", "Look!")],
)
def test_what_forwards_nothing_has_no_writer(subject: str, text: str) -> None:
    assert read(plain(subject, text)).forwarded == ()


def test_a_report_carries_mail_and_forwards_none() -> None:
    raw = CARRIED.format(subject="Undelivered").replace("multipart/mixed", "multipart/report")
    assert read(raw.encode()).forwarded == ()


def test_who_writes_is_a_label_as_the_others() -> None:
    assert WRITTEN_BY <= LABELS

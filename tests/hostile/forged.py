"""Mails that pretend: to belong to a case, to be verified, to be ours, to be a report on our mail (F36).

No case exists in the world where they are tried, or one that is not the sender's (SR-1, of the first good mail).
The decisions on each combination stand in fixtures/golden (109, 149-164, 233, 279-292 and so on).
"""

from typing import Final

from tests.hostile.of import Hostile, mail, multipart, part

_STRANGER: Final = {"From": b"Mallory <mallory@elsewhere.example>", "Return_Path": b"<mallory@elsewhere.example>"}
_TOKEN: Final = b"<c1.maaaaaaaaaaaaa.bbbbbbbbbbbbbbbb@mid.helpdesk.example>"
_FAILED: Final = b"mx.helpdesk.example; dmarc=fail header.from=visitor.example"
_REPORT: Final = (
    b"Reporting-MTA: dns; mx.x\r\n\r\nFinal-Recipient: rfc822; erin@visitor.example\r\nAction: failed\r\nStatus: 5.1.1"
)


def _dsn(name: str, cited: bytes) -> bytes:
    parts = part(b"failed"), part(_REPORT, b"message/delivery-status"), part(cited, b"text/rfc822-headers")
    return multipart(name, *parts, kind=b"report; report-type=delivery-status", Return_Path=b"<>")


FORGED: Final = (
    Hostile("a number in the subject", lambda: mail("number", Subject=b"[SR-999]", **_STRANGER)),
    Hostile("a number out of all measure", lambda: mail("huge", Subject=b"[SR-%s]" % (b"9" * 40), **_STRANGER)),
    Hostile("a negative number", lambda: mail("negative", Subject=b"[SR--1] SR-0 SR-00", **_STRANGER)),
    Hostile("a forged token", lambda: mail("token", In_Reply_To=_TOKEN, References=_TOKEN, **_STRANGER)),
    Hostile(
        "a forged sub-address", lambda: mail("sub", To=b"support+SR-1.aaaaaaaaaaaaaaaa@helpdesk.example", **_STRANGER)
    ),
    Hostile(
        "a forged loop header", lambda: mail("loop", X_Helpdesk_Loop=b"c1.maaaaaaaaaaaaa.bbbbbbbbbbbbbbbb", **_STRANGER)
    ),
    Hostile("a forged body mark", lambda: mail("mark", b"[ref:c1.maaaaaaaaaaaaa.bbbbbbbbbbbbbbbb]\r\n", **_STRANGER)),
    Hostile("our own address without our mark", lambda: mail("ours", From=b"support@helpdesk.example"), answered=False),
    Hostile("a participant whose DMARC failed", lambda: mail("spoof", Authentication_Results=_FAILED), answered=False),
    Hostile(
        "results of nobody", lambda: mail("none", Authentication_Results=b"; dmarc=pass header.from=visitor.example")
    ),
    Hostile(
        "results twice",
        lambda: mail(
            "both", b"x", b"Authentication-Results: mx.helpdesk.example; dmarc=pass", Authentication_Results=_FAILED
        ),
        answered=False,
    ),
    Hostile(
        "two senders", lambda: mail("two", From=b"erin@visitor.example, mallory@elsewhere.example"), answered=False
    ),
    Hostile("two From headers", lambda: mail("twice", b"x", b"From: mallory@elsewhere.example")),
    Hostile("a sender in the name", lambda: mail("named", From=b'"erin@visitor.example" <mallory@elsewhere.example>')),
    Hostile(
        "a sender behind a bracket", lambda: mail("bracket", From=b"erin@visitor.example)<mallory@elsewhere.example>")
    ),
    Hostile(
        "a report on mail we never sent",
        lambda: _dsn("dsn", b"Message-ID: <never@helpdesk.example>"),
        outcome="ignored",
        answered=False,
    ),
    Hostile(
        "a report with a forged token",
        lambda: _dsn("forged dsn", b"Message-ID: " + _TOKEN),
        outcome="ignored",
        answered=False,
    ),
    Hostile("a report that names nobody", lambda: _dsn("empty dsn", b""), outcome="ignored", answered=False),
    Hostile(
        "a complaint",
        lambda: multipart(
            "arf",
            part(b"x"),
            part(b"Feedback-Type: abuse\r\nOriginal-Rcpt-To: erin@visitor.example", b"message/feedback-report"),
            kind=b"report; report-type=feedback-report",
        ),
        outcome="ignored",
        answered=False,
    ),
)

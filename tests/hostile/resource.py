"""Mails that cost time and memory: parts, depth, headers, lines (F22); and everything large (F21)."""

from base64 import b64encode
from collections.abc import Callable
from typing import Final

from tests.hostile.of import Hostile, mail, multipart, part

MB: Final = 1_048_576
_SMALL: Final = part(b"x")


def _deep() -> bytes:
    inner = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(400)
    )
    return mail("depth 400", inner + _SMALL, Content_Type=b'multipart/mixed; boundary="z"')[:-1].replace(
        b"\r\n\r\n", b"\r\n\r\n--z\r\n", 1
    )


def _messages(count: int) -> bytes:
    return mail("rfc822", b"Content-Type: message/rfc822\r\n\r\n" * count, Content_Type=b"message/rfc822")


def _forwards(count: int) -> bytes:
    """A mail in a mail in a mail, each with a header of its own."""
    one = b"From: a@b.example\r\nSubject: Fwd\r\nMessage-ID: <%d@b.example>\r\nContent-Type: message/rfc822\r\n\r\n"
    return mail("forwards", b"".join(one % number for number in range(count)), Content_Type=b"message/rfc822")


def _report(count: int) -> bytes:
    block = b"Final-Recipient: rfc822; c%d@visitor.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    blocks = b"Reporting-MTA: dns; mx.visitor.example\r\n\r\n" + b"".join(block % at for at in range(count))
    kind = b"report; report-type=delivery-status"
    return multipart("report", part(b"failed"), part(blocks, b"message/delivery-status"), kind=kind, Return_Path=b"<>")


def _html(name: str, markup: bytes) -> Hostile:
    return Hostile(name, lambda: mail(name, markup, Content_Type=b"text/html; charset=utf-8"))


RESOURCE: Final = (
    Hostile("5,000 parts", lambda: multipart("parts", *[_SMALL] * 5_000)),
    Hostile(
        "5,000 attachments of one name", lambda: multipart("same", *[part(b"x", b"image/png; name=a.png")] * 5_000)
    ),
    Hostile(
        "100,000 empty parts",
        lambda: mail("empty", b"--edge\r\n" * 100_000, Content_Type=b"multipart/mixed; boundary=edge"),
    ),
    Hostile("300,000 lines that look like edges", lambda: multipart("lines", part(b"--\r\n--edg\r\n" * 150_000))),
    Hostile("depth 400", _deep),
    Hostile("rfc822 × 300", lambda: _messages(300)),
    Hostile("forwarded 300 times", lambda: _forwards(300)),
    Hostile("20,000 headers", lambda: mail("headers", b"x\r\n", *(b"X-%d: v" % at for at in range(20_000)))),
    Hostile(
        "20,000 Received",
        lambda: mail("hops", b"x\r\n", *[b"Received: from a by b; Tue, 03 Nov 2026 10:10:00"] * 20_000),
        answered=False,
    ),
    Hostile("a header of 1 MB", lambda: mail("subject", Subject=b"a" * MB)),
    Hostile("a folded header of 1 MB", lambda: mail("folded", b"x\r\n", b"X-Long: a" + b"\r\n b" * (MB // 4))),
    Hostile("a line of 2 MB", lambda: mail("line", b"x" * 2 * MB)),
    Hostile(
        "50,000 recipients",
        lambda: mail(
            "to", To=b"support@helpdesk.example, " + b", ".join(b"c%d@x.example" % at for at in range(50_000))
        ),
    ),
    Hostile(
        "20,000 references", lambda: mail("refs", References=b" ".join(b"<%d@x.example>" % at for at in range(20_000)))
    ),
    Hostile(
        "50,000 quoted ids",
        lambda: mail("quoted", b"".join(b"> Message-ID: <%d@x.example>\r\n" % at for at in range(50_000))),
    ),
    Hostile("50,000 encoded words", lambda: mail("words", Subject=b"=?utf-8?q?a?= " * 50_000)),
    Hostile(
        "5,000 parameters",
        lambda: mail("params", Content_Type=b"text/plain; " + b"; ".join(b"n*%d*=%%41" % at for at in range(5_000))),
    ),
    Hostile("a report of 20,000 recipients", lambda: _report(20_000), outcome="ignored", answered=False),
    Hostile(
        "1 MB of soft line breaks",
        lambda: mail("soft", b"=\r\n" * (MB // 3), b"Content-Transfer-Encoding: quoted-printable"),
    ),
    Hostile("1 MB of broken base64", lambda: mail("base64", b"A=" * (MB // 2), b"Content-Transfer-Encoding: base64")),
    Hostile(
        "1 MB flowed",
        lambda: mail("flowed", b"a \r\n" * (MB // 4), Content_Type=b"text/plain; format=flowed; delsp=yes"),
    ),
    Hostile("1 MB of utf-7", lambda: mail("utf-7", b"+AGE-" * (MB // 5), Content_Type=b"text/plain; charset=utf-7")),
    Hostile(
        "1 MB of quotation",
        lambda: mail("quotation", b"> > > a\r\n" * (MB // 9), Subject=b"Re: x", In_Reply_To=b"<x@x>"),
    ),
    Hostile(
        "1 MB that pretends to be winmail.dat",
        lambda: multipart(
            "tnef",
            part(
                b64encode(b"\x78\x9f\x3e\x22" + b"\x01\x02\x80\x06\x00\xff\xff" * 90_000),
                b"application/ms-tnef; name=winmail.dat",
                b"Content-Transfer-Encoding: base64",
            ),
        ),
    ),
    Hostile("1 MB of calendar", lambda: multipart("calendar", part(b"METHOD:\r\n" * (MB // 9), b"text/calendar"))),
    _html("5,000 elements deep", b"<div>" * 5_000 + b"x"),
    _html("an element of 50,000 attributes", b"<a " + b" ".join(b"a%d=1" % at for at in range(50_000)) + b">x</a>"),
    _html("150,000 table cells", b"<table>" + b"<td>x" * 150_000),
    _html("150,000 entities", b"&amp;" * 150_000),
    _html("200,000 open brackets", b"<" * 200_000),
    _html("100,000 comments", b"<!--" * 100_000),
)


def _big(name: str, make: Callable[[], bytes]) -> Hostile:
    return Hostile(f"50 MB: {name}", make)


def _attachment(size: int) -> bytes:
    data = b64encode(bytes(range(256)) * (size // 344))
    lines = b"\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    return part(lines, b"application/pdf; name=scan.pdf", b"Content-Transfer-Encoding: base64")


BIG: Final = (
    _big("plain text", lambda: mail("text", b"Good morning, all is well.\r\n" * (50 * MB // 28))),
    _big("one line", lambda: mail("one line", b"x" * 50 * MB)),
    _big("HTML", lambda: mail("html", b"<p>Good morning</p>\r\n" * (50 * MB // 21), Content_Type=b"text/html")),
    _big("an attachment", lambda: multipart("file", part(b"See scan."), _attachment(50 * MB))),
    _big("fifty attachments", lambda: multipart("files", part(b"See scans."), *[_attachment(MB)] * 50)),
    _big(
        "base64 in one line", lambda: mail("b64", b64encode(b"\xe4" * (37 * MB)), b"Content-Transfer-Encoding: base64")
    ),
    _big(
        "quoted-printable",
        lambda: mail("qp", b"=E4=F6=FC=\r\n" * (50 * MB // 12), b"Content-Transfer-Encoding: quoted-printable"),
    ),
    _big(
        "guessed charset",
        lambda: mail("8bit", b"Gr\xfc\xdfe \r\n" * (50 * MB // 8), Content_Type=b"text/plain; charset=unknown"),
    ),
    _big("headers", lambda: mail("headers", b"x", *[b"X-Long: " + b"v" * 900] * (50 * MB // 910))),
    _big("one header", lambda: mail("header", Subject=b"a" * 50 * MB)),
    _big("no header at all", lambda: b"\r\n" + b"x\r\n" * (50 * MB // 3)),
    _big("edges", lambda: multipart("edges", *[b"\r\n"] * (50 * MB // 10))),
    _big("lines that look like edges", lambda: multipart("dashes", part(b"--\r\n" * (50 * MB // 4)))),
    _big(
        "a carried mail",
        lambda: mail("carried", mail("inner", b"x\r\n" * (50 * MB // 3)), Content_Type=b"message/rfc822"),
    ),
    _big("NUL", lambda: mail("nul", b"\x00" * 50 * MB)),
    _big(
        "a winmail.dat",
        lambda: multipart(
            "winmail",
            part(
                b64encode(b"\x78\x9f\x3e\x22" + b"\x00" * 37 * MB),
                b"application/ms-tnef; name=winmail.dat",
                b"Content-Transfer-Encoding: base64",
            ),
        ),
    ),
)

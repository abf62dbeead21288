"""NUL, lone surrogates and marks of writing direction in each text field (F38)."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.hostile.of import Hostile, mail, multipart, part

_FUZZ: Final = Path(__file__).parents[2] / "fixtures" / "fuzz"

#: How each is written: as it is, and in encoded words of charsets that can spell it.
_DIRT: Final = {
    "NUL": (b"a\x00b", b"=?utf-8?q?a=00b?=", b"=?utf-16?b?AGEAAABi?=", b"=?utf-7?q?a+AAA-b?="),
    "a lone surrogate": (
        b"a\xed\xa0\x80b",
        b"=?utf-8?q?a=ED=A0=80b?=",
        b"=?utf-7?q?a+2AA-b?=",
        b"=?utf-16be?b?AGHYAABi?=",
    ),
    "bidi": (b"a\xe2\x80\xaeb", b"=?utf-8?q?a=E2=80=AEb?=", b"=?utf-8?q?=E2=81=A7a?=", b"\xd8\x9ca"),
    "escape": (b"a\x1b]0;x\x07b", b"=?utf-8?q?a=1B[2Jb?=", b"=?iso-8859-1?q?a=9B31mb?=", b"a\xc2\x9b31mb"),
}
_AT: Final[tuple[tuple[str, bytes], ...]] = (
    ("From", b"%s <erin@visitor.example>"),
    ("From", b'"%s" <erin@visitor.example>'),
    ("Subject", b"%s"),
    ("To", b"support@helpdesk.example, %s <a@b.example>"),
    ("Cc", b"%s@b.example"),
    ("Reply_To", b"%s <c@b.example>"),
    ("Sender", b"%s <s@visitor.example>"),
    ("Message_ID", b"<%s@visitor.example>"),
    ("In_Reply_To", b"<%s@visitor.example>"),
    ("References", b"<a@b> <%s@c>"),
    ("Date", b"Tue, 03 Nov 2026 %s"),
    ("Return_Path", b"<%s@visitor.example>"),
    ("List_Id", b"%s <x.list.example>"),
    ("X_Anything", b"%s"),
    ("Delivered_To", b"%s@helpdesk.example"),
    ("Importance", b"%s"),
    ("Authentication_Results", b"mx.helpdesk.example; dmarc=pass header.from=%s"),
    ("Received", b"from %s by x; Tue, 03 Nov 2026 10:00:00 +0100"),
    ("X_Failed_Recipients", b"%s@b.example"),
    ("Content_Type", b'text/plain; charset="%s"'),
    ("Auto_Submitted", b"no; %s"),
    ("X_Priority", b"%s"),
)


def _fields(dirt: bytes) -> Callable[[], bytes]:
    """A mail that has it in every field at once; those that stand once have it there."""
    over: dict[str, bytes] = {}
    for name, form in _AT:
        over[name] = form.replace(b"%s", dirt)
    return lambda: mail("dirty", b"Hello " + dirt + b"\r\nMessage-ID: <" + dirt + b"@quoted.example>\r\n", **over)


def _one(name: str, form: bytes, dirt: bytes) -> Callable[[], bytes]:
    return lambda: mail(f"one {dirt.hex()} {form.hex()[:40]} {name}", **{name: form.replace(b"%s", dirt)})


def _parts(dirt: bytes) -> Callable[[], bytes]:
    block = b"Final-Recipient: rfc822; %s@b.example\r\nAction: %s\r\nDiagnostic-Code: smtp; %s\r\n"
    report = b"Reporting-MTA: dns; %s\r\n\r\n" + block
    pieces = (
        part(b"Hello %s", b'text/plain; charset="%s"'),
        part(b"<p title='%s'>%s &#0; &#xd800; &#x202e;</p>", b"text/html; charset=utf-8"),
        part(b"x", b'image/png; name="%s"', b"Content-ID: <%s>"),
        part(b"From: %s <a@b>\r\nSubject: %s\r\nMessage-ID: <%s@b>\r\n\r\nx", b"message/rfc822"),
        part(b"BEGIN:VCALENDAR\r\nMETHOD:%s\r\n", b'text/calendar; method="%s"'),
        part(report, b"message/delivery-status"),
        part(b"Message-ID: <%s@c>\r\n", b"text/rfc822-headers"),
    )
    return lambda: multipart(f"dirty parts {dirt.hex()}", *(one.replace(b"%s", dirt) for one in pieces))


def _made() -> list[Hostile]:
    found: list[Hostile] = []
    for word, forms in _DIRT.items():
        for at, dirt in enumerate(forms):
            found += [
                Hostile(f"{word} {at} in every field", _fields(dirt), outcome=""),
                Hostile(f"{word} {at} in every part", _parts(dirt), outcome=""),
            ]
        found += [
            Hostile(f"{word} in {name} {at}", _one(name, form, forms[0]), outcome="")
            for at, (name, form) in enumerate(_AT)
        ]
    return found


def _found() -> list[Hostile]:
    """What the fuzzer found (soak/fuzz.py): in words of ours, and as it shortened them."""
    boundary = b"multipart/mixed; boundary*=utf-7''+2AA-"
    quoted = b"> Message-ID: <a\x00b\x7fc\xc2\x80@visitor.example>\r\n"
    return [
        Hostile("a boundary that is a lone surrogate", lambda: mail("edge", b"--x\r\n", Content_Type=boundary)),
        Hostile("a NUL in a quoted id", lambda: mail("nul id", quoted)),
        *(Hostile(f"fuzz {file.stem}", file.read_bytes, outcome="") for file in sorted(_FUZZ.glob("*.eml"))),
    ]


UNCLEAN: Final = (*_made(), *_found())

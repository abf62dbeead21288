"""The same mail again, mail without identity, and mail that no standard knows."""

from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import SUPPORT, Truth

HOP = b"Received: from relay9.example by mx.desk.example; Fri, 20 Nov 2026 09:00:00 +0000\r\n"
RETURN = b"Return-Path: <"


def odd(book: Book) -> None:
    """All of them."""
    same_again(book)
    without_identity(book)
    malformed(book)


def same_again(book: Book) -> None:
    for number in range(3):
        book.new(f"twin{number}", "B2")
    book.again("twin0-hops", "twin0", ((RETURN, HOP * 4 + RETURN),))
    book.again("twin0-raw", "twin0")
    listed = book.letters["twin1"]
    line = f"From: {listed.who.name} <{listed.who.address}>".encode()
    rewritten = b"From: Somebody via List <list@lists5.example>\r\nList-Id: <l.lists5.example>"
    book.again("twin1-list", "twin1", ((line, rewritten), (b"The label", b"[a footer of the list]\r\nThe label")))
    book.again("twin2-footer", "twin2", ((b"The label", b"-- \r\nUnsubscribe here\r\nThe label"),))
    book.new("reuse-a", "B2")
    book.new("reuse-b", "B2", message_id=book.letters["reuse-a"].message_id)
    book.new("nodate-a", "B2", date=None)
    book.again("nodate-a-again", "nodate-a", ((RETURN, HOP + RETURN),))
    book.new("nodate-b", "B2", book.who("nodate-a"), date=None, message_id=book.letters["nodate-a"].message_id)


def without_identity(book: Book) -> None:
    for number in range(3):
        book.new(f"noid{number}", "B2", message_id="")
    book.again("noid0-hops", "noid0", ((RETURN, HOP + RETURN),))
    book.again("noid0-raw", "noid0")
    book.new("noid0-other", "B2", book.who("noid0"), message_id="", subject=book.letters["noid0"].subject)


def malformed(book: Book) -> None:
    for key, how in (
        ("bad-date", {"edit": ((b"Date: ", b"Date: yesterday, "),)}),
        ("date-zone", {"edit": ((b" +0000\r\nMessage-ID", b" +999999\r\nMessage-ID"),)}),
        ("date-year", {"edit": ((b" Nov 2026 ", b" Nov 99999 "),)}),
        ("charset", {"edit": ((b"charset=utf-8", b"charset=x-never-heard-of"),)}),
        ("charset-rot13", {"edit": ((b"charset=utf-8", b"charset=rot13"),)}),
        ("coding", {"edit": ((b"Encoding: 8bit", b"Encoding: x-nothing"),)}),
        ("nul", {"edit": ((b"The label", b"\x00\x00 The label"),)}),
        ("raw-subject", {"edit": ((b"Subject: ", "Subject: Größe ".encode("latin-1")),)}),
        ("no-colon", {"edit": ((b"MIME-Version", b"this is no header at all\r\nMIME-Version"),)}),
        ("boundary", {"content": ("multipart/mixed; boundary=never", b"no part at all")}),
        (
            "unclosed",
            {"content": ('multipart/mixed; boundary="b"', b"--b\r\nContent-Type: text/plain\r\n\r\nopen end")},
        ),
        ("empty", {"body": "", "subject": ""}),
        ("long-line", {"body": "word " * 8000}),
        ("bidi", {"subject": "The \u202eecar\u202c device {{ 7*7 }} ${x}"}),
        ("injection", {"subject": "=?utf-8?Q?Hi=0D=0ABcc:_victim=40else.example?="}),
        ("bad-id", {"message_id": "<no at sign and blanks>"}),
    ):
        book.new(f"bad-{key}", "P4", **how)
    for key, sender in (
        ("no-from", " "), ("two-from", "a1@two.example, b2@two.example"),
        ("group-from", "Team: a3@two.example, b3@two.example;"),
        ("from-parens", "(" * 50_000), ("from-only-name", "Erin Example"),
    ):  # fmt: skip
        book.new(f"bad-{key}", "K5", ack=False, sender=sender)
    spoof = Person("", "mallory@evil.example")  # never alice: CVE-2023-27043
    book.new("bad-spoof", "K5", spoof, sender="alice@customer.example)<mallory@evil.example>")
    dotless = Person("Dot", "dot..dot@double.example")
    book.new("bad-address", "K5", dotless, ack=False)
    raw = f"To: {SUPPORT}\nFrom: Lf Only <lf@only-lf.example>\nSubject: only line feeds\n"
    raw += "Date: Fri, 20 Nov 2026 08:00:00 +0000\nMessage-ID: <lf@only-lf.example>\n\nHello\n"
    book.raw("bad-lf", "P4", Truth(outcome="created", case="bad-lf", ack="lf@only-lf.example"), raw.encode())
    book.raw("bad-headless", "P4", Truth(outcome="created", case="bad-headless"), f"To: {SUPPORT}\r\n\r\n".encode())
    book.raw("bad-binary", "B4", Truth(outcome="ignored", reason="recipient_not_registered"), b"\xff\xfe\x00" * 400)

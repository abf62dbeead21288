"""Mail that no person wrote: lists, monitoring, out-of-office, reports on what nobody sent, blacklisted senders."""

from typing import Any

from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import SALES, SUPPORT, Truth
from tests.acceptance.three_hundred.writing import failure, file_part, parted, report, text_part

WHEN = "Fri, 20 Nov 2026 07:00:00 +0000"
BLACKLIST = """
spammer@junk.example
bad-domain.example
*.deep-junk.example
bücher-spam.example ; until=2999-01-31 ; a note
promo-robot@
*werbung*@
over@old-junk.example ; until=2020-01-31 ; was a mistake
!boss@bad-domain.example
"""


def machines(book: Book) -> None:
    """All of them."""
    notifications(book)
    lists(book)
    out_of_office(book)
    lone_reports(book)
    persons_who_look_automatic(book)
    blacklisted(book)
    forms(book)


def notifications(book: Book) -> None:
    for key, headers in (
        ("monitor", (("Auto-Submitted", "auto-generated"),)),
        ("notified", (("Auto-Submitted", "auto-notified; owner-email=ops@watch.example"),)),
        ("unknown", (("Auto-Submitted", "Robot (made by hand)"),)),
        ("null-path", (("Return-Path", "<>"),)),
    ):
        book.quiet(
            f"note-{key}", "3.1 row 6, 9", "notification", subject=f"[ALERT] disk of {key} full", headers=headers
        )
    ours = Person("Web form", SUPPORT)
    book.quiet("note-ours", "B3", "notification", ours, headers=(("Reply-To", "visitor@forms.example"),))
    daemon = Person("Mail Delivery System", "MAILER-DAEMON@mx.watch.example")
    book.quiet("note-daemon", "3.1 row 6", "notification", daemon, subject="Certificate report", body="All is well.")


def lists(book: Book) -> None:
    for key, kind, headers in (
        ("id", "list", (("List-Id", "Users <users.lists.example>"),)),
        ("post", "list", (("List-Post", "<mailto:users@lists.example>"), ("Precedence", "list"))),
        ("old", "list", (("Mailing-List", "contact users-help@lists.example"),)),
        ("bulk", "bulk", (("Precedence", "bulk"),)),
        ("junk", "bulk", (("X-Precedence", "junk"),)),
        ("unsubscribe", "bulk", (("List-Unsubscribe", "<https://shop.example/u>"),)),
        ("feedback", "bulk", (("Feedback-ID", "1:2:shop"),)),
    ):
        book.quiet(f"list-{key}", "3.1 rows 10, 11", kind, headers=headers)
    book.new("list-own", "B5", headers=(("List-Id", "Team <team.desk.example>"),))


def out_of_office(book: Book) -> None:
    calendar = ("text/calendar; method=REPLY; charset=utf-8", b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR")
    for key, how in (
        ("auto", {"headers": (("Auto-Submitted", "auto-replied"),)}),
        ("vacation", {"headers": (("Auto-Submitted", "auto-replied (vacation)"),)}),
        ("x-autoreply", {"headers": (("X-Autoreply", "yes"),)}),
        ("x-autorespond", {"headers": (("X-Autorespond", "Re: hello"),)}),
        ("subject-en", {"subject": "Automatic reply: Your question"}),
        ("subject-de", {"subject": "Automatische Antwort: Ihre Frage"}),
        ("subject-fr", {"subject": "Réponse automatique : Votre question"}),
        ("subject-office", {"subject": "Out of Office: back on Monday"}),
        ("calendar", {"content": calendar}),
        (
            "exchange",
            {"headers": (("X-MS-Exchange-Inbox-Rules-Loop", "a@b.example"), ("X-Auto-Response-Suppress", "All"))},
        ),
        ("null-path", {"headers": (("Return-Path", "<>"), ("Auto-Submitted", "auto-replied"))}),
    ):
        book.ignored(f"away-{key}", "B5/B6", "auto_reply", "auto_reply", **how)


def lone_reports(book: Book) -> None:
    """Reports on mail that is not ours: recorded, no case."""
    daemon = Person("Mail Delivery System", "mailer-daemon@mx.else.example")
    null = (("Return-Path", "<>"), ("Auto-Submitted", "auto-replied"))
    stranger = "Message-ID: <not-ours@else.example>\r\nTo: gone@else.example\r\n"
    for action, kind in (
        ("failed", "bounce"),
        ("delayed", "delay"),
        ("delivered", "delivered"),
        ("relayed", "delivered"),
    ):
        block = failure("gone@else.example", action)
        content = report("delivery-status", "delivery-status", block, stranger)
        book.ignored(f"lone-{action}", "B5", "report_unmatched", kind, daemon, headers=null, content=content)
    receipt = report(
        "disposition-notification", "disposition-notification", "Disposition: manual-action; displayed\r\n", stranger
    )
    book.ignored("lone-receipt", "B5", "report_unmatched", "receipt", content=receipt)
    abuse = report("feedback-report", "feedback-report", "Feedback-Type: abuse\r\nVersion: 1\r\n", stranger)
    book.ignored("lone-complaint", "B5", "report_unmatched", "complaint", content=abuse)
    words = (
        "This message was created automatically.\nThe following address failed:\n  gone@else.example\n    550 unknown\n"
    )
    text: dict[str, Any] = {"subject": "Undelivered Mail Returned to Sender", "body": words}
    book.ignored(
        "lone-words", "3.1 row 6", "report_unmatched", "bounce", daemon, headers=(("Return-Path", "<>"),), **text
    )
    book.ignored(
        "lone-exim",
        "3.1 row 5",
        "report_unmatched",
        "bounce",
        headers=(("X-Failed-Recipients", "gone@else.example"),),
        **text,
    )


def persons_who_look_automatic(book: Book) -> None:
    quiet = (
        ("robot", Person("Shop", "no-reply@shop7.example"), ()),
        ("bounces", Person("Shop", "bounces+17@shop8.example"), ()),
        ("owner", Person("List", "owner-users@lists8.example"), ()),
        ("root", Person("root", "root@host9.example"), ()),
        ("xars-all", None, (("X-Auto-Response-Suppress", "DR, All"),)),
        ("xars-oof", None, (("X-Auto-Response-Suppress", "oof"),)),
        ("x-loop", None, (("X-Loop", "desk@else.example"),)),
        ("forged-loop", None, (("X-Helpdesk-Loop", "v1.0123456789abcdef.deadbeef"),)),
        ("hops", None, tuple(("Received", f"from h{n}.example by h{n + 1}.example; {WHEN}") for n in range(31))),
    )  # fmt: skip
    for key, who, headers in quiet:
        book.new(f"silent-{key}", "3.3 K4, K5, K10", who, ack=False, headers=headers)
    bounce = b"From: MAILER-DAEMON@mx.else.example\r\nSubject: Undelivered Mail\r\n\r\nUser unknown"
    forwarded = parted("mixed", text_part("What is this?"), ("Content-Type: message/rfc822", bounce))
    request = ("text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Talk\r\nEND:VCALENDAR")
    for key, how in (
        ("dr", {"headers": (("X-Auto-Response-Suppress", "DR, RN, NRN"),)}),
        ("no", {"headers": (("Auto-Submitted", "no"),)}),
        ("forward", {"content": forwarded, "subject": "Fwd: Undelivered Mail Returned to Sender"}),
        ("meeting", {"content": request}),
        ("away", {"subject": "Re: who is out of office next week?"}),
        ("receipt", {"headers": (("Disposition-Notification-To", "x@y.example"),)}),
        ("reply-to", {"headers": (("Reply-To", "victim@elsewhere.example"),)}),
    ):
        book.new(f"loud-{key}", "3.1 row 12", **how)


def blacklisted(book: Book) -> None:
    for key, address in (
        ("address", "spammer@junk.example"), ("case", "SPAMMER@Junk.Example"), ("plus", "spammer+news@junk.example"),
        ("quoted", '"spammer"@junk.example'), ("dot", "spammer@junk.example."),
        ("domain", "anybody@bad-domain.example"),
        ("below", "x@a.b.deep-junk.example"), ("star", "x@deep-junk.example"), ("idn", "x@xn--bcher-spam-9db.example"),
        ("local", "promo-robot@fine1.example"), ("part", "die-werbung-2@fine2.example"),
    ):  # fmt: skip
        book.ignored(f"black-{key}", "B6", "blacklisted", who=Person("Offer", address))
    book.ignored("black-reply-to", "B6", "blacklisted", headers=(("Reply-To", "spammer@junk.example"),))
    book.ignored("black-sender", "B6", "blacklisted", headers=(("Sender", "spammer@junk.example"),))
    book.ignored("black-header", "B6", "spam_header", headers=(("X-Spam-Flag", "YES"),))
    book.new("white-header", "B6", headers=(("X-Spam-Flag", "NO"),))
    for key, name, address in (
        ("boss", "Boss", "boss@bad-domain.example"), ("sub", "Sub", "x@sub.bad-domain.example"),
        ("expired", "Over", "over@old-junk.example"),
        ("name", "spammer at junk.example", "good@fine3.example"), ("suffix", "Near", "x@not-bad-domain.example"),
    ):  # fmt: skip
        book.new(f"white-{key}", "B6", Person(name, address))


def forms(book: Book) -> None:
    """sales@ knows its web form: the customer stands in Reply-To."""
    form, guest = Person("Contact form", "form@website.example"), book.person()
    head = (("Reply-To", f"{guest.name} <{guest.address}>"),)
    made = Truth(outcome="created", case="form-known", ack=guest.address)
    book.put("form-known", "B3", made, form, box="sales", headers=head)
    other = book.person()
    ours = Truth(outcome="created", case="form-ours", ack=other.address)
    book.put("form-ours", "B3", ours, Person("Form", SALES), box="sales", headers=(("Reply-To", other.address),))
    book.new("form-unknown", "B3", box="sales", headers=(("Reply-To", "victim2@elsewhere.example"),))
    book.new(
        "form-file",
        "B14",
        box="sales",
        content=parted("mixed", text_part("File"), file_part("a.txt", "text/plain", b"text")),
    )

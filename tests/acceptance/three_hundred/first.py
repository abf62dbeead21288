"""Before any case exists: people who write for the first time, in many tongues, in threads and to several mailboxes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import TONGUES, Person
from tests.acceptance.three_hundred.truth import CLINIC, IDN_ALIAS, IDN_ALIAS_ASCII, SALES, SUPPORT, Truth
from tests.acceptance.three_hundred.writing import file_part, parted, text_part


def first(book: Book) -> None:
    """All of them."""
    tongues(book)
    plain(book)
    for name, order in (("deep1", "abc"), ("deep2", "abc"), ("late1", "cba"), ("late2", "cab"), ("late3", "bca")):
        thread(book, name, order)
    only_seen(book)
    recipients(book)
    two_mailboxes(book)
    attachments(book)
    limits(book)


def tongues(book: Book) -> None:
    codings = ("quoted-printable", "base64", "8bit")
    for number, (tongue, (charsets, name, subject, text)) in enumerate(TONGUES.items()):
        for charset in charsets:
            who = Person(name, f"{tongue}@{charset.replace('_', '-')}.{tongue}-firm.example")
            coding = "7bit" if charset == "iso-2022-jp" else codings[number % 3]
            words: dict[str, Any] = {
                "subject": subject,
                "body": f"{text}\n{text}\n",
                "charset": charset,
                "coding": coding,
            }
            truth = Truth(outcome="created", case=f"{tongue}-{charset}", ack=who.address, title=subject)
            book.put(f"{tongue}-{charset}", "B10", truth, who, **words)


def plain(book: Book) -> None:
    """Cases that later batches answer."""
    for number in range(40):
        page: dict[str, Any] = {"html": True, "body": "<p>Hello &amp; <b>help</b></p>"}
        book.new(f"case{number}", **(page if number % 5 == 4 else {}))
    for number in range(4):
        book.new(f"sale{number}", box="sales")
    for number in range(3):
        book.new(f"ward{number}", box="clinic")
    book.new("firm", who=Person("Erin Firm", "erin@firm.example"))
    book.new("free", who=Person("Fred Free", "fred@freemail.example"))


def thread(book: Book, name: str, order: str) -> None:
    """Three mails of one customer, each the answer to the one before, in this order of arrival."""
    who, mids = book.person(), {one: book.mid("threads.example") for one in "abc"}
    refs = {"a": (), "b": (mids["a"],), "c": (mids["a"], mids["b"])}
    for one in order:
        key, head = f"{name}{one}", f"{name}{order[0]}"
        opens = key == head
        truth = Truth(
            outcome="created" if opens else "linked",
            case=head,
            by="" if opens else "thread",
            ack=who.address if opens else "",
        )
        chain = refs[one]
        headers = (("In-Reply-To", chain[-1]), ("References", " ".join(chain))) if chain else ()
        subject = f"{'Re: ' * len(chain)}Thread {name}"
        book.put(
            key, "B15" if order != "abc" else "B7.2", truth, who, message_id=mids[one], headers=headers, subject=subject
        )


def only_seen(book: Book) -> None:
    """An id that nobody sent us: siblings meet only where they share a person."""
    unknown, constant = "<never-here@meeting.example>", "<constant@shop-system.example>"
    ada, bob = book.person(), book.person()
    head = (("In-Reply-To", unknown), ("References", unknown))
    book.new("sib1", "B7.2", ada, headers=(*head, ("Cc", bob.address)))
    book.put("sib2", "B7.2", Truth(outcome="linked", case="sib1", by="thread"), bob, headers=head)
    for number in range(3):
        book.new(f"const{number}", "B7.2", headers=(("References", constant),))
    cara, dan = book.person(), book.person()
    root = book.mid(cara.domain)
    book.new(
        "parent-child",
        "B15",
        dan,
        headers=(("In-Reply-To", root), ("References", root)),
        to=f"{SUPPORT}, {cara.address}",
    )
    book.put("parent-root", "B15", Truth(outcome="linked", case="parent-child", by="thread"), cara, message_id=root)


def recipients(book: Book) -> None:
    """Which headers may name us (B4), and by which an acknowledgement may leave (K7)."""
    other, hidden = "office@elsewhere.example", "undisclosed-recipients:;"
    for key, to in (
        ("alias", "helpdesk@desk.example"), ("sub", "support+vip@desk.example"), ("case", "SUPPORT@Desk.Example"),
        ("idn-u", IDN_ALIAS), ("idn-a", IDN_ALIAS_ASCII), ("quoted", f'"Help, Desk" <{SUPPORT}>'),
        ("sub-token-like", "support+SR-1.aaaaaaaaaaaaaaaa@desk.example"), ("group", f"Team: {SUPPORT}, {other};"),
    ):  # fmt: skip
        book.new(f"to-{key}", "B4", to=to)
    for name, ack in (
        ("Delivered-To", True),
        ("X-Original-To", True),
        ("Cc", True),
        ("Envelope-To", True),
        ("Resent-To", True),
    ):
        book.new(f"by-{name}", "B4/K7", ack=ack, to=hidden if name != "Cc" else other, headers=((name, SUPPORT),))
    for key, to in (
        ("bcc", hidden),
        ("other", other),
        ("like", "support@desk.example.evil.example"),
        ("part", "xsupport@desk.example"),
    ):
        book.ignored(f"not-{key}", "B4", "recipient_not_registered", to=to)
    book.ignored("not-name", "B4", "recipient_not_registered", to=f'"{SUPPORT}" <{other}>')


def two_mailboxes(book: Book) -> None:
    for number, (to, copy, answers) in enumerate(
        (
            (f"{SUPPORT}, {SALES}", "", SUPPORT),
            (f"{SALES}, {SUPPORT}", "", SALES),
            (SALES, SUPPORT, SALES),
            (SUPPORT, SALES, SUPPORT),
        )
    ):
        who, pair = book.person(), f"pair{number}"
        made = Truth(outcome="created", case=pair, ack=who.address, ack_from=answers)
        book.put(pair, "B4", made, who, to=to, headers=(("Cc", copy),), pair=f"{pair}+")
        book.again(f"{pair}+", pair, box="sales")
    for number in range(2):
        who, body, subject = book.person(), book.body(), book.subject()
        mid, date = book.mid(who.domain), datetime(2026, 11, 20, 6, number, tzinfo=UTC)
        for box in ("support", "clinic"):
            book.new(
                f"groups{number}-{box}", "B4", who, box=box, to=f"{SUPPORT}, {CLINIC}",
                body=body, subject=subject, message_id=mid, date=date,
            )  # fmt: skip


def attachments(book: Book) -> None:
    text = text_part("Please see the files.")
    files = [file_part(f"scan{n}.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes([n]) * 90) for n in range(7)]
    picture = file_part(
        "logo.png", "image/png", b"\x89PNG\r\n\x1a\n0000", "Content-ID: <logo@x>\r\nContent-Disposition: inline"
    )
    page = ("Content-Type: text/html", b'<p>See <img src="cid:logo@x"></p>')
    for key, content in (
        ("pdf", parted("mixed", text, file_part("bill.pdf", "application/pdf", b"%PDF-1.4 bill"))),
        ("exe", parted("mixed", text, file_part("../../run.exe", "application/octet-stream", b"MZ" * 50))),
        ("many", parted("mixed", text, *files)),
        ("inline", parted("related", page, picture)),
        ("mail", parted("mixed", text, ("Content-Type: message/rfc822", b"From: x@y.example\r\nSubject: a\r\n\r\nb"))),
        ("only", ("application/pdf", b"%PDF-1.4 alone")),
    ):  # fmt: skip
        book.new(f"files-{key}", "B14", content=content)


def limits(book: Book) -> None:
    """Five acknowledgements an hour to one address; invoices alike are a case each; old mail is not answered."""
    flood = book.person()
    for number in range(7):
        book.new(f"flood{number}", "B13/K9", flood, ack=number < 5)
    shop = book.person()
    for number in range(4):
        bill = file_part("invoice.pdf", "application/pdf", f"%PDF-1.4 number {number}".encode())
        book.new(
            f"invoice{number}",
            "6",
            shop,
            subject="Your invoice",
            content=parted("mixed", text_part("Your invoice."), bill),
        )
    for hours, ack in ((49, False), (25, False), (23, True)):
        book.new(f"old{hours}", "B13", ack=ack, received=datetime.now(UTC) - timedelta(hours=hours))

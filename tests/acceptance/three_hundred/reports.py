"""The second batch's machines: reports on our real acknowledgements, out-of-office in threads, own mail come back."""

from tests.acceptance.three_hundred.answers import linked
from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import ANY, CLINIC, SUPPORT, Truth
from tests.acceptance.three_hundred.writing import failure, report

DAEMON = Person("Mail Delivery System", "mailer-daemon@mx.far.example")
NULL = (("Return-Path", "<>"), ("Auto-Submitted", "auto-replied"))


def reports(book: Book) -> None:
    """All of them."""
    delivery(book)
    old_forms(book)
    away(book)
    automatic_answers(book)
    own(book)


def noted(case: str, kind: str, by: str = ANY) -> Truth:
    """Put on a case's history without any other effect."""
    return Truth(outcome="noted", kind=kind, case=case, by=by)


def original(book: Book, key: str) -> str:
    sent = book.past.sent[key]
    head = f"Message-ID: {sent.message_id}\r\nFrom: {SUPPORT}\r\nTo: {book.who(key).address}\r\n"
    return f"{head}Subject: {sent.subject}\r\n"


def delivery(book: Book) -> None:
    """case9 is resolved and stays so; `victim` was never written to by that mail, so nothing follows for him."""
    for key, action, kind in (
        ("case9", "failed", "bounce"),
        ("case28", "failed", "bounce"),
        ("case29", "delayed", "delay"),
        ("case32", "delivered", "delivered"),
    ):
        block = failure(book.who(key).address, action)
        content = report("delivery-status", "delivery-status", block, original(book, key))
        book.put(
            f"d-{key}",
            "B5",
            noted(key, kind),
            DAEMON,
            headers=NULL,
            content=content,
            subject="Delivery Status Notification",
        )
    block = failure(book.who("case34").address)
    content = report("delivery-status", "delivery-status", block, original(book, "case33"))
    book.put("d-forged", "B5", noted("case33", "bounce"), DAEMON, headers=NULL, content=content)
    mid = book.past.sent["case35"].message_id
    block = f"Original-Message-ID: {mid}\r\nDisposition: manual-action; displayed\r\n"
    content = report("disposition-notification", "disposition-notification", block, original(book, "case35"))
    book.put(
        "d-receipt", "B5", noted("case35", "receipt"), book.who("case35"), subject="Read: your mail", content=content
    )
    block = f"Feedback-Type: abuse\r\nVersion: 1\r\nOriginal-Rcpt-To: {book.who('case36').address}\r\n"
    content = report("feedback-report", "feedback-report", block, original(book, "case36"))
    book.put("d-complaint", "B5", noted("case36", "complaint"), Person("Abuse", "fbl@far.example"), content=content)


def old_forms(book: Book) -> None:
    """Reports in plain words with a copy of our mail below (qmail, Exim): still of the mail that bounced."""
    qmail = (
        "Hi. This is the qmail-send program at far.example.\nI'm afraid I wasn't able to deliver your message to "
        "the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{to}>:\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{mail}"
    )
    exim = (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. "
        "This is a permanent error. The following address(es) failed:\n\n  {to}\n    "
        "550 Unknown user\n\n------ This is a copy of the message, including all the headers. ------\n\n{mail}"
    )
    for key, words, subject, more in (
        ("case37", qmail, "failure notice", ()),
        (
            "case38",
            exim,
            "Mail delivery failed: returning message to sender",
            (("X-Failed-Recipients", book.who("case38").address),),
        ),
    ):
        mail = original(book, key).replace("\r\n", "\n") + "\nHello\n"
        body = words.format(to=book.who(key).address, mail=mail)
        book.put(
            f"d-{key}",
            "B5",
            noted(key, "bounce"),
            DAEMON,
            subject=subject,
            body=body,
            headers=(("Return-Path", "<>"), *more),
        )


def away(book: Book) -> None:
    mark = (("Auto-Submitted", "auto-replied"),)
    subject = "Automatic reply: on holiday until Monday"
    book.answer_ack("o-token", "case9", "B5", noted("case9", "auto_reply", "token"), headers=mark, subject=subject)
    book.answer("o-thread", "case31", "B5", noted("case31", "auto_reply", "thread"), headers=mark, subject=subject)
    numbered = f"Automatic reply: {book.past.sent['case39'].subject}"
    book.put("o-subject", "B5", noted("case39", "auto_reply", "subject"), book.who("case39"), subject=numbered)
    closed = noted("case7", "auto_reply", "token")
    book.answer_ack("o-closed", "case7", "B5", closed, headers=mark, subject=subject)
    body = f"I am away and think of {book.past.numbers['case39']}."
    book.ignored("o-body", "B5", "auto_reply", "auto_reply", book.who("case39"), headers=mark, body=body)
    spammer = Person("Offer", "spammer@junk.example")
    stranger = Truth(outcome="noted", kind="auto_reply", case="case31", by="token", unverified=True)
    book.answer_ack("o-black", "case31", "B6", stranger, spammer, headers=mark, subject=subject)
    book.answer_ack("o-junk", "case31", "B6", Truth(outcome="ignored", reason="blacklisted"), spammer)


def automatic_answers(book: Book) -> None:
    """Machines that answer: they join; what is final is followed; only an answer to ours reopens."""
    robot = (("Auto-Submitted", "auto-generated"),)
    book.answer("m-resolved", "case31", "B5", linked("case31", "thread", kind="notification"), headers=robot)
    answered = linked("sale1", "token", "linked", kind="notification")
    book.answer_ack("m-active", "sale1", "B5", answered, headers=robot)
    followed = linked("m-closed", "token", "followed", kind="notification", also=("case7",))
    book.answer_ack("m-closed", "case7", "B5", followed, headers=robot)
    book.answer(
        "m-list", "sale2", "B5", linked("sale2", "thread", kind="list"), headers=(("List-Id", "<l.firm.example>"),)
    )
    number = book.past.numbers["sale3"]
    by_number = linked("sale3", "subject", kind="bulk")
    book.put(
        "m-subject", "B5", by_number, book.who("sale3"), subject=f"Parcel {number}", headers=(("Precedence", "bulk"),)
    )
    book.quiet("m-body", "B5", "notification", book.who("sale3"), body=f"Parcel {number} left", headers=robot)


def own(book: Book) -> None:
    """Our acknowledgements come back: as they left, with a new id, and to another group."""
    gone = Truth(outcome="ignored", kind="own", reason="own_mail")
    head = f"Return-Path: <>\r\nDelivered-To: {SUPPORT}\r\n".encode()
    sent = book.past.sent["ward1"]
    book.raw("own-back", "B3", gone, head + book.past.sent["case24"].raw)
    other = book.past.sent["case23"]
    book.raw(
        "own-new-id", "B3", gone, head + other.raw.replace(other.message_id.encode(), b"<fresh@exchange.example>", 1)
    )
    book.raw("own-ward", "B3", gone, f"Delivered-To: {CLINIC}\r\n".encode() + sent.raw, "clinic")
    strange = Truth(outcome="created", kind="notification", case="own-group")
    book.raw(
        "own-group", "B3", strange, f"Delivered-To: {CLINIC}\r\n".encode() + book.past.sent["case22"].raw, "clinic"
    )
    book.quiet("own-forged", "B3", "notification", Person("Us", SUPPORT), subject="Re: nothing of ours")

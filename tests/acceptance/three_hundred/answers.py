"""The second batch: answers of people to what the first one brought, and numbers in subjects and bodies."""

from typing import Any

from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import CLINIC, SUPPORT, Truth

#: What agents did between the first batch and the second: case, status.
AFTER_FIRST = {
    "case2": "Resolved", "case3": "Closed", "case4": "Waiting for response", "case5": "Canceled",
    "case7": "Closed", "case9": "Resolved", "case31": "Resolved",
}  # fmt: skip


def answers(book: Book) -> None:
    """All of them."""
    by_status(book)
    strangers(book)
    subjects(book)
    bodies(book)
    tokens(book)
    ambiguous(book)
    repeats(book)


def linked(case: str, by: str, outcome: str = "linked", **more: object) -> Truth:
    """It joins."""
    return Truth(outcome=outcome, case=case, by=by, **more)  # type: ignore[arg-type]  # fields of Truth


def by_status(book: Book) -> None:
    book.answer_ack("r-case0", "case0", "B7.1", linked("case0", "token"))
    book.answer("r-case1", "case1", "B7.2", linked("case1", "thread"))
    book.answer("r2-case1", "r-case1", "B7.2", linked("case1", "thread"))
    book.answer_ack("r-case2", "case2", "B9", linked("case2", "token", "reopened"))
    book.answer_ack("r-case4", "case4", "B9", linked("case4", "token", "reopened"))
    for old, by, write in (("case3", "token", book.answer_ack), ("case5", "thread", book.answer)):
        key = f"f-{old}"
        write(key, old, "B9", linked(key, by, "followed", also=(old,), ack=book.who(old).address))
    book.answer("r-f-case5", "f-case5", "B7", linked("f-case5", "thread", also=("case5",)))
    for key, head in (
        ("deep1c", "deep1a"),
        ("late1a", "late1c"),
        ("late2b", "late2c"),
        ("sib2", "sib1"),
        ("parent-root", "parent-child"),
    ):
        book.answer(f"r-{key}", key, "B7.2", linked(head, "thread"))
    book.answer_ack("r-sale0", "sale0", "B7.1", linked("sale0", "token"))
    book.answer_ack("r-ward0", "ward0", "B7.1", linked("ward0", "token"), box="clinic")
    book.answer("r-pair0", "pair0", "B7.2", linked("pair0", "thread"), box="sales")


def strangers(book: Book) -> None:
    for key, write, by in (("case10", book.answer_ack, "token"), ("case11", book.answer, "thread")):
        write(f"s-{key}", key, "B8", linked(key, by, unverified=True), book.person())
    number = book.past.numbers
    book.put("s-case12", "B8", linked("case12", "subject", unverified=True), subject=f"About {number['case12']}")
    book.put(
        "s-case13", "B8", linked("case13", "body", unverified=True), body=f"I ask about {number['case13']}, please."
    )
    mate = Person("Max Firm", "max@firm.example")
    book.put("s-firm", "B8", linked("firm", "subject"), mate, subject=f"Our {number['firm']}")
    other = Person("Olga Free", "olga@freemail.example")
    book.put("s-free", "B8", linked("free", "subject", unverified=True), other, subject=f"Our {number['free']}")
    copied = book.person()
    with_copy = linked("case14", "thread")
    book.answer("s-case14", "case14", "B8", with_copy, headers=(("Cc", copied.address),))
    book.put("s2-case14", "B8", linked("case14", "subject"), copied, subject=f"{number['case14']} once more")


def subjects(book: Book) -> None:
    """What is a number and what only looks like one (B7.4)."""
    who, number = book.who("case15"), book.past.numbers["case15"]
    digits = number.removeprefix("SR-")
    for at, form in enumerate(
        (f"({number})", f'"{number}"', f"{number}: it", number.lower(), f"SR-000{digits}", f"See {number}.",
         f"Re: [{number}] Größe", f"TICKET#{digits}", f"was {number}, now", f"SR-999999 and {number}",
         f"Fwd: AW: {number}")
    ):  # fmt: skip
        book.put(f"n-yes{at}", "B7.4", linked("case15", "subject"), who, subject=form)
    wide = digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for at, form in enumerate(
        (f"X{number}", f"{number}x", f"{number}.5", f"SR_{digits}", f"SR {digits}", f"-{number}", f"{number}-b",
         f"{number}7777", f"_{number}", f"SR-{wide}", "SR-", f"ＳＲ-{digits}")
    ):  # fmt: skip
        book.new(f"n-no{at}", "B7.4", subject=f"No number {form}")
    book.new("n-unknown", "B7.5", subject="Where is SR-999998?", body=f"I mean {number} perhaps")
    book.new("n-ward", "B7.4", box="clinic", to=CLINIC, subject=f"On {number}")
    closed, opened = book.past.numbers["case7"], book.past.numbers["case16"]
    book.put("n-open-first", "B7", linked("case16", "subject"), book.who("case16"), subject=f"{closed} and {opened}")
    again = linked("f-case5", "subject", also=("case5",))  # its newest follower is not final
    book.put("n-closed", "B9", again, book.who("case5"), subject=f"Again {book.past.numbers['case5']}")


def bodies(book: Book) -> None:
    who, number = book.who("case17"), book.past.numbers["case17"]
    forms: tuple[dict[str, Any], ...] = (
        {"body": f"It is about {number}."},
        {"body": f"> {number}\nYes, that one."},
        {"body": f"<b>{number}</b>", "html": True},
        {"body": f'<a href="https://desk.example/?n={number}">the case</a>', "html": True},
        {"body": f"a\n({number})\n", "coding": "base64"},
    )
    for at, how in enumerate(forms):
        book.put(f"b-yes{at}", "B7.5", linked("case17", "body"), who, **how)
    book.new("b-no", "B7.5", body=f"X{number} and {number}.7")


def tokens(book: Book) -> None:
    """The token in our Reply-To address and in the text of ours that was quoted."""
    sent = book.past.sent["case18"]
    assert "+" in sent.reply_to, sent
    book.put("t-address", "B7.1", linked("case18", "token"), book.who("case18"), to=sent.reply_to)
    local, _, domain = sent.reply_to.partition("@")
    book.new("t-wrong", "B7.1", to=f"{local[:-6]}aaaaaa@{domain}")
    book.put("t-strange", "B8", linked("case18", "token", unverified=True), to=sent.reply_to)
    quoted = "\n".join(f"> {line}" for line in book.past.sent["case19"].text.splitlines())
    book.put("t-mark", "B7.3", linked("case19", "token"), book.who("case19"), body=f"Yes.\n\n{quoted}\n")
    away = book.past.sent["case20"]
    group = Truth(outcome="created", case="t-ward", ack=book.who("case20").address)
    book.put("t-ward", "B7", group, book.who("case20"), box="clinic", headers=(("In-Reply-To", away.message_id),))


def ambiguous(book: Book) -> None:
    number = book.past.numbers
    book.answer("a-thread", "case21", "B7", linked("case21", "thread"), subject=f"Re: {number['case22']}")
    book.answer_ack("a-token", "case21", "B7", linked("case21", "token"), subject=f"Re: {number['case22']}")
    book.answer("a-first", "reuse-a", "B2", linked("reuse-a", "thread"))
    book.answer("a-second", "reuse-b", "B2", linked("reuse-b", "thread"))
    book.answer("a-newest", "reuse-b", "B2", linked("reuse-b", "thread", unverified=True), book.person())
    old = book.letters["case23"].message_id
    head = (("In-Reply-To", "<lost@client.example>"), ("References", f"{old} <lost@client.example>"))
    book.put("a-right", "B7.2", linked("case23", "thread"), book.who("case23"), headers=head)
    refs = (("References", f"{book.letters['case24'].message_id} {book.letters['case23'].message_id}"),)
    book.put("a-newest-ref", "B7.2", linked("case23", "thread"), book.who("case23"), headers=refs)


def repeats(book: Book) -> None:
    """What came before comes again."""
    for first in ("case25", "pl-iso-8859-2", "noid1", "deep1b", "invoice2"):
        book.again(f"again-{first}", first, ((b"Return-Path", b"X-Seen: 1\r\nReturn-Path"),))
    book.again("again-box", "case26", box="sales", edit=((f"To: {SUPPORT}".encode(), b"To: sales@desk.example"),))
    old = book.letters["case27"]
    book.new("same-words", "K10", old.who, ack=False, subject=old.subject, body=old.body)
    book.new("new-words", "K10", old.who, subject=old.subject)
    root = book.mid("later.example")
    book.new("child", "B15", headers=(("In-Reply-To", root), ("References", root)))

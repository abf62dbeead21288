"""The third batch: what follows from the second; and the fourth, under stricter settings."""

from tests.acceptance.three_hundred.answers import linked
from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.people import Person
from tests.acceptance.three_hundred.truth import Truth

#: What agents did after the second batch.
AFTER_SECOND = {"f-case3": "Resolved"}
TRUSTED = "mx.desk.example"


def third(book: Book) -> None:
    """Answers to what followed, suppressed addresses, the late parent."""
    book.answer("l-case5", "case5", "B9", linked("f-case5", "thread", also=("case5",)))
    book.answer_ack("l-f-case5", "f-case5", "B7.1", linked("f-case5", "token"))
    book.answer_ack("l-case3", "case3", "B9", linked("f-case3", "token", "reopened", also=("case3",)))
    book.new("l-bounced", "K8", book.who("case28"), ack=False)
    book.new("l-bounced-exim", "K8", book.who("case38"), ack=False)
    book.new("l-bounced-qmail", "K8", book.who("case37"), ack=False)
    book.new("l-complained", "K8", book.who("case36"), ack=False)
    book.new("l-victim", "B5", book.who("case34"))
    book.new("l-delayed", "B5", book.who("case29"))
    parent = book.letters["child"].headers[0][1]
    book.put("l-parent", "B15", linked("child", "thread"), book.who("child"), message_id=parent)
    book.answer(
        "l-ignored", "not-bcc", "B9", Truth(outcome="created", case="l-ignored", ack=book.who("not-bcc").address)
    )
    book.answer_ack("l-alias", "to-alias", "B7.1", linked("to-alias", "token"), to="helpdesk@desk.example")
    book.answer_ack(
        "l-form", "form-known", "B7.1", linked("form-known", "token"), Person("Guest", book.all["form-known"].truth.ack)
    )
    book.answer_ack("l-new", "new-words", "B7.1", linked("new-words", "token"))
    robot = (("Auto-Submitted", "auto-generated"),)
    book.answer_ack("l-robot", "f-case3", "B5", linked("f-case3", "token", kind="notification"), headers=robot)
    for first in ("r-case2", "f-case3", "d-case28", "n-yes2"):
        book.again(f"l-again-{first}", first)
    book.answer("l-deep", "r2-case1", "B7.2", linked("case1", "thread"))


def strict(book: Book) -> None:
    """Junk makes cases, strangers do not join, and a trusted server says who was authenticated."""
    junk(book)
    trust(book)


def junk(book: Book) -> None:
    spammer = Person("Offer", "spammer@junk.example")
    for key, truth_kind, who, headers in (
        ("black", "person", spammer, ()),
        ("header", "person", None, (("X-Spam-Flag", "yes, sure"),)),
        ("away", "auto_reply", None, (("Auto-Submitted", "auto-replied"),)),
        ("list", "list", spammer, (("List-Id", "<a.junk.example>"),)),
    ):
        book.put(f"j-{key}", "B6", Truth(outcome="junk_case", kind=truth_kind, case=f"j-{key}"), who, headers=headers)
    number = book.past.numbers["case16"]
    book.put("j-number", "B6", Truth(outcome="junk_case", case="j-number"), spammer, subject=f"See {number}")


def results(verdict: str, who: Person, server: str = TRUSTED) -> tuple[str, str]:
    return "Authentication-Results", f"{server}; dmarc={verdict} header.from={who.domain}"


def trust(book: Book) -> None:
    hops = tuple(
        ("Received", f"from far.example by {by}; Fri, 20 Nov 2026 07:00:00 +0000") for by in (TRUSTED, "mx.far.example")
    )
    for key, verdict, server, ack, neutral, first in (
        ("pass", "pass", TRUSTED, True, False, ()),
        ("none", "none", TRUSTED, True, True, ()),
        ("other", "pass", "mx.else.example", True, True, ()),
        ("below", "pass", TRUSTED, True, True, hops),
        ("fail", "fail", TRUSTED, False, False, ()),
    ):
        who = book.person()
        truth = Truth(outcome="created", case=f"q-{key}", ack=who.address if ack else "", neutral=neutral)
        book.put(f"q-{key}", "K6", truth, who, headers=(*first, results(verdict, who, server)))
    known = book.who("case31")
    good = linked("case31", "token", "reopened", ack=known.address)
    book.answer_ack("q-reopened", "case31", "B13", good, headers=(results("pass", known),))
    book.answer("q-unknown", "case1", "3.4", linked("case1", "thread"))
    number = book.past.numbers["case17"]
    stranger = book.person()
    apart = Truth(outcome="created", case="q-stranger", ack=stranger.address)
    book.put("q-stranger", "B8", apart, stranger, subject=f"On {number}", headers=(results("pass", stranger),))
    written = linked("case18", "token", unverified=True)
    book.answer_ack("q-token", "case18", "B8", written, book.person())
    failed = book.who("case18")
    book.answer_ack(
        "q-failed",
        "case18",
        "B8",
        Truth(outcome="created", case="q-failed", unverified=None),
        headers=(results("fail", failed),),
    )

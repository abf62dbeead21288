"""Holds what the program says beside the truth; each difference is a line that names the mail and its rule."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.desk import opened, sent
from tests.acceptance.three_hundred.truth import ANY, Mail
from tests.servers.smtp import Received

Row = Mapping[str, Any]


def rows_by_key(mails: Sequence[Mail], listed: Sequence[Row], before: Mapping[str, int]) -> dict[str, Row]:
    """Each mail's delivery: Dovecot numbers the mails of a mailbox as they came, after those of `before`."""
    found = {(one["mailbox"], one["uid"]): one for one in listed}
    counts = Counter(before)
    rows: dict[str, Row] = {}
    for mail in mails:
        counts[mail.box] += 1
        rows[mail.key] = found.get((mail.box, counts[mail.box]), {})
    for mail in mails:
        if mail.pair and mail.pair in rows and rows[mail.key].get("outcome") == "duplicate":
            rows[mail.key], rows[mail.pair] = rows[mail.pair], rows[mail.key]
    return rows


def numbers(mails: Sequence[Mail], rows: Mapping[str, Row]) -> dict[str, str]:
    """The number of each case, by the key of the mail that must have made it."""
    return {mail.key: rows[mail.key].get("case") or "none" for mail in mails if mail.truth.case == mail.key}


def differences(book: Book, mails: Sequence[Mail], rows: Mapping[str, Row]) -> Iterator[str]:
    """Where a delivery is not what it must be."""
    for mail in mails:
        wanted, row = expected(book, mail), rows[mail.key]
        for name, value in wanted.items():
            got = sorted(row.get(name) or ()) if name == "cases" else row.get(name)
            got = got or None if name == "linked_by" else got
            if got != value:
                yield f"{mail.key} ({mail.rule}): {name} is {got!r}, must be {value!r}: {row.get('reason')}"
    made = Counter(book.past.numbers.values())
    yield from (f"{number} was made {count} times" for number, count in made.items() if count > 1)


def expected(book: Book, mail: Mail) -> dict[str, object]:
    """The values of the line of `message list` that the truth speaks of."""
    truth, known = mail.truth, book.past.numbers
    wanted: dict[str, object] = {"outcome": truth.outcome}
    if truth.kind != ANY:
        wanted["kind"] = truth.kind
    if truth.by != ANY:
        wanted["linked_by"] = truth.by or None
    if truth.reason:
        wanted["reason"] = truth.reason
    if truth.case != ANY:
        cases = [known[one] for one in (truth.case, *truth.also) if one]
        wanted |= {"case": known[truth.case] if truth.case else None, "cases": sorted(cases)}
        wanted |= {} if truth.unverified is None else {"sender_unverified": truth.unverified}
    return wanted


def acknowledgements(book: Book, mails: Sequence[Mail], left: Sequence[Received]) -> Iterator[str]:
    """One where one is due, none else, to the right address; takes note of what left."""
    due = {(mail.truth.ack, book.past.numbers[mail.truth.case]): mail for mail in mails if mail.truth.ack}
    for one in left:
        subject = str(opened(one)["Subject"])
        number = subject.rpartition("[")[2].rstrip("]")
        mail = due.pop((one.recipients[0], number), None)
        if mail is None:
            yield f"nobody asked for the acknowledgement to {one.recipients} on {subject!r}"
            continue
        book.past.sent[mail.key] = sent(one)
        yield from (f"acknowledgement of {mail.key}: {what}" for what in form(book, mail, one))
    yield from (
        f"{mail.key} ({mail.rule}): no acknowledgement to {to} on {number}" for (to, number), mail in due.items()
    )


def form(book: Book, mail: Mail, one: Received) -> Iterator[str]:
    """The form that reliability.md asks for ("Ack form")."""
    head, letter = opened(one), book.letters[mail.key]
    sender, ours = mail.truth.ack_from, f"@{mail.truth.ack_from.partition('@')[2]}>"
    wanted = {
        "To": mail.truth.ack,
        "Cc": None,
        "Bcc": None,
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "OOF, AutoReply, DR, RN, NRN",
    }
    for name, value in wanted.items():
        got = head[name] if name != "To" else ", ".join(address.addr_spec for address in head["To"].addresses)
        if (got if got is None else str(got)) != value:
            yield f"{name} is {got!r}, must be {value!r}"
    subject, answers = str(head["Subject"]), letter.message_id
    checks = {
        "one recipient": one.recipients == (mail.truth.ack,),
        "null sender": one.sender == "",
        "From is the mailbox": [address.addr_spec for address in head["From"].addresses] == [sender],
        "a loop header": bool(head["X-Helpdesk-Loop"]),
        "an id of ours": str(head["Message-ID"]).strip().startswith("<c")
        and str(head["Message-ID"]).strip().endswith(ours),
        "Subject": subject.startswith("Re: ") and len(subject) <= 200 and subject.isprintable(),
        "In-Reply-To": not well_formed(answers) or str(head["In-Reply-To"]) == answers,
        "References": not well_formed(answers) or str(head["References"]).split()[-1:] == [answers],
        "nothing of the body": not any(word.startswith(b"zq") for word in one.data.replace(b".", b" ").split()),
        "lines of 998": max(map(len, one.data.split(b"\r\n"))) <= 998,
        "neutral or not": ("a message from this address has reached us" in sent(one).text) is mail.truth.neutral,
        "language": ("vielen Dank" in sent(one).text) is (mail.box == "sales" or sender.startswith("sales")),
    }
    yield from (f"not so: {what} ({subject!r})" for what, holds in checks.items() if not holds)


def well_formed(message_id: str) -> bool:
    return bool(message_id) and " " not in message_id

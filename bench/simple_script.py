"""What a user would write instead: imaplib, email.policy.default, sqlite3, one durable commit a message.

It reads the unseen mails of a mailbox, puts each on a ticket by the number in its subject or by its thread, and
marks it. It knows nothing of crashes, loops, delivery reports, hostile mail or why it did what it did.
"""

import argparse
import email
import email.policy
import imaplib
import json
import re
import smtplib
import sqlite3
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final

_TABLES: Final = """
CREATE TABLE ticket (number INTEGER PRIMARY KEY, title TEXT, customer TEXT, acknowledge INTEGER, opened TEXT);
CREATE TABLE mail (id INTEGER PRIMARY KEY, uid INTEGER, ticket INTEGER REFERENCES ticket, message_id TEXT, sender TEXT,
                   subject TEXT, text TEXT, size INTEGER);
CREATE TABLE file (id INTEGER PRIMARY KEY, mail INTEGER REFERENCES mail, name TEXT, type TEXT, content BLOB);
CREATE INDEX mail_message_id ON mail (message_id);
"""
_NUMBER: Final = re.compile(r"\bSR-(\d+)\b")
_JUNK: Final = re.compile(r"@junk\.example$|\.spam\.example$|^promo@|newsletter[^@]*@")


class Tickets:
    """The tickets in an SQLite file, each message durable before the next one is looked at."""

    def __init__(self, file: Path) -> None:
        self._sql = sqlite3.connect(file, isolation_level=None)
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.execute("PRAGMA synchronous = FULL")
        self._sql.executescript(_TABLES)

    def take(self, uid: int, raw: bytes) -> "EmailMessage | None":
        """Put one mail on its ticket; the acknowledgement to send, if any. Raises what `email` raises."""
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        sender = parseaddr(str(mail["From"] or ""))[1]
        message_id = str(mail["Message-ID"] or "").strip()
        if _JUNK.search(sender.lower()) or self._known(message_id):
            return None
        subject, text = str(mail["Subject"] or ""), _text(mail)
        files = [(one.get_filename(), one.get_content_type(), _content(one)) for one in mail.iter_attachments()]
        acknowledge = bool(sender) and not _automatic(mail)
        self._sql.execute("BEGIN IMMEDIATE")
        ticket = self._ticket_of(mail, subject)
        opened = ticket is None
        if ticket is None:
            ticket = self._insert(
                "INSERT INTO ticket (title, customer, acknowledge, opened) VALUES (?, ?, ?, datetime())",
                (subject, sender, acknowledge),
            )
        row = self._insert(
            "INSERT INTO mail (uid, ticket, message_id, sender, subject, text, size) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (uid, ticket, message_id, sender, subject, text, len(raw)),
        )
        for file in files:
            self._insert("INSERT INTO file (mail, name, type, content) VALUES (?, ?, ?, ?)", (row, *file))
        self._sql.execute("COMMIT")
        return _acknowledgement(ticket, sender, message_id) if opened and acknowledge else None

    def _known(self, message_id: str) -> bool:
        return bool(message_id) and self._first("SELECT 1 FROM mail WHERE message_id = ?", message_id) is not None

    def _ticket_of(self, mail: EmailMessage, subject: str) -> int | None:
        """By the number in the subject, then by the thread, the newest id first."""
        found = _NUMBER.search(subject)
        if found and (known := self._first("SELECT number FROM ticket WHERE number = ?", int(found[1]))) is not None:
            return known
        ids = [str(mail["In-Reply-To"] or "").strip(), *reversed(str(mail["References"] or "").split())]
        threads = (self._first("SELECT ticket FROM mail WHERE message_id = ?", one) for one in ids if one)
        return next((ticket for ticket in threads if ticket is not None), None)

    def _first(self, statement: str, value: "str | int") -> int | None:
        row = self._sql.execute(statement, (value,)).fetchone()
        return None if row is None else int(row[0])

    def _insert(self, statement: str, values: "tuple[object, ...]") -> int:
        return int(self._sql.execute(statement, values).lastrowid or 0)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _automatic(mail: EmailMessage) -> bool:
    answered = str(mail["Auto-Submitted"] or "no").lower() != "no"
    return answered or mail["List-Id"] is not None or str(mail["Precedence"] or "").lower() in ("bulk", "list", "junk")


def _acknowledgement(ticket: int, to: str, message_id: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "support@helpdesk.example", to, f"[SR-{ticket}] We got your mail"
    mail["Auto-Submitted"] = "auto-replied"
    if message_id:
        mail["In-Reply-To"] = message_id
    mail.set_content("Somebody will answer soon.")
    return mail


def _unseen(mailbox: imaplib.IMAP4) -> Iterator[tuple[int, bytes]]:
    mailbox.select("INBOX")
    for uid in mailbox.uid("search", "UNSEEN")[1][0].split():
        answer = mailbox.uid("fetch", uid.decode(), "(BODY.PEEK[])")[1][0]
        yield int(uid), answer[1]


def main() -> None:
    """Read the mailbox once to its end, and say on standard output what was done, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("port", int), ("user", str), ("password", str), ("file", Path)):
        parser.add_argument(name, type=kind)
    parser.add_argument("--smtp", type=int, help="port to acknowledge at; without it nothing is sent")
    given = parser.parse_args()
    tickets = Tickets(given.file)
    mailbox = imaplib.IMAP4("127.0.0.1", given.port)
    mailbox.login(given.user, given.password)
    relay = smtplib.SMTP("127.0.0.1", given.smtp) if given.smtp else None
    began, mails, failed = time.perf_counter(), 0, 0
    for uid, raw in _unseen(mailbox):
        mails += 1
        try:
            answer = tickets.take(uid, raw)
        except Exception as error:  # one mail must not end the run: it stays unseen, which is all that this script has
            failed += 1
            print(f"mail {uid}: {error!r}", file=sys.stderr)
            continue
        mailbox.uid("store", str(uid), "+FLAGS.SILENT", r"(\Seen)")
        if relay is not None and answer is not None:
            relay.send_message(answer)
    seconds = time.perf_counter() - began
    mailbox.logout()
    print(json.dumps({"mails": mails, "failed": failed, "seconds": seconds}))


if __name__ == "__main__":
    main()

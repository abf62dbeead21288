"""One hostile mail: its name, how its bytes are made, and what must become of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Who writes them where they are an agent's.
AGENT: Final = "jane@helpdesk.example"
_OWN_ID: Final = re.compile(rb"^(Message-ID: <)(?=[^\r\n]*@visitor\.example>\r?$)", re.M)


@dataclass(frozen=True)
class Hostile:
    """A mail that means harm."""

    name: str
    make: Callable[[], bytes]
    outcome: str = "created"
    answered: bool | None = None  # whether an acknowledgement waits to be sent; None: either is right


def mail(name: str, body: bytes = b"Good morning.\r\n", *more: bytes, **over: bytes) -> bytes:
    """A mail of a visitor to support; `over` replaces header values (_ for -), `more` are whole header lines."""
    word = name.encode()
    head = {
        b"Return-Path": b"<erin@visitor.example>",
        b"From": b"Erin Example <erin@visitor.example>",
        b"To": b"support@helpdesk.example",
        b"Subject": b"About " + word,
        b"Date": b"Tue, 03 Nov 2026 10:10:00 +0100",
        b"Message-ID": b"<" + word.replace(b" ", b"-") + b"@visitor.example>",
        b"MIME-Version": b"1.0",
        b"Content-Type": b"text/plain; charset=utf-8",
    }
    head |= {key.replace("_", "-").encode(): value for key, value in over.items()}
    lines = [key + b": " + value for key, value in head.items() if value]
    return b"\r\n".join([*lines, *more, b"", body])


def multipart(name: str, *parts: bytes, kind: bytes = b"mixed", **over: bytes) -> bytes:
    """A mail of these parts, each with its own header."""
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return mail(name, body, **{"Content_Type": b"multipart/" + kind + b'; boundary="edge"', **over})


def part(content: bytes, kind: bytes = b"text/plain", *head: bytes) -> bytes:
    """A part with its Content-Type."""
    return b"\r\n".join([b"Content-Type: " + kind, *head, b"", content])


def as_answer(raw: bytes, notice: str) -> bytes:
    """The same mail as an agent's answer to that notice, with the word of a trusted server that it is his.

    Where its own From, results or references are what is hostile, they stay beside that.
    """
    head, gap, body = raw.partition(b"\r\n\r\n")
    agent = AGENT.encode()
    head = head.replace(b"Erin Example <erin@visitor.example>", b"Jane Roe <%s>" % agent)
    head = head.replace(b"Return-Path: <erin@visitor.example>", b"Return-Path: <%s>" % agent)
    proof = b"Authentication-Results: mx.helpdesk.example; dmarc=pass header.from=helpdesk.example\r\n"
    thread = b"In-Reply-To: %b\r\nReferences: %b\r\n" % (notice.encode(), notice.encode())
    return proof + thread + _OWN_ID.sub(rb"\1answer-", head, count=1) + gap + body

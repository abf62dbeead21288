"""The corpus: realistic mails with the truth beside each, the same bytes for the same seed."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from bench.mime import Writing, attached, inline, joined, page, prose, writing_of
from bench.odd import BROKEN, Headers, automatic_headers, bounce_body
from bench.people import Person, person
from bench.plan import Wish, plan

DESK: Final = "support@helpdesk.example"
SEED: Final = 4
#: Bytes. Log-normal; cut at the largest, the mean is 39 KB only with this spread.
MEDIAN: Final = 5_000
SPREAD: Final = 2.2
SMALLEST: Final = 800
LARGEST: Final = 1_000_000
#: From this size on, the chance that a mail has attachments; a quarter of all has.
ATTACHED: Final = ((64_000, 1.0), (8_000, 0.4), (3_000, 0.08))
_HEAD: Final = 1_400  # about the bytes of the headers
_LONGEST_TEXT: Final = 9_000  # of a mail with attachments
_BEGIN: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a mail is and what must become of it."""

    wish: Wish
    message_id: str
    sender: str
    charset: str
    language: str  # a key of words.TONGUES
    attachments: int


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the corpus."""

    raw: bytes
    truth: Truth


def corpus(count: int, seed: int = SEED, above: int = 0) -> Iterator[Mail]:
    """`count` mails in the order of their arrival, one at a time in memory; the numbers in them lie `above`."""
    for wish in plan(count, seed):
        yield _mail(wish if wish.number is None else replace(wish, number=wish.number + above), seed)


def number(running: int) -> str:
    """A case number as it stands in mails: both programs number so."""
    return f"SR-{running}"


def message_id(index: int, seed: int) -> str:
    """Of the mail of that index, as its answers name it."""
    return f"<{random.Random(f'{seed}/id/{index}').getrandbits(64):016x}.{index}@mail.example>"


@dataclass(frozen=True, slots=True)
class _Letter:
    """Everything that goes into the bytes of one mail."""

    wish: Wish
    seed: int
    rng: random.Random
    who: Person
    writing: Writing
    size: int

    @property
    def attachments(self) -> int:
        """How many it gets, inline images not counted."""
        if self.wish.form == "bounce":
            return 0
        chance = next((one for least, one in ATTACHED if self.size >= least), 0.0)
        picked = random.Random(f"{self.seed}/attached/{self.wish.index}")
        return picked.choice((1, 1, 1, 2, 3)) if picked.random() < chance else 0


def _mail(wish: Wish, seed: int) -> Mail:
    rng = random.Random(f"{seed}/mail/{wish.index}")
    who = person(wish.person, seed, junk=wish.kind == "blacklisted")
    size = int(min(max(rng.lognormvariate(math.log(MEDIAN), SPREAD), SMALLEST), LARGEST))
    letter = _Letter(wish, seed, rng, who, writing_of(who.tongue, rng), size)
    headers = "".join(f"{name}: {value}\r\n" for name, value in _headers(letter).items() if value)
    raw = headers.encode() + (bounce_body(wish.index) if wish.form == "bounce" else _body(letter))
    if wish.kind == "malformed":
        raw = tuple(BROKEN.values())[int(wish.form) % len(BROKEN)](raw)
    own_id = message_id(wish.index, seed)
    truth = Truth(wish, own_id, who.address, letter.writing.charset, who.tongue.code, letter.attachments)
    return Mail(raw, truth)


def _headers(letter: _Letter) -> Headers:
    wish, who = letter.wish, letter.who
    at = format_datetime(_BEGIN + timedelta(seconds=7 * wish.index))
    headers = {
        "Return-Path": f"<{who.address}>",
        "Delivered-To": DESK,
        **_travel(letter, at),
        "Date": at,
        "From": f"{letter.writing.word(who.name)} <{who.address}>",
        "To": DESK,
        "Subject": _subject(letter),
        "Message-ID": message_id(wish.index, letter.seed),
        **_answering(wish, letter.seed),
        "X-Mailer": letter.rng.choice(("Outlook 16.0", "Thunderbird 128.5", "Apple Mail 2.3774", "K-9 Mail 6.8")),
        "MIME-Version": "1.0",
    }
    if wish.kind == "automatic":
        headers |= automatic_headers(wish.form, wish.index, letter.writing.word(who.tongue.away))
    content = headers.pop("MIME-Version")
    return {**headers, "MIME-Version": content}


def _travel(letter: _Letter, at: str) -> Headers:
    """What servers on the way put on top; the smallest mails came a short way."""
    rng, domain = letter.rng, letter.who.domain
    received = (
        f"from out.{domain} (out.{domain} [192.0.2.{rng.randrange(250)}])\r\n"
        f"\tby mx.helpdesk.example with ESMTPS id {rng.getrandbits(48):012x}\r\n\tfor <{DESK}>; {at}"
    )
    if letter.size < 2_000:
        return {"Received": received}
    hop = f"from [10.0.0.{rng.randrange(250)}] by out.{domain} with ESMTPSA id {rng.getrandbits(40):010X};\r\n\t{at}"
    signature = "\r\n\t ".join(f"{rng.getrandbits(256):064x}" for _ in range(5))
    signed = f"d={domain};\r\n\ts=mail; h=from:to:subject:date:message-id;\r\n\tb={signature}"
    return {
        "Received": f"{received}\r\nReceived: {hop}",
        "DKIM-Signature": f"v=1; a=rsa-sha256; c=relaxed/relaxed; {signed}",
        "X-Spam-Status": "No, score=-1.9 required=5.0 tests=BAYES_00,DKIM_SIGNED,DKIM_VALID",
    }


def _subject(letter: _Letter) -> str:
    wish, tongue, word = letter.wish, letter.who.tongue, letter.writing.word
    subject = f"{letter.rng.choice(tongue.subjects)} {letter.rng.randrange(1000)}"
    if wish.kind == "subject" and wish.number is not None:
        return f"{tongue.reply}: [{number(wish.number)}] {word(subject)}"
    return f"{tongue.reply}: {word(subject)}" if wish.chain and tongue.reply.isascii() else word(subject)


def _answering(wish: Wish, seed: int) -> Headers:
    """In-Reply-To and References; some programs write only one of them."""
    if not wish.chain:
        return {}
    ids = [message_id(index, seed) for index in wish.chain]
    both = {"In-Reply-To": ids[-1], "References": "\r\n ".join(ids)}
    left_out = {"references": "In-Reply-To", "in_reply_to": "References"}.get(wish.form, "")
    return {name: value for name, value in both.items() if name != left_out}


def _body(letter: _Letter) -> bytes:
    """Text, half of it with HTML beside it, and what hangs on it."""
    rng, writing, wish = letter.rng, letter.writing, letter.wish
    room, files = max(letter.size - _HEAD, 60), letter.attachments
    text_room = min(room, _LONGEST_TEXT) if files else room
    marked_up = rng.random() < 0.55 and text_room > 1_500
    text = _text(letter, text_room // 3 if marked_up else text_room)
    if not marked_up and not files:
        return writing.part(text)
    main, left = writing.part(text), room - text_room
    if marked_up:
        image = f"image{wish.index}@mail.example" if files and rng.random() < 0.3 else ""
        html = writing.part(page(writing, text, image), "html")
        if image:
            html = joined("related", (html, inline(left // 3, image, rng)), f"=_rel{wish.index}")
            left -= left // 3
        main = joined("alternative", (main, html), f"=_alt{wish.index}")
    hung = [attached(left // files, letter.who.tongue, rng) for _ in range(files)]
    return joined("mixed", (main, *hung), f"=_mix{wish.index}") if files else main


def _text(letter: _Letter, octets: int) -> str:
    wish, rng, writing = letter.wish, letter.rng, letter.writing
    named = f"{number(wish.number)}: " if wish.kind == "body" and wish.number is not None else ""
    if not wish.chain:
        return named + prose(writing, octets, rng)
    quoted = "\r\n".join(f"> {line}" for line in prose(writing, octets // 2, rng).splitlines())
    return f"{prose(writing, octets // 2, rng)}\r\n{DESK}:\r\n{quoted}\r\n"

"""The parts of a mail in bytes: texts in their character sets, HTML, attachments, encoded header words."""

import random
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bench.words import Tongue

CRLF: Final = b"\r\n"
_PAGE: Final = (
    '<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"><style>\r\n'
    "p.MsoNormal, li.MsoNormal {{margin:0cm; font-size:11.0pt; font-family:Calibri,sans-serif;}}\r\n"
    "</style></head><body>\r\n{body}\r\n</body></html>\r\n"
)
_TYPES: Final = (
    ("pdf", "application/pdf"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("txt", "text/plain"),
    ("zip", "application/zip"),
)


@dataclass(frozen=True, slots=True)
class Writing:
    """How somebody's program writes text."""

    tongue: Tongue
    charset: str
    encoding: str  # 7bit, 8bit, quoted-printable, base64

    def encoded(self, text: str) -> bytes:
        """The text as it stands in a part."""
        octets = text.encode(self.charset, "replace")
        if self.encoding == "base64":
            return lines_of_base64(octets)
        if self.encoding == "quoted-printable":
            return b2a_qp(octets.replace(CRLF, b"\n"), istext=True).replace(b"\n", CRLF)
        return octets

    def part(self, text: str, subtype: str = "plain") -> bytes:
        """A text part, headers and all."""
        return (
            f"Content-Type: text/{subtype}; charset={self.charset}\r\n"
            f"Content-Transfer-Encoding: {self.encoding}\r\n\r\n"
        ).encode() + self.encoded(text)

    def word(self, text: str) -> str:
        """A header's text: as it is, or as encoded words (RFC 2047) of at most ten characters."""
        if text.isascii():
            return text
        pieces = [text[start : start + 10] for start in range(0, len(text), 10)]
        return "\r\n ".join(
            f"=?{self.charset}?B?{b64encode(piece.encode(self.charset)).decode()}?=" for piece in pieces
        )


def writing_of(tongue: Tongue, rng: random.Random) -> Writing:
    """A character set of the language, and an encoding that programs use for it."""
    charset = rng.choice(tongue.charsets)
    if charset in ("us-ascii", "iso-2022-jp"):
        return Writing(tongue, charset, "7bit")
    if max(tongue.sentences[0]) > "\u024f":  # beyond Latin, quoted-printable would triple it
        return Writing(tongue, charset, rng.choice(("base64", "base64", "8bit")))
    return Writing(tongue, charset, rng.choice(("quoted-printable", "quoted-printable", "8bit", "base64")))


def lines_of_base64(octets: bytes) -> bytes:
    """RFC 2045 6.8, lines of 76."""
    flat = b64encode(octets)
    return CRLF.join(flat[start : start + 76] for start in range(0, len(flat), 76)) + CRLF


def prose(writing: Writing, octets: int, rng: random.Random) -> str:
    """Sentences that take about so many bytes once encoded; at least one."""
    sample = "\r\n".join(writing.tongue.sentences)
    wanted = int(octets * len(sample) / max(len(writing.encoded(sample)), 1))
    lines: list[str] = []
    while wanted > 0 or not lines:
        lines.append(rng.choice(writing.tongue.sentences))
        wanted -= len(lines[-1]) + 2
    return "\r\n".join(lines) + "\r\n"


def page(writing: Writing, text: str, image: str = "") -> str:
    """The text as Outlook would mark it up, with an inline image's content id."""
    rows = [f'<p class="MsoNormal"><span lang="x">{line}</span></p>' for line in text.splitlines()]
    if image:
        rows.append(f'<img width="240" src="cid:{image}">')
    return _PAGE.format(charset=writing.charset, body="\r\n".join(rows))


def joined(subtype: str, parts: Sequence[bytes], boundary: str) -> bytes:
    """A multipart, headers and all."""
    border = f"--{boundary}".encode()
    body = b"".join(border + CRLF + part + CRLF for part in parts)
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + body + border + b"--" + CRLF


def attached(octets: int, tongue: Tongue, rng: random.Random) -> bytes:
    """A file that takes about so many bytes, its name in the sender's language."""
    ending, kind = rng.choice(_TYPES)
    name = quote(f"{rng.choice(tongue.subjects)}.{ending}")
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{name}\r\n\r\n"
    )
    return head.encode() + lines_of_base64(rng.randbytes(_raw(octets)))


def inline(octets: int, content_id: str, rng: random.Random) -> bytes:
    """An image that the text shows."""
    head = (
        "Content-Type: image/png; name=image001.png\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{content_id}>\r\nContent-Disposition: inline; filename=image001.png\r\n\r\n"
    )
    return head.encode() + lines_of_base64(b"\x89PNG\r\n\x1a\n" + rng.randbytes(_raw(octets)))


def _raw(octets: int) -> int:
    """Bytes before base64 with its line ends."""
    return max(octets * 57 // 78, 40)

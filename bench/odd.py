"""Mails that no person writes so: automatic ones, and ones that are broken as real ones are."""

from collections.abc import Callable, Mapping
from typing import Final

Headers = dict[str, str]


def automatic_headers(form: str, index: int, away: str) -> Headers:
    """What marks an automatic mail of that form (plan.AUTOMATIC); later ones replace earlier ones of the name."""
    if form in ("away", "away_thread"):
        return {"Subject": away, "Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    if form == "notification":
        return {"Auto-Submitted": "auto-generated", "X-Mailer": "monitor 3.2"}
    if form == "list":
        return {"List-Id": "<users.list.example>", "List-Post": "<mailto:users@list.example>", "Precedence": "list"}
    return {
        "Return-Path": "<>",
        "From": f"Mail Delivery System <MAILER-DAEMON@mx{index}.example>",
        "Subject": "Undelivered Mail Returned to Sender",
        "Auto-Submitted": "auto-replied",
    }


def bounce_body(index: int) -> bytes:
    """A delivery report (RFC 3464) of a mail that nobody here sent."""
    return (
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="r{index}"\r\n\r\n'
        f"--r{index}\r\nContent-Type: text/plain\r\n\r\nI am sorry to have to inform you that it failed.\r\n"
        f"--r{index}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx{index}.example\r\n\r\n"
        f"Final-Recipient: rfc822; gone{index}@visitor.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--r{index}\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <lost{index}@elsewhere.example>\r\n\r\n"
        f"--r{index}--\r\n"
    ).encode()


def _header(name: bytes, line: bytes) -> Callable[[bytes], bytes]:
    """Put another line in the place of a header."""

    def broken(raw: bytes) -> bytes:
        head, border, body = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        start = next((n for n, one in enumerate(lines) if one.startswith(name)), len(lines))
        end = start + 1
        while end < len(lines) and lines[end][:1] in b" \t":
            end += 1
        lines[start:end] = [line] if line else []
        return b"\r\n".join(lines) + border + body

    return broken


def _body(content: bytes) -> Callable[[bytes], bytes]:
    """Put other content headers and another body in the place of what stood there."""

    def broken(raw: bytes) -> bytes:
        head = raw.partition(b"\r\n\r\n")[0]
        kept = head[: head.find(b"\r\nContent-Type:")]
        return kept + b"\r\n" + content

    return broken


#: By name: what is done to a good mail.
BROKEN: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "charset_unknown": _body(b"Content-Type: text/plain; charset=x-unknown-8bit\r\n\r\nGr\xfc\xdfe aus K\xf6ln\r\n"),
    "from_cr_in_word": _header(b"From:", b"From: =?utf-8?q?A=0DB?= <broken-cr@visitor.example>"),
    "date_absurd": _header(b"Date:", b"Date: Fri, 99 Foo 20266 25:61:00 +9999"),
    "boundary_open": _body(
        b'Content-Type: multipart/mixed; boundary="open"\r\n\r\n--open\r\nContent-Type: text/plain\r\n\r\nIt just ends'
    ),
    "base64_cut": _body(
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd29y*!\r\n=\r\n"
    ),
    "subject_8bit": _header(b"Subject:", b"Subject: Dr\xfccker kl\xe4mmt"),
    "id_empty": _header(b"Message-ID:", b"Message-ID: <>"),
    "id_missing": _header(b"Message-ID:", b""),
    "date_missing": _header(b"Date:", b""),
    "from_missing": _header(b"From:", b""),
    "from_group": _header(b"From:", b"From: undisclosed senders:;"),
    "nul_in_body": _body(b"Content-Type: text/plain\r\n\r\nbefore\x00after\r\n"),
    "no_colon": _header(b"MIME-Version:", b"this line is no header\r\nX-After: yes"),
    "bare_lf": lambda raw: raw.replace(b"\r\n", b"\n"),
}

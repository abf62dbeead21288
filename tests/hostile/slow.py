"""Mails on which a pattern that backtracks, or a loop in a loop, would never end (F33)."""

from base64 import b64encode
from typing import Final

from tests.hostile.of import Hostile, mail

_MANY: Final = 50_000
#: Words in the subject and, the same, in the body: what number masks, prefixes and lists of phrases search.
_TEXTS: Final = {
    "masks": b"SR-" * _MANY,
    "mask and zeros": b"SR-" + b"0" * 3 * _MANY + b"x",
    "mask and digits": b"SR-" + b"9" * 3 * _MANY,
    "masks with neighbours": b"xSR-1-" * _MANY,
    "20,000 numbers": b" ".join(b"SR-%d" % at for at in range(20_000)),
    "brackets": b"[" * _MANY + b"SR-1" + b"]" * _MANY,
    "prefixes": b"Re: " * _MANY,
    "prefixes with numbers": b"Re[2]: AW: " * _MANY,
    "prefix and blanks": b"re: " + b" " * 3 * _MANY + b"x",
    "bounce phrases": b"mail delivery failed " * 8_000,
    "away phrases": b"out of office until " * 8_000,
    "blanks": b"a" + b" " * 3 * _MANY + b"b",
    "tabs and blanks": b" \t" * _MANY + b"!",
    "digits": b"1" * 3 * _MANY + b"!",
    "colons": b"a:" * _MANY,
    "commas": b"a," * _MANY,
    "marks of ours": b"[ref:c7.m" * 20_000,
    "combining marks": ("a" + "\u0301" * _MANY).encode(),
}
#: What an agent may write above his words, as commands and as what looks like them; read in the writer's transaction.
ORDERS: Final = {
    "hashes": b"#" * 3 * _MANY,
    "hashes before a command": b"#" * 3 * _MANY + b"note",
    "hashes and blanks": b"# " * _MANY,
    "hashes and marks": b"*_#" * _MANY + b"x",
    "blanks nobody sees": " \u200b".encode() * _MANY + b"x",
    "blanks nobody sees behind": b"#note x" + " \u200b".encode() * _MANY,
    "marks in a command": b"#a" + "\u0301\u0316".encode() * _MANY,
    "marks behind a command": b"#assign a" + "\u0301\u0316".encode() * _MANY,
    "letters in a command": b"#" + b"a" * 3 * _MANY,
    "letters behind a command": b"#priority " + b"a" * 3 * _MANY,
    "10,000 commands": b"#priority low\r\n#priority high\r\n" * 5_000,
    "50,000 hashes in lines": b"#\r\n" * _MANY,
    "half marks of ours": b"c1.m" * _MANY,
    "labels of a forwarded mail": b"From: [mailto:a\r\nTo: b\r\nSubject: c\r\n" * 5_000,
}
#: Headers that scanners of addresses, ids, results and dates read.
_HEADERS: Final = {
    "parens in From": ("From", b"(" * _MANY),
    "closed parens in From": ("From", b"(" * _MANY + b")" * _MANY + b" <erin@visitor.example>"),
    "backslashes in From": ("From", b'"' + b"\\" * _MANY),
    "quotes in From": ("From", b'"' * _MANY + b" <erin@visitor.example>"),
    "ats in From": ("From", b"a@" * _MANY),
    "dots in From": ("From", b"a" + b"." * _MANY + b"@visitor.example"),
    "groups in From": ("From", b"a:" * _MANY + b";"),
    "brackets in From": ("From", b"<" * _MANY + b"erin@visitor.example" + b">" * _MANY),
    "labels in From": ("From", b"erin@" + b"a." * _MANY + b"example"),
    "punycode in From": ("From", b"erin@xn--" + b"a" * _MANY + b".example"),
    "brackets in references": ("References", b"<" * _MANY),
    "no end in references": ("References", b"<a" * _MANY + b">"),
    "brackets in the message id": ("Message_ID", b"<" * _MANY + b">"),
    "date": ("Date", b"Tue, " * _MANY),
    "date in parens": ("Date", b"(" * _MANY),
    "digits in date": ("Date", b"1" * _MANY),
    "results": ("Authentication_Results", b"mx.helpdesk.example; " + b"dmarc=(" * 20_000),
    "results with comments": ("Authentication_Results", b"mx.helpdesk.example " + b"(" * _MANY),
    "received": ("Received", b"from " * _MANY),
    "auto-submitted": ("Auto_Submitted", b"(" * _MANY),
    "suppress": ("X_Auto_Response_Suppress", b"," * _MANY),
    "list id": ("List_Id", b"<" * _MANY),
    "type": ("Content_Type", b"text/" * _MANY),
    "quotes in the type": ("Content_Type", b'text/plain; a="' + b'\\"' * _MANY),
    "priority": ("X_Priority", b"1 (" * _MANY),
    "half words": ("Subject", b"=?utf-8?q?" * 20_000),
    "words without end": ("Subject", b"=?utf-8?b?" + b64encode(b"a" * _MANY)),
}


def _text(name: str, text: bytes) -> Hostile:
    # Two name SR-1, which may be there: then they join it.
    outcome = {"away phrases": "ignored", "20,000 numbers": "", "brackets": ""}.get(name, "created")
    return Hostile(f"slow: {name}", lambda: mail(name, text + b"\r\n", Subject=text), outcome)


def _order(name: str, text: bytes) -> Hostile:
    return Hostile(f"slow: {name}", lambda: mail(name, text + b"\r\n", Subject=b"Fwd: a printer"))


def _carried(name: str, value: bytes) -> Hostile:
    inner = b"From: " + value + b"\r\n\r\nx\r\n"
    return Hostile(f"slow: {name}", lambda: mail(name, inner, Content_Type=b"message/rfc822"))


def _header(name: str, field: str, value: bytes) -> Hostile:
    return Hostile(f"slow: {name}", lambda: mail(name, **{field: value}))


SLOW: Final = (
    *(_text(name, text) for name, text in _TEXTS.items()),
    *(_order(name, text) for name, text in ORDERS.items()),
    _carried("links in From of a carried mail", b"[mailto:" * _MANY),
    _carried("links with angles in From of a carried mail", b"<mailto:" * _MANY),
    *(_header(name, field, value) for name, (field, value) in _HEADERS.items()),
)

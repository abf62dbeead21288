"""Addresses: the one form in which they are compared, and a parser of address lists for hostile headers.

`email.utils.parseaddr` is never used: on CPython 3.11.7 it takes the wrong address out of
`alice@customer.example)<mallory@evil.example>` (CVE-2023-27043). This scanner looks at each
character at most three times, whatever it reads.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import idna

from mailcase.intake.texts import clean_line
from mailcase.intake.words import decode_words
from mailcase.message import Address

LONGEST_HEADER: Final = 262_144  # characters of an address header that are read
MOST: Final = 10_000  # addresses of one header: about as many as LONGEST_HEADER holds of usual length
_LONGEST_ADDRESS: Final = 998
_LONGEST_DOMAIN: Final = 255  # RFC 5321 4.5.3.1.2
_LONGEST_NAME: Final = 400
# Most headers look like these; the scanner below reads everything else.
_SPEC: Final = r"[A-Za-z0-9!#$%&*+/=?^_{|}~.-]+@[A-Za-z0-9.-]+"
_PLAIN: Final = re.compile(rf"([A-Za-z0-9 .'_-]*)<({_SPEC})>\s*")
_BARE: Final = re.compile(_SPEC)
# What no two readers read differently: one mailbox, its name of plain words, or encoded ones in UTF-8 or 8-bit sets.
_ATOMS: Final = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
_CHARSETS: Final = r"(?:utf-8(?!\?b\?77u/|\?q\?=ef=bb=bf)|iso-8859-(?:1|2|5|7|15)|windows-125[0-8]|koi8-r)"
_ENCODED: Final = rf"=\?{_CHARSETS}\?(?:b\?[a-z0-9+/]{{2,50}}={{0,2}}|q\?[a-z0-9_=*!/+-]{{1,50}})\?="
_WORD: Final = rf"(?:[a-z0-9'-]+|{_ENCODED})"
_CLEAR: Final = re.compile(rf"((?i:{_WORD}(?: {_WORD})*) )?<({_ATOMS}@{_ATOMS})>|({_ATOMS}@{_ATOMS})")
_SHORT: Final = 200  # characters
_PIECES: Final = re.compile(r"[^\\\"()<>,;:]+|.", re.S)


@lru_cache(maxsize=8192)
def key_of(address: str) -> str:
    """The form of an address that is compared everywhere (B4, B6); "" where nothing is left.

    Local part unquoted and lower case, comments stripped, domain by UTS 46 as lower-case A-labels
    without a trailing dot. Takes an addr-spec, with or without angle brackets; never raises.
    """
    if len(address) < _SHORT and address.isascii() and _BARE.fullmatch(address):
        local, _, domain = address.lower().rpartition("@")
        return f"{local}@{named}" if (named := domain.rstrip(".")) else local
    local, domain = _split(clean_line(address[: 2 * _LONGEST_ADDRESS])[:_LONGEST_ADDRESS])
    local = unicodedata.normalize("NFKC", _visible(local)).lower().strip()
    domain = _domain_key(domain)
    return f"{local}@{domain}" if domain else local


def _visible(local: str) -> str:
    """Without backslashes and what no reader sees (soft hyphen, zero-width blanks): they evade no blacklist (B6)."""
    plain = local.replace("\\", "")
    return plain if plain.isascii() else "".join(char for char in plain if unicodedata.category(char) != "Cf")


def without_tag(key: str) -> str:
    """The key without its +tag: support+x@example.com is support@example.com (B4)."""
    local, at, domain = key.rpartition("@")
    name, plus, _ = local.partition("+")
    return f"{name}{at}{domain}" if plus and name else key


def _split(address: str) -> tuple[str, str]:
    """Local part (unquoted) and domain of an addr-spec, comments and free white space left out."""
    scan = _scan(address)
    item = scan[-1] if scan else _Item()
    spec = item.spec()
    at = spec.rfind("@")
    return (_unquoted(spec[:at]), spec[at + 1 :]) if at >= 0 else (_unquoted(spec), "")


def _unquoted(local: str) -> str:
    if '"' not in local:
        return local
    out: list[str] = []
    escaped = False
    for char in local:
        if escaped or char not in '"\\':
            out.append(char)
            escaped = False
        else:
            escaped = char == "\\"
    return "".join(out)


def _domain_key(domain: str) -> str:
    domain = domain.strip().rstrip(".\u3002\uff0e\uff61").lower()
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain[:_LONGEST_DOMAIN], uts46=True).decode("ascii").lower().rstrip(".")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return unicodedata.normalize("NFKC", domain).lower().rstrip(".")


def parse_addresses(value: str) -> tuple[Address, ...]:
    """The addresses of a header's text as it came (unfolded, encoded words not yet decoded).

    Group names are left out and their members kept. A word without "@" counts as an address where
    none has one (From: MAILER-DAEMON); a phrase without one does not. Never raises.
    """
    value = value[:LONGEST_HEADER]
    if len(value) < _SHORT:
        if _BARE.fullmatch(value):
            return (Address("", value, key_of(value)),)
        plain = _PLAIN.fullmatch(value)
        if plain is not None:
            return (Address(plain[1].strip(), plain[2], key_of(plain[2])),)
    found = _addresses(value)
    if not found and "=?" in value:  # some senders encode the whole mailbox, address and all
        found = _addresses(decode_words(value))
    return found


def clear_mailbox(value: str) -> Address | None:
    """The one mailbox of a header that is so regular that no two readers differ on it, else None."""
    found = _CLEAR.fullmatch(value) if len(value) < _SHORT else None
    if found is None:
        return None
    spec = found[2] or found[3]
    encoded = (found[1] or "").strip()
    name = clean_line(decode_words(encoded))
    if "=?" in name or "\ufffd" in name or name == spec or (encoded and not name):
        return None
    if "8859-1?" in encoded and max(name) > "\xff":  # Windows' characters under that name: we believe it is meant
        return None
    return Address(name, spec, key_of(spec))


def _addresses(value: str) -> tuple[Address, ...]:
    made = tuple(address for item in _scan(value)[:MOST] if (address := item.address()) is not None)
    # `Roe, Jane <jane@x.example>`: a comma in a name that nobody quoted makes no second person.
    return tuple(one for one in made if "@" in one.key) or made


@dataclass(slots=True)
class _Item:
    """One member of the list while it is read."""

    phrase: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: list[str] | None = None

    def spec(self) -> str:
        """The addr-spec: what stands in angle brackets, else the word that looks like one."""
        if self.angle is not None and ("".join(self.angle).strip() or not self._is_robot()):
            return _without_route(_squeezed("".join(self.angle)))
        text = "".join(self.phrase).strip()
        if "@" in text:
            text = _squeezed(text)
        return _word_with_at(text)

    def _is_robot(self) -> bool:
        """`MAILER-DAEMON <>`: the null path of a bounce, its robot named beside it."""
        word = "".join(self.phrase).strip().lower()
        return word in ("mailer-daemon", "mail-daemon", "postmaster")

    def address(self) -> Address | None:
        spec = self.spec()[:_LONGEST_ADDRESS]
        key = key_of(spec) if spec else ""
        if not key or key.startswith("@") or (spec.startswith("=?") and spec.endswith("?=")):
            return None
        if self.angle is None and " " in key and "@" not in key:  # a phrase, no address
            return None
        return Address(self.name(spec), clean_line(spec), key)

    def name(self, spec: str) -> str:
        """The display name, decoded: the phrase, else the comment (`joe@x.example (Joe)`)."""
        text = "".join(self.phrase)
        if self.angle is None:
            text = "" if _squeezed(text.strip()) == spec else text.replace(spec, " ")
        text = _unquoted(text).strip() or "".join(self.comment)
        name = clean_line(decode_words(text[: 10 * _LONGEST_NAME]))[:_LONGEST_NAME].strip()
        return "" if name == spec or name.endswith("?=") else name  # the rest of an encoded word cut by a comma


def _squeezed(text: str) -> str:
    """Without the white space that RFC 5322 allows around "@" and "." (obs-local-part)."""
    if " " not in text and "\t" not in text:
        return text
    quoted = text.count('"') >= 2
    words = text.split() if not quoted else [text.strip()]
    out = words[0] if words else ""
    pieces = [out]
    for word in words[1:]:
        glue = "" if word[0] in "@." or pieces[-1][-1] in "@." else " "
        pieces.append(glue + word)
    return "".join(pieces)


def _without_route(text: str) -> str:
    """`@relay.example,@hub.example:joe@x.example` is joe@x.example (RFC 5322 4.4)."""
    if text.startswith("@") and ":" in text:
        text = text.partition(":")[2].strip()
    return text.removeprefix("mailto:")


def _word_with_at(text: str) -> str:
    """Of `Joe joe@x.example` the address; a text without such a word is given back."""
    if '"' in text or " " not in text:
        return text
    words = [word for word in text.split() if "@" in word]
    return words[0] if len(words) == 1 else text


def _scan(value: str) -> list[_Item]:
    """Split at the commas and semicolons that are structure; a quote or comment left open is text."""
    quotes = comments = True
    while True:
        scanner = _Scanner(quotes, comments)
        items = scanner.run(value)
        if scanner.quote and quotes:
            quotes = False
        elif scanner.depth and comments:
            comments = False
        else:
            return items


class _Scanner:
    """A pass over the header; its states are quote, comment depth, angle bracket, escape."""

    def __init__(self, quotes: bool, comments: bool) -> None:
        self.quotes, self.comments = quotes, comments
        self.quote = self.inside = self.escaped = False
        self.depth = 0
        self.item = _Item()
        self.items: list[_Item] = []

    def run(self, value: str) -> list[_Item]:
        for char in _PIECES.findall(value):  # a character of the grammar, or a run of others
            if self.escaped:
                self.escaped = False
                self._keep("\\" + char if not self.depth else char)
            elif char == "\\" and (self.quote or self.depth):
                self.escaped = True
            elif self.depth:
                self._comment(char)
            elif self.quote:
                self.quote = char != '"'
                self._keep(char)
            else:
                self._plain(char)
        self._end()
        return self.items

    def _keep(self, text: str) -> None:
        if self.depth:
            self.item.comment.append(text)
        elif self.inside and self.item.angle is not None:
            self.item.angle.append(text)
        else:
            self.item.phrase.append(text)

    def _comment(self, char: str) -> None:
        self.depth += (char == "(") - (char == ")")
        if self.depth:
            self.item.comment.append(char)

    def _plain(self, char: str) -> None:
        if char == '"' and self.quotes:
            self.quote = True
            self._keep(char)
        elif char == "(" and self.comments:
            self.depth = 1
        elif char == "<":
            self._open()
        elif char == ">":
            self.inside = False
        elif not self.inside and char in ",;:":
            self._separator(char)
        else:
            self._keep(char)

    def _open(self) -> None:
        """Of several angle brackets the last is the mailbox: `Joe <joe@x> via List <list@y>`."""
        if self.item.angle:
            self.item.phrase += ["<", *self.item.angle, ">"]
        self.item.angle = []
        self.inside = True

    def _separator(self, char: str) -> None:
        if char == ":":  # the name of a group
            self.item = _Item()
        else:
            self._end()

    def _end(self) -> None:
        if self.item.phrase or self.item.angle:
            self.items.append(self.item)
        self.item = _Item()
        self.inside = False

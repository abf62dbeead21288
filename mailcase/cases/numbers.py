"""Case numbers: formatting by the mask and finding them in text (B7.4, B10)."""

import re
from dataclasses import dataclass
from typing import Final

from mailcase.subjects import base_subject

_TEMPLATE: Final = re.compile(r"\{0(?::0([1-9][0-9]?)d)?\}")
_REFERENCE: Final = frozenset({"ref"})  # a prefix of answers to some, to others the usual word before a number
_LONGEST_LITERAL: Final = 40
_MOST_FOUND: Final = 20


@dataclass(frozen=True, slots=True)
class Mask:
    """A number mask such as `SR-{0}` or `SR-{0:06d}`, compiled from its template.

    Raises:
        ValueError: from `parse`, with what is wrong, for a person.
    """

    template: str
    prefix: str
    suffix: str
    width: int
    pattern: re.Pattern[str]
    needle: bytes  # ASCII in lower case: a text without it, in lower case, has no such number

    @classmethod
    def parse(cls, template: str) -> "Mask":
        """Compile a template; it holds `{0}` or `{0:0Nd}` once and no other brace."""
        found = list(_TEMPLATE.finditer(template))
        if len(found) != 1:
            raise ValueError(f"mask {template!r} needs exactly one {{0}}, such as SR-{{0}} or SR-{{0:06d}}")
        prefix, suffix = template[: found[0].start()], template[found[0].end() :]
        literals = prefix + suffix
        if "{" in literals or "}" in literals:
            raise ValueError(f"mask {template!r} has a brace that is not {{0}}")
        if len(literals) > _LONGEST_LITERAL or not literals.isprintable():
            raise ValueError(f"mask {template!r}: at most {_LONGEST_LITERAL} printable characters beside {{0}}")
        if not any(char.isalpha() for char in literals):
            raise ValueError(f"mask {template!r} has no letter: it would join every number in a mail to a case")
        stands = prefix if prefix.strip(" :").lower() in _REFERENCE else base_subject(prefix).text
        if not any(char.isalpha() for char in stands + suffix):
            raise ValueError(f"mask {template!r} is a reply prefix: every answer would have it; take SR-{{0}}")
        if prefix[-1:].isdigit() or suffix[:1].isdigit():
            raise ValueError(f"mask {template!r}: a digit beside {{0}} cannot be told from the number")
        return cls(template, prefix, suffix, int(found[0][1] or 0), _compile(prefix, suffix), _needle(prefix, suffix))

    @property
    def literals(self) -> int:
        """How many literal characters it has; the body is searched from two on (B7.5)."""
        return len(self.prefix) + len(self.suffix)

    def format(self, running: int) -> str:
        """The number of the case with this running number."""
        return f"{self.prefix}{running:0{self.width}d}{self.suffix}"

    def find(self, text: str) -> list[tuple[int, int]]:
        """(position, running number) of each number in the text, in reading order, at most 20."""
        hits: list[tuple[int, int]] = []
        for found in self.pattern.finditer(text):
            digits = found[1]
            running = int(digits)
            if len(digits) >= self.width and 0 < running < 2**62:
                hits.append((found.start(), running))
            if len(hits) == _MOST_FOUND:
                break
        return hits


def _compile(prefix: str, suffix: str) -> re.Pattern[str]:
    """Linear by construction: literals, one run of digits, and fixed look-arounds."""
    return re.compile(
        rf"(?<![A-Za-z0-9_-]){_any_case(prefix)}([0-9]{{1,18}}){_any_case(suffix)}"
        r"(?![A-Za-z0-9_-])(?!\.[0-9])",
        re.ASCII,
    )


def _needle(prefix: str, suffix: str) -> bytes:
    """The longest ASCII piece of the literals in lower case; b"" where there is none."""
    pieces = re.split(r"[^\x00-\x7f]+", prefix) + re.split(r"[^\x00-\x7f]+", suffix)
    return max(pieces, key=len).lower().encode("ascii")


def _any_case(literal: str) -> str:
    """A pattern for the literal in which ASCII and other cased letters match in both cases."""
    return "".join(_either(char) for char in literal)


def _either(char: str) -> str:
    lower, upper = char.lower(), char.upper()
    if lower == upper or len(lower) != 1 or len(upper) != 1:
        return re.escape(char)
    return f"[{re.escape(lower)}{re.escape(upper)}]"


def find_numbers(masks: tuple[Mask, ...], text: str) -> tuple[int, ...]:
    """Running numbers that any mask finds in the text, reading order, without repeats."""
    # Most texts hold no number; of octets that is found out ten times as fast.
    lower = text.encode("utf-8", "replace").lower()
    hits = sorted(hit for mask in masks if mask.needle in lower for hit in mask.find(text))
    return tuple(dict.fromkeys(running for _, running in hits))

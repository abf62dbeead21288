"""Clean text: nothing in it that a store, a log, a header or a terminal could trip over."""

import re
from typing import Final

# NUL and the other C0 controls but tab and newline, DEL, C1, lone surrogates (reliability.md 2)
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Of these, what a person's words have only where they are of another encoding: they cannot be read without it.
_FOREIGN: Final = re.compile("[\x00\ud800-\udfff]")
_SPACES: Final = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """The text with "\\n" as its only line end and without forbidden characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():  # quick, and true of most mail
        return text
    return _FORBIDDEN.sub("", text)


def why_no_text(text: str) -> str:
    """Why a person's words cannot be read, and the cure; "" where they can.

    A lone surrogate stands for a byte that is no UTF-8, a NUL for text in UTF-16: without them other words are left.
    """
    found = _FOREIGN.search(text)
    if found is None:
        return ""
    what = "a NUL" if found[0] == "\0" else "no UTF-8"
    return f"character {found.start() + 1} is {what}: give it as text in UTF-8"


def clean_line(text: str) -> str:
    """The text as one line, runs of white space as one blank, trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip() if "  " not in text else " ".join(text.split())
    return _FORBIDDEN.sub("", _SPACES.sub(" ", text.replace("\x00", ""))).strip()

"""Clean text: nothing in it that a store, a log, a header or a terminal could trip over."""

import re
from typing import Final

# NUL and the other C0 controls but tab and newline, DEL, C1, lone surrogates (reliability.md 2)
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES: Final = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """The text with "\\n" as its only line end and without forbidden characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():  # quick, and true of most mail
        return text
    return _FORBIDDEN.sub("", text)


def clean_line(text: str) -> str:
    """The text as one line, runs of white space as one blank, trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip() if "  " not in text else " ".join(text.split())
    return _FORBIDDEN.sub("", _SPACES.sub(" ", text.replace("\x00", ""))).strip()

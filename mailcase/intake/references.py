"""Message-IDs out of headers and text, by a scanner that reads every character once (reliability.md T2)."""

from typing import Final

from mailcase.intake.texts import clean_line

MOST: Final = 200  # ids of one mail
LONGEST: Final = 998  # bytes of an id, with its angle brackets


def message_ids(value: str, most: int = MOST) -> tuple[str, ...]:
    """The ids `<…>` of a header's text, in order, without repeats; of too many the last are kept.

    White space inside an id is folding and goes; controls go too, wherever it stood: PostgreSQL takes no NUL.
    Where no bracket stands, words with "@" are ids.
    """
    found: dict[str, None] = {}
    for candidate in _bracketed(value) if "<" in value else _bare(value):
        made = _id(candidate)
        if made is not None:
            found.pop(made, None)
            found[made] = None
    return tuple(found)[-most:]


def message_id(value: str) -> str | None:
    """The id of a Message-ID header: the first one there, a lone word counts; None where it has none."""
    if "<" in value:
        return next((made for made in map(_id, _bracketed(value)) if made is not None), None)
    words = value.split()
    return _id(words[0].replace(">", "")) if len(words) == 1 else None


def _bracketed(value: str) -> list[str]:
    found: list[str] = []
    start = -1
    position = 0
    while True:
        end = value.find(">", position)
        if end < 0:
            break
        start = value.rfind("<", position, end)
        if start >= 0:
            found.append(value[start + 1 : end])
        position = end + 1
    return found


def _bare(value: str) -> list[str]:
    return [word.replace(">", "").strip(",;") for word in value.split() if "@" in word]


def _id(text: str) -> str | None:
    made = clean_line("".join(text.split()))
    if not made or len(made.encode("utf-8", "replace")) + 2 > LONGEST:
        return None
    return f"<{made}>"

"""What the demo prints: a line a mail, one case as a thread, one acknowledgement as it left, the counts, and a life."""

from collections import Counter
from collections.abc import Iterator
from email.utils import parseaddr

from mailcase.demo.life_show import show_life
from mailcase.demo.play import Result, raw_of

_WIDTHS = (21, 36, 9, 5, 24)
_HEADINGS = ("who", "subject", "became", "case", "why")


def show(result: Result) -> Iterator[str]:
    """Line by line."""
    yield from _table(result)
    yield ""
    yield "One case as a thread (mailcase case show):"
    yield ""
    yield from result.thread.rstrip().splitlines()
    yield ""
    yield "The acknowledgement that opened it, as it left by SMTP:"
    yield ""
    first = result.played["erin"].mail
    if first:
        yield from _text_part(raw_of(first, result.sent).decode("utf-8", "replace"))
    yield ""
    yield _counts(result)
    yield ""
    yield from show_life(result.lived, result.whole, result.later)


def _text_part(raw: str) -> Iterator[str]:
    """The mail as it is, up to its HTML part."""
    text, html, _ = raw.partition("Content-Type: text/html")
    yield from text.rstrip().splitlines()
    if html:
        yield f"{html} … (the same for mail programs that show HTML)"


def _table(result: Result) -> Iterator[str]:
    yield _line(_HEADINGS, "acknowledged")
    for one in result.played.values():
        row = one.row
        words = (row["linked_by"], row["reason"], "stranger" if row["sender_unverified"] else "")
        why = " · ".join(dict.fromkeys(word for word in words if word))
        cells = (parseaddr(row["from"] or "")[0], row["subject"] or "(none)", row["outcome"], row["case"] or "–", why)
        yield _line(cells, one.mail["state"] if one.mail else "–")
        yield f"    {one.sample.note}"


def _line(cells: tuple[str, ...], last: str) -> str:
    fitted = (
        cell if len(cell) <= width else cell[: width - 1] + "…" for cell, width in zip(cells, _WIDTHS, strict=True)
    )
    return "  ".join(cell.ljust(width) for cell, width in zip(fitted, _WIDTHS, strict=True)) + f"  {last}"


def _counts(result: Result) -> str:
    outcomes = Counter(one.row["outcome"] for one in result.played.values())
    cases = {one.row["case"] for one in result.played.values() if one.row["case"]}
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    return (
        f"{len(result.played)} mails: {told}. {len(cases)} cases, {len(result.sent)} acknowledgements; "
        "each became what it must."
    )

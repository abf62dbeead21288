"""What a mail says anew, told from quotation and signature: for display alone, and only where it is certain.

`new_text` is always one piece of the text as it stands, so that nothing is lost or changed: before it at most a
quotation that the writer answers below, after it at most quotation and signature. Whatever stands between what he
wrote stays. mail-parser-reply knows how mail programs announce a quotation in 13 languages; over a whole mail its
patterns take 17 ms for 8 KB of prose and seconds for hostile ones, so it sees only a few short windows.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

from mailcase.intake import html as markup
from mailcase.intake.quotation_html import above_quotation
from mailcase.intake.quotation_words import INLINE, LABELS, ORIGINAL
from mailcase.intake.signature import first_line_of_signature, is_sent_from

_WINDOW: Final = 300  # characters of the lines that mail-parser-reply sees: 1,000 hostile ones take half a second
_MOST_WINDOWS: Final = 8
_MOST_LINES: Final = 20_000  # a longer text is not looked at
_GREETING: Final = 600  # characters, first and last, in which somebody says that he answers within the quotation
_TRIMS: Final = 4  # signature, quotation, signature, "Sent from my …"
_LABEL: Final = re.compile(r"[*\s]{0,4}([^\W\d_][^\n:：]{0,24}?)[\s*]{0,4}[:：]")
_WHEN_OR_WHO: Final = re.compile(r"@|\b(?:19|20)\d\d\b|\d{1,2}[:.]\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d")
_CERTAIN: Final = re.compile(r"@|\b(?:19|20)\d\d\b.*\d{1,2}[:.h]\d\d|\d{1,2}[:.h]\d\d.*\b(?:19|20)\d\d\b", re.S)
_INLINE: Final = {word: re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in INLINE}


def new_text(text: str, html: str, *, reply: bool, writer: str = "") -> str:
    """The piece of `text` that is new; "" where all of it is, or where that is not certain.

    Args:
        text: the visible body.
        html: the mail's own HTML ("" where it has none), whose quotations are marked by elements.
        reply: whether the mail answers one. In another mail a quotation is what its writer wants to show.
        writer: the sender's name and address, by which a signature is told whose mark has lost its blank.
    """
    return new_part(text, html, reply=reply, writer=writer)[0]


def new_part(text: str, html: str, *, reply: bool, writer: str = "") -> tuple[str, bool]:
    """What `new_text` says, and whether nothing at all is new: a quotation, a signature, and no word beside them."""
    if not (reply and _may_quote(text)) and not _has_dashes(text) and not _ends_sent_from(text):
        return "", not text.strip()
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        return "", False
    end = _announced(lines, html) if reply else len(lines)
    start, end = _bounds(lines, end, reply, writer)
    found = "\n".join(lines[start:end]).strip("\n")
    if not found.strip():
        return "", True
    return (found, False) if found.strip() != text.strip() else ("", False)


def _may_quote(text: str) -> bool:
    """A quick look: most mails that answer nothing end here."""
    return ">" in text or ":" in text or "：" in text or "----" in text


def _has_dashes(text: str) -> bool:
    """Whether a line begins as a signature does."""
    return text.startswith("--") or "\n--" in text


def _ends_sent_from(text: str) -> bool:
    return is_sent_from(text.rstrip().rpartition("\n")[2])


def _bounds(lines: Sequence[str], end: int, reply: bool, writer: str) -> tuple[int, int]:
    """Where the new text begins and ends, its first line and the one after its last."""
    for _ in range(_TRIMS):
        before, end = end, first_line_of_signature(lines, _blanks_off(lines, end), writer)
        end = _without_quotation(lines, end) if reply else end
        if end == before:
            break
    return (_below_quotation(lines, end) if reply else 0), end


def _blanks_off(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _is_quoted(line: str) -> bool:
    return line[:1] == ">" or (line[:1].isspace() and line.lstrip()[:1] == ">")


def _without_quotation(lines: Sequence[str], end: int) -> int:
    """The end without the marked lines at it and what announces them; nothing else than these: no change."""
    top = end
    while top and (_is_quoted(lines[top - 1]) or not lines[top - 1].strip()):
        top -= 1
    if not any(map(_is_quoted, lines[top:end])):
        return end
    return (top - _announcing(lines, top)) or end


def _below_quotation(lines: Sequence[str], end: int) -> int:
    """The first line below a quotation at the top, where no other one follows; else 0."""
    first = next((place for place in range(end) if _is_quoted(lines[place])), end)
    above = _blanks_off(lines, first)
    if first == end or above - _announcing(lines, above):
        return 0
    below = first
    while below < end and (_is_quoted(lines[below]) or not lines[below].strip()):
        below += 1
    return 0 if below == end or any(map(_is_quoted, lines[below:end])) else below


def _announcing(lines: Sequence[str], end: int) -> int:
    """How many lines above `end` say whose words are quoted: `On 5 Nov 2025 at 10:00 Joe wrote:` and its like."""
    bottom = _blanks_off(lines, end)
    if not bottom or end - bottom > 1 or not lines[bottom - 1].rstrip().endswith((":", "：")):
        return 0
    for count in (1, 2, 3):
        if count <= bottom and _wrote(lines[bottom - count : bottom]):
            return count + end - bottom
    for count, evidence in ((1, _CERTAIN), (2, _CERTAIN), (1, _WHEN_OR_WHO)):  # of a language nobody knows
        if count <= bottom and evidence.search(" ".join(lines[bottom - count : bottom])[:_WINDOW]):
            return count + end - bottom
    return 0


def _announced(lines: Sequence[str], html: str) -> int:
    """Where a quotation begins that is not marked line by line; the number of lines where none does for certain."""
    above = above_quotation(html) if html else None
    if above == "":
        return len(lines)
    if above and (end := _after(lines, markup.crude_text(above)) or _after(lines, _laid_out(above))):
        return end if _is_certain(lines[:end]) else len(lines)
    place = _first_announcement(lines)
    return place if place and _is_certain(lines[:place]) else len(lines)


def _laid_out(html: str) -> str:
    return markup.text_of(markup.clean_html(html), html)


def _after(lines: Sequence[str], own: str) -> int:
    """The line after exactly these words at the beginning of the text; 0 where it begins otherwise."""
    words, position = own.split(), 0
    for place, line in enumerate(lines):
        if position == len(words):
            return place
        for word in line.split():
            if position == len(words) or word != words[position]:
                return 0
            position += 1
    return 0


def _is_certain(own: Sequence[str]) -> bool:
    """Whether the lines above a quotation are all that its reader wrote."""
    text = "\n".join(own).strip()
    # nobody ends with a salutation
    ends = bool(text) and not text.endswith((":", "：", ","))
    return ends and not _answers_within(f"{text[:_GREETING]}\n{text[-_GREETING:]}".lower())


def _answers_within(text: str) -> bool:
    return any(word in text and pattern.search(text) for word, pattern in _INLINE.items())


def _first_announcement(lines: Sequence[str]) -> int:
    """The first line that announces a quotation of unmarked lines; 0 where there is none."""
    windows = 0
    for place, line in enumerate(lines):
        if (":" not in line and "--" not in line and "：" not in line) or _is_quoted(line):
            continue
        if _between_rules(line).lower() in ORIGINAL or _is_header_block(lines, place):
            return _above_rule(lines, place)
        if windows < _MOST_WINDOWS and (candidates := _candidates(lines, place)):
            windows += 1
            count = next((len(one) for one in candidates if _wrote(one)), 0)
            if count:
                return place + 1 - count
    return 0


def _candidates(lines: Sequence[str], place: int) -> list[Sequence[str]]:
    """One, two or three lines that end here and may announce unmarked ones; marked ones are told one by one."""
    between = _between_rules(lines[place])
    if between:
        return [[f"{between}:"]] if _CERTAIN.search(between) else []
    if not lines[place].rstrip().endswith((":", "：")) or any(map(_is_quoted, lines[place + 1 : place + 4])):
        return []
    found = [lines[place + 1 - count : place + 1] for count in (1, 2, 3) if count <= place + 1]
    return found if _CERTAIN.search(" ".join(found[-1])[-_WINDOW:]) else []


def _between_rules(line: str) -> str:
    """The words of `---- words ----`, or ""."""
    line = line.strip()
    ruled = len(line) <= _WINDOW and not (line[:2] + line[-2:]).strip("-_=*")
    return line.strip("-_=* \t") if ruled else ""


def _is_header_block(lines: Sequence[str], place: int) -> bool:
    """Whether From, Sent and Subject, or their like, stand here together with an address or a date."""
    if _label(lines[place]) not in LABELS or (place and lines[place - 1].strip(" \t_-*=")):
        return False
    block = lines[place : place + 8]
    labels = {label for line in block if (label := _label(line)) in LABELS}
    return len(labels) >= 3 and _WHEN_OR_WHO.search("\n".join(block)[:1_000]) is not None


def _label(line: str) -> str:
    found = _LABEL.match(line) if ":" in line[:40] or "：" in line[:40] else None
    return found[1].strip().lower() if found else ""


def _above_rule(lines: Sequence[str], place: int) -> int:
    """The line of the ruler that Outlook draws above."""
    above = _blanks_off(lines, place)
    return above - 1 if above and set(lines[above - 1].strip()) in ({"_"}, {"-"}) else place


def _wrote(lines: Sequence[str]) -> bool:
    """Whether these lines, all of them, are how a mail program announces whom it quotes."""
    window = "\n".join(" ".join(line.split()) for line in lines)
    if len(window) > _WINDOW or not window:
        return False
    found = _patterns().match(window)
    return found is not None and found.end() == len(window)


@cache
def _patterns() -> re.Pattern[str]:
    """mail-parser-reply's own: compiling them takes 12 ms."""
    made: re.Pattern[str] = EmailMessage("", languages=[one for one in MAIL_LANGUAGES if one != "david"]).HEADER_REGEX
    return made

"""The body that a person sees: which parts it is, their charsets, format=flowed (RFC 2046, 3676)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mailcase.intake import html as markup
from mailcase.intake.charsets import decode
from mailcase.intake.content import payload
from mailcase.intake.structure import Part
from mailcase.intake.texts import clean_text

LONGEST: Final = 1_048_576  # characters of text and of HTML that are kept; the raw mail has all
_MOST_BYTES: Final = 4 * LONGEST  # of one part that are decoded
_PLAIN: Final = frozenset({"text/plain", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"})


@dataclass(slots=True)
class Piece:
    """One piece of the body: what its plain and its HTML part say (None: it has none)."""

    plain: Part | None = None
    html: Part | None = None
    others: list[str] = field(default_factory=list)  # numbers of further forms of the same


@dataclass(slots=True)
class Body:
    """The body as read."""

    text: str = ""
    html: str = ""
    html_clean: str = ""
    cleaned: dict[str, str] = field(default_factory=dict)  # HTML of one piece -> cleaned, not to do it twice
    used: set[str] = field(default_factory=set)  # numbers of the parts that it was made of
    defects: list[str] = field(default_factory=list)


def read_body(raw: bytes, root: Part) -> Body:
    """The visible body: text/plain where there is one, else text made from HTML; quotes are kept."""
    body = Body()
    texts: list[str] = []
    htmls: list[str] = []
    for piece in _pieces(root):
        body.used.update(piece.others)
        plain = _text(raw, piece.plain, body) if piece.plain is not None else ""
        html = _text(raw, piece.html, body) if piece.html is not None else ""
        htmls.append(html)
        texts.append(plain if plain.strip() or not html else _from_html(html, body))
    body.text = _cut("\n\n".join(text.strip("\n") for text in texts if text.strip()), body)
    body.html = _cut("\n".join(html for html in htmls if html), body)
    if body.html:
        body.html_clean = _cleaned(body.html, body)
    return body


def _cut(text: str, body: Body) -> str:
    if len(text) > LONGEST:
        body.defects.append("truncated")
    return text[:LONGEST]


def _cleaned(html: str, body: Body) -> str:
    cleaned = body.cleaned.get(html) or markup.clean_html(html)
    if not cleaned and html.strip():
        body.defects.append("html_not_cleaned")
    return cleaned


def _from_html(html: str, body: Body) -> str:
    try:
        body.cleaned[html] = markup.clean_html(html)
        return markup.text_of(body.cleaned[html], html)
    except Exception:  # RecursionError and what lxml raises: the words matter, not the layout
        body.defects.append("html_to_text_failed")
        return markup.crude_text(html)


def _text(raw: bytes, part: Part, body: Body) -> str:
    """The decoded text of one part."""
    body.used.add(part.number)
    if part.end - part.start > _MOST_BYTES:
        body.defects.append("truncated")
    text, guessed = decode(payload(raw, part, _MOST_BYTES), part.media.params.get("charset", ""))
    if guessed:
        body.defects.append("charset_guessed")
    text = clean_text(text)
    if part.type in ("text/enriched", "text/richtext"):
        return markup.crude_text(text)
    if part.type == "text/plain" and part.media.params.get("format", "").lower() == "flowed":
        return unflow(text, part.media.params.get("delsp", "").lower() == "yes")
    return text


def _pieces(root: Part) -> Iterator[Piece]:
    """The pieces of the body in reading order, without recursion."""
    todo = [root]
    seen = False
    while todo:
        part = todo.pop()
        if part.disposition.type == "attachment" and part.parent is not None:
            continue
        if part.type == "multipart/alternative" and part.children:
            piece = _alternative(part)
            seen = seen or piece is not None
            if piece is not None:
                yield piece
        elif part.children:
            todo.extend(reversed(_shown(part)))
        elif is_text(part, first=not seen):
            seen = True
            yield Piece(html=part) if part.type == "text/html" else Piece(plain=part)


def _shown(part: Part) -> list[Part]:
    """The children that are shown: of multipart/related only the root (RFC 2387)."""
    if part.type != "multipart/related":
        return part.children
    start = part.media.params.get("start", "").strip("<> ")
    for child in part.children:
        if start and child.block.first("content-id").strip(b"<> \t").decode("utf-8", "replace") == start:
            return [child]
    return part.children[:1]


def _alternative(part: Part) -> Piece | None:
    """One piece of an alternative: its first plain part and its last HTML part, however deep."""
    piece = Piece()
    todo = [part]
    while todo:
        child = todo.pop()
        if child.children:
            todo.extend(reversed(_shown(child)))
        elif is_text(child, first=True):
            if child.type == "text/html":
                piece.html = child
            elif piece.plain is None:
                piece.plain = child
        if _is_form(child, part):
            piece.others.append(child.number)
    return piece if piece.plain is not None or piece.html is not None else None


def _is_form(leaf: Part, alternative: Part) -> bool:
    """Whether a leaf is just another form of the text (AMP, a second plain one), no attachment."""
    if leaf.children or leaf.parent is not alternative or not leaf.type.startswith("text/"):
        return False
    named = "filename" in leaf.disposition.params or "name" in leaf.media.params
    return leaf.type != "text/calendar" and leaf.disposition.type != "attachment" and not named


def is_text(part: Part, *, first: bool) -> bool:
    """Whether a leaf belongs to the body; one with a file name only if it comes first."""
    broken = part.type.startswith("multipart/")  # a multipart without parts is its text
    if part.type not in _PLAIN and part.type != "text/html" and not broken:
        return False
    if part.disposition.type == "attachment" and part.parent is not None:
        return False
    named = "filename" in part.disposition.params or "name" in part.media.params
    return not named or (first and part.disposition.type != "attachment")


def unflow(text: str, delete_space: bool) -> str:
    """Text of format=flowed with its soft line breaks taken out (RFC 3676 4)."""
    out: list[str] = []
    depth = -1  # of the paragraph that goes on; -1: none
    parts: list[str] = []
    for row in text.split("\n"):
        quoted = len(row) - len(row.lstrip(">"))
        rest = row[quoted:].removeprefix(" ")
        if depth != quoted and depth >= 0:
            out.append(_quoted(depth, "".join(parts)))
            parts = []
        soft = rest.endswith(" ") and rest != "-- "
        parts.append(rest[:-1] if soft and delete_space else rest)
        depth = quoted
        if not soft:
            out.append(_quoted(quoted, "".join(parts)))
            parts, depth = [], -1
    if depth >= 0:
        out.append(_quoted(depth, "".join(parts)))
    return "\n".join(out)


def _quoted(depth: int, text: str) -> str:
    return f"{'>' * depth} {text}" if depth else text

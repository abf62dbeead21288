"""HTML of a mail: an allow-list makes it safe to show, and text is made from it where there is no other."""

import re
from html import unescape
from typing import Final

import nh3
from inscriptis import get_text
from inscriptis.model.config import ParserConfig

from mailcase.intake.texts import clean_text

LARGEST: Final = 1_048_576  # characters of HTML that are cleaned or made into text
DEEPEST: Final = 1_000  # open elements: nh3's time grows with the square of the depth
MOST_TAGS: Final = 20_000  # that inscriptis lays out; it takes seconds for 200,000 table cells
MOST_ENTITIES: Final = 20_000  # "&": nh3's time grows with the square of the pieces of text
_LONGEST_TAG: Final = 8_192  # characters: nh3's time grows with the square of the attributes too

TAGS: Final = frozenset(
    """a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn
    div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre
    q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var
    wbr""".split()  # noqa: SIM905  a list of a hundred quoted words is harder to read
)
ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "table": {"border", "cellpadding", "cellspacing"},
    "font": {"color", "size", "face"},
    "bdo": {"dir"},
    "blockquote": {"type"},
    "time": {"datetime"},
}
SCHEMES: Final = {"http", "https", "mailto", "tel", "cid"}
# Their content goes with them; of every other unknown element only the tags go.
_WITH_CONTENT: Final = {
    "script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "textarea"
}  # fmt: skip

# Elements that are never open at all, or that the next one closes.
_SHALLOW: Final = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th".split()
)
_TAG: Final = re.compile(rb"<(/?)([a-z][a-z0-9]{0,19})", re.I)
_DATA_URL: Final = re.compile(r"data:[^\"'\s>]{200,}")
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/pre|hr)\b[^<>]*>\n?", re.I)
_ANY_TAG: Final = re.compile(r"<[^<>]*>")


def clean_html(html: str) -> str:
    """HTML safe to show: allow-listed elements, no script, style or remote image; cid: images stay.

    "" where there is none, or where it is too large or too deep to be cleaned in time.
    """
    if not html.strip() or len(html) > LARGEST or _too_deep(html) or _too_long(html) or html.count("&") > MOST_ENTITIES:
        return ""
    return clean_text(_CLEANER.clean(html))


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Images load only what the mail itself carries."""
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    return value


_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    attribute_filter=_allowed,
    clean_content_tags=set(_WITH_CONTENT),
    url_schemes=set(SCHEMES),
    link_rel="noopener noreferrer nofollow",
)


def _too_deep(html: str) -> bool:
    if html.count("<") <= DEEPEST:
        return False
    depth = 0
    for match in _TAG.finditer(html.encode("utf-8", "replace")):
        if match[2].lower() in _SHALLOW:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > DEEPEST:
            return True
    return False


def _too_long(html: str) -> bool:
    """Whether one tag has room for thousands of attributes; an image as data: URL has not."""
    if len(html) <= _LONGEST_TAG or max(map(len, html.split("<"))) <= _LONGEST_TAG:
        return False
    pieces = _DATA_URL.sub("", html).split("<")
    return any(len(piece) > _LONGEST_TAG and piece.find(">", 0, _LONGEST_TAG) < 0 for piece in pieces[1:])


def text_of(cleaned: str, html: str) -> str:
    """Text made from cleaned HTML; from the HTML itself, crudely, where that is empty.

    Only what nh3 has cleaned goes to inscriptis: one element with 50,000 attributes cost it 29 s.
    """
    if not cleaned.strip():
        return crude_text(html)
    if cleaned.count("<") > MOST_TAGS:
        return crude_text(cleaned)
    return clean_text(get_text(cleaned, ParserConfig(display_images=False))).strip()


def crude_text(html: str) -> str:
    """What is left without tags, scripts and styles, in linear time."""
    html = html[: 4 * LARGEST]
    for name in ("script", "style"):
        html = _without(html, name)
    return clean_text(unescape(_ANY_TAG.sub("", _BREAK.sub("\n", html)))).strip()


def _without(html: str, name: str) -> str:
    """The HTML without the elements of that name; one that is never closed takes the rest along."""
    lowered = html.lower() if html.isascii() else html
    kept: list[str] = []
    position = 0
    while (start := lowered.find(f"<{name}", position)) >= 0:
        kept.append(html[position:start])
        end = lowered.find(f"</{name}", start)
        if end < 0:
            return "".join(kept)
        position = end
    return "".join([*kept, html[position:]])

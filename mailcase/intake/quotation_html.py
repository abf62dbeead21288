"""Where the quotation begins in HTML: mail programs mark it by elements of their own."""

import re
from typing import Final

from mailcase.intake import html as markup

#: A quotation begins here in HTML of Gmail, Apple, Outlook, Thunderbird, Yahoo, GMX, Proton, Zimbra, Roundcube …
_BEGINS: Final = re.compile(
    r"""<(?:blockquote\b[^<>]{0,500}\btype=["']?cite
    |(?:div|blockquote|table)\b[^<>]{0,500}\bclass=["'][^"'<>]{0,200}
      \b(?:gmail_quote|gmail_extra|moz-cite-prefix|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra)
    |(?:div|hr|p)\b[^<>]{0,500}\bid=["']?
      (?:x_)?(?:divRplyFwdMsg|appendonsend|stopSpelling|reply-intro|mail-editor-reference-message-container)
    |div\b[^<>]{0,500}\bname=["']quote["']
    |\w+\b[^<>]{0,500}\bdata-marker=["']__QUOTED_TEXT__
    |div\b[^<>]{0,200}\bstyle=["'][^"'<>]{0,100}border:\s?none;\s?border-top:\s?solid\s\#(?:E1E1E1|B5C4DF)\s1\.0pt
    )""",
    re.I | re.X,
)
_BLOCK: Final = re.compile(r"<(/?)blockquote\b[^<>]*>", re.I)
_LOOKED_AT: Final = 1_048_576  # characters


def above_quotation(html: str) -> str | None:
    """The HTML above the quotation; "" where the writer goes on in or below it; None where no quotation is marked."""
    if len(html) > _LOOKED_AT:
        return None
    found = _BEGINS.search(html)
    if found is None:
        return None
    return "" if _answered(html[found.start() :]) else html[: found.start()]


def _answered(quotation: str) -> bool:
    """Whether anything is said after a block of the quotation, outside of every block."""
    depth, position, said = 0, 0, []
    for found in _BLOCK.finditer(quotation):
        if depth == 0 and position:
            said.append(quotation[position : found.start()])
        depth = max(0, depth - 1) if found[1] else depth + 1
        position = found.end()
    if position and depth == 0:
        said.append(quotation[position:])
    return any(markup.crude_text(one).strip() for one in said)

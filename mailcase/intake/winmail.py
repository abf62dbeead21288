"""winmail.dat: the files in it are attachments of the mail, numbered 2/1, 2/2 below part 2."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mailcase.intake.attachments import numbered, safe_name, unnamed
from mailcase.intake.content import payload
from mailcase.intake.mediatype import media_type_of
from mailcase.intake.structure import Part
from mailcase.intake.texts import clean_line, clean_text
from mailcase.message import Attachment

if TYPE_CHECKING:
    from mailcase.intake.tnef import Contents, File

_TYPES: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_NAME: Final = "winmail.dat"
MOST: Final = 3  # of a mail that are opened


def is_winmail(part: Part) -> bool:
    """Whether a leaf is one, by its type or its name."""
    name = part.disposition.params.get("filename") or part.media.params.get("name") or ""
    return part.type in _TYPES or name.lower() == _NAME


def opened(raw: bytes, part: Part, *, words: bool = False) -> "Contents | None":
    """What a winmail.dat holds, its text where `words` are wanted; None where it is none that can be read."""
    from mailcase.intake.tnef import LARGEST, contents  # here, since few mails need its 20 ms of import

    if part.end - part.start > 2 * LARGEST:
        return None
    try:
        return contents(payload(raw, part), words=words)
    except Exception:  # tnefparse raises whatever junk brings about; the part stays as it is
        return None


def listed(part: str, found: "Contents", others: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Its files as attachments; their names differ from those of `others`."""
    taken = {one.name.lower() for one in others}
    return tuple(_attachment(f"{part}/{place}", file, taken) for place, file in enumerate(found.files, 1))


def _attachment(number: str, file: "File", taken: set[str]) -> Attachment:
    kind = media_type_of(clean_line(file.type).encode(), "application/octet-stream").type
    return Attachment(
        part=number,
        name=numbered(safe_name(file.name) or unnamed(number.replace("/", "-"), kind), taken),
        type=kind[:255],
        size=len(file.data),
        inline=False,
        content_id=clean_line(file.content_id).strip("<> ")[:998],
        sha256=hashlib.sha256(file.data).hexdigest(),
    )


def text_in(found: "Contents") -> str:
    """The text that is in no other part of the mail."""
    from mailcase.intake import html as markup  # here: who takes an attachment out of a mail needs no HTML

    return clean_text(found.text).strip() or markup.text_of(markup.clean_html(found.html), found.html)

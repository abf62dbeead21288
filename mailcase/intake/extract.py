"""One attachment's bytes out of the raw mail, for `message save`."""

from collections.abc import Iterator

from mailcase.errors import Permanent
from mailcase.intake import winmail
from mailcase.intake.content import chunks
from mailcase.intake.structure import Part, scan, with_lines


def extract(raw: bytes, part: str) -> Iterator[bytes]:
    """The decoded bytes of the part with that number, little by little; `2/1`: a file of the winmail.dat in part 2.

    Raises Permanent where the mail has no such part.
    """
    raw = with_lines(raw)
    number, slash, inner = part.partition("/")
    for leaf in scan(raw)[0].leaves():
        if leaf.number == number:
            return _inner(raw, leaf, inner) if slash else chunks(raw, leaf)
    raise _missing(part)


def taken_out(raw: bytes, part: str) -> bytes:
    """All bytes of that part; Permanent where the mail has no such part."""
    return b"".join(extract(raw, part))


def _inner(raw: bytes, leaf: Part, inner: str) -> Iterator[bytes]:
    found = winmail.opened(raw, leaf) if winmail.is_winmail(leaf) else None
    place = int(inner) if inner.isascii() and inner.isdigit() and len(inner) < 6 else 0
    if found is None or not 0 < place <= len(found.files):
        raise _missing(f"{leaf.number}/{inner}")
    return iter((found.files[place - 1].data,))


def _missing(part: str) -> Permanent:
    return Permanent(f"the mail has no part {part[:40]!r}")

"""Mails that grow when they are opened, or name a codec that is none for text (F23): nothing is ever expanded."""

import bz2
import gzip
import io
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from functools import cache, partial
from typing import Final

from tests.hostile.of import Hostile, mail, multipart, part

EXPANDED: Final = 32 << 20  # bytes that each of them would become
#: By codec, where it is not zlib's.
_PACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "bz2_codec": bz2.compress,
    "gzip": partial(gzip.compress, mtime=0),
}
CODECS: Final = (
    *("zlib", "zip", "gzip", "bz2_codec", "rot13", "hex", "base64", "uu", "quopri", "idna", "punycode"),
    *("undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "unknown-8bit", "x" * 500, "../../etc"),
)


def _bomb() -> bytes:
    """A zip in a zip, each of many files of zeros."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("zeros"), b"0" * EXPANDED, zipfile.ZIP_DEFLATED)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(zipfile.ZipInfo(f"{number}.zip"), inner.getvalue(), zipfile.ZIP_DEFLATED)
    return multipart("zip", part(b"See the file."), _file(outer.getvalue(), b"application/zip; name=bomb.zip"))


def _file(data: bytes, kind: bytes) -> bytes:
    return part(b64encode(data), kind, b"Content-Transfer-Encoding: base64")


def _gzip_part() -> bytes:
    return multipart(
        "gzip", part(b"x"), _file(_packed("gzip"), b'text/plain; name="a.txt.gz"\r\nContent-Encoding: gzip')
    )


@cache
def _packed(codec: str) -> bytes:
    return _PACK.get(codec, zlib.compress)(b"0" * EXPANDED)


def _charset(codec: str) -> bytes:
    kind = b"text/plain; charset=" + codec.encode()
    packed = b64encode(_packed(codec if codec in _PACK else "zlib"))
    return mail(f"codec {codec[:20]}", packed, b"Content-Transfer-Encoding: base64", Content_Type=kind)


def _word(codec: str) -> bytes:
    return mail(
        f"word {codec[:20]}",
        Subject=b"=?" + codec.encode()[:70] + b"?b?" + b64encode(zlib.compress(b"0" * 90_000)) + b"?=",
    )


def _coded(codec: str) -> list[Hostile]:
    short = codec[:20]
    return [
        Hostile(f"charset={short}", lambda: _charset(codec)),
        Hostile(f"subject in {short}", lambda: _word(codec)),
    ]


_LAUGHS: Final = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (at + 98, b"&%c;" % (at + 97) * 10) for at in range(20)
)

EXPANDING: Final = (
    Hostile("zip bomb", _bomb),
    Hostile("gzip part", _gzip_part),
    Hostile("a billion laughs", lambda: mail("xml", _LAUGHS + b"]><p>&u;</p>", Content_Type=b"text/html")),
    *(one for codec in CODECS for one in _coded(codec)),
)

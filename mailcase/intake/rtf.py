"""The words of a compressed RTF body (MS-OXRTFCP), as Outlook puts it into a winmail.dat; bounded."""

import re
import struct
from typing import Final

LONGEST: Final = 524_288  # bytes of RTF: what is compressed may say that it is 4 GB
_NEVER: Final = 2 * LONGEST  # more groups than there can be
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_DICTIONARY: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain"
    b"\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WORD: Final = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.I | re.S
)
#: Groups that hold no words of the text.
_SILENT: Final = frozenset({
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "htmltag", "mhtmltag", "generator",
    "listtable", "listoverridetable", "rsidtbl", "xmlnstbl", "fldinst", "header", "footer", "pntext", "bkmkstart",
    "bkmkend", "datastore", "latentstyles",
})  # fmt: skip
_BREAKS: Final = {"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "tab": "\t", "cell": "\t"}


def text_of_rtf(compressed: bytes) -> str:
    """The plain words; raises ValueError or struct.error for junk."""
    return _words(_decompressed(compressed).decode("ascii", "replace")).strip()


def _decompressed(data: bytes) -> bytes:
    _, size, kind, _ = struct.unpack_from("<IIII", data)
    if kind == _PLAIN:
        return data[16 : 16 + min(size, LONGEST)]
    if kind != _COMPRESSED:
        raise ValueError("no compressed RTF")
    return bytes(_unpacked(data, min(size, LONGEST)))


def _unpacked(data: bytes, most: int) -> bytearray:
    """LZFu: runs of eight tokens, each a byte or a reference into the last 4,096 bytes."""
    out = bytearray(_DICTIONARY)
    most += len(out)
    place = 16
    while place < len(data) and len(out) < most:
        flags, place = data[place], place + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[place : place + 1]
                place += 1
                continue
            if place + 2 > len(data) or not _copy(out, data[place] << 8 | data[place + 1]):
                return out[len(_DICTIONARY) :]
            place += 2
    return out[len(_DICTIONARY) : most]


def _copy(out: bytearray, token: int) -> bool:
    """Append what a reference means; False where it marks the end."""
    offset, length = token >> 4, (token & 15) + 2
    back = (len(out) - offset) % 4096 or 4096
    if offset == len(out) % 4096:
        return False
    for _ in range(length):
        out.append(out[-back] if back <= len(out) else 32)
    return True


def _words(rtf: str) -> str:
    said: list[str] = []
    depth, silent = 0, _NEVER  # groups that are open; in how many of them silence began
    skip = 0  # characters that stand for a \u before them
    for found in _WORD.finditer(rtf):
        word, number, code, symbol, bracket, text = found.groups()
        if bracket:
            depth += 1 if bracket == "{" else -1
            silent = _NEVER if depth < silent else silent
        elif word in _SILENT or symbol == "*":
            silent = min(silent, depth)
        elif silent == _NEVER:
            new = _said(word, number, code, symbol, text)
            said.append(new[skip:] if skip and not word else new)
            skip = 1 if word == "u" else 0 if not word else skip
    return "".join(said)


def _said(word: str | None, number: str | None, code: str | None, symbol: str | None, text: str | None) -> str:
    if word == "u" and number:
        return chr(int(number) % 65_536)
    if code:
        return bytes.fromhex(code).decode("cp1252", "replace")
    if symbol:
        return symbol if symbol in "\\{}" else "\u00a0" if symbol == "~" else ""
    return _BREAKS.get(word, "") if word else text or ""

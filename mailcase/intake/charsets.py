"""From bytes to text: a declared charset is believed only if it is one, and only as far as it fits."""

import codecs
from functools import lru_cache
from typing import Final

# What a mail may name, as Python's canonical codec names. `codecs.lookup` alone would accept
# rot13, zlib, idna, undefined … (reliability.md 2).
# fmt: off
_ALLOWED: Final = frozenset((
    "ascii", "utf-8", "utf-8-sig", "utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8",
    "iso8859-9", "iso8859-10", "iso8859-11", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "tis-620",
    "koi8-r", "koi8-u", "koi8-t", "kz1048", "ptcp154", "cp437", "cp720", "cp737", "cp775", "cp850", "cp852", "cp855",
    "cp856", "cp857", "cp858", "cp860", "cp861", "cp862", "cp863", "cp864", "cp865", "cp866", "cp869", "cp874",
    "cp932", "cp949", "cp950", "cp1125", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "mac-roman", "mac-latin2", "mac-cyrillic", "mac-greek", "mac-turkish", "mac-iceland",
    "gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp",
    "euc_jis_2004", "euc_jisx0213", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3",
    "iso2022_jp_ext", "euc_kr", "johab", "iso2022_kr",
))
# fmt: on
# Senders mean the superset, and names that Python does not know.
_MEANT: Final = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
    "utf-8": "utf-8-sig",
}
_ALIASES: Final = {
    "ks_c_5601-1987": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "windows-874": "cp874",
    "ansi": "cp1252",
}
_GUESS_BYTES: Final = 16_384  # read by the guesser
_ENOUGH: Final = 64  # bytes outside ASCII below which a guess is worse than cp1252


@lru_cache(maxsize=512)
def codec_of(charset: str) -> str | None:
    """The codec to use for a declared charset, or None where the name is unknown or not a charset."""
    name = charset.strip(" \t\"'").lower().split("*")[0][:40]
    name = _ALIASES.get(name, name)
    if not name or not name.isascii():
        return None
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError, TypeError, ImportError):
        return None
    return _MEANT.get(known, known) if known in _ALLOWED else None


def decode(data: bytes, charset: str = "") -> tuple[str, bool]:
    """The text of `data`, and whether its charset had to be guessed. Never raises.

    The ladder: the declared charset, UTF-8, a guess from many bytes, cp1252.
    """
    codec = codec_of(charset) if charset else "utf-8"
    if codec is not None:
        try:
            return data.decode(codec), False
        except (UnicodeError, ValueError):
            pass
    if data.isascii():
        return data.decode("ascii"), bool(charset)
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return _nearly(data, codec or "utf-8") or _guess(data), True


def _nearly(data: bytes, codec: str) -> str:
    """The text where the declared charset fits but for a few broken bytes (a cut, a footer), else ""."""
    outside = len(data.translate(None, bytes(range(128))))
    text = data.decode(codec, "replace")
    return text if text.count("\ufffd") * 20 <= outside else ""


def _guess(data: bytes) -> str:
    sample = data[:_GUESS_BYTES]
    if len(sample.translate(None, bytes(range(128)))) >= _ENOUGH:
        codec = codec_of(_guessed_name(sample))
        if codec is not None:
            return data.decode(codec, "replace")
    return data.decode("cp1252", "replace")


def _guessed_name(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # here, since few mails need its 40 ms of import

    try:
        best = from_bytes(sample).best()
    except Exception:  # a guesser that fails has no opinion
        return ""
    return best.encoding if best is not None else ""

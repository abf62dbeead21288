"""The few words of IMAP that we write and read (RFC 3501 9, RFC 9051); pure."""

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise

Piece = bytes
"""A line without its CRLF, or the octets of a literal."""

Response = Sequence[Piece]
"""One response: line, literal, line, literal … line; the first line without its leading `* `."""

_CONTROL = re.compile(r"[\x00\r\n]")
_DATE = re.compile(rb'"\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(rb"(?<=\s)[0-9]+(?!\S)")  # a whole word: MODSEQ's is none
_MOST_DIGITS = 20  # of 64 bits; what is longer is told by that many: still far too large
_LARGEST = 2**63 - 1  # number64 (RFC 9051 9), and the most that any store takes
LARGEST_UID = 2**32 - 1  # UIDs and UIDVALIDITY are an nz-number of 32 bits (RFC 9051 9)
_QUOTA = re.compile(rb"\(([^()]*)\)\s*$")  # the root before it may be any string
# What new mail needs; not ANNOTATION-STORAGE (RFC 9208 5).
_RESOURCE = re.compile(rb"(?<![\w-])(?:STORAGE|MESSAGE) (\d{1,20}) (\d{1,20})(?!\d)", re.IGNORECASE)
_CODE = re.compile(rb"\[([A-Za-z0-9.-]+)(?: ([^\]]*))?\]")


def quote(text: str) -> str:
    """A quoted string (RFC 3501 9); ValueError for CR, LF or NUL, which would start another command (I13)."""
    if _CONTROL.search(text):
        raise ValueError("CR, LF and NUL are not allowed in an IMAP argument")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_folder(name: str) -> str:
    """A folder's name as an argument: modified UTF-7, quoted. ValueError as `quote`."""
    return quote(encode_utf7(name))


def encode_utf7(name: str) -> str:
    """Modified UTF-7 (RFC 3501 5.1.3); ValueError for a lone surrogate."""

    def shift(found: re.Match[str]) -> str:
        packed = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
        return "&" + packed.rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", shift, name.replace("&", "&-"))


def uid_set(uids: Iterable[int]) -> str:
    """`3:5,9` for 3, 4, 5 and 9: the shortest form of a sequence set (RFC 3501 9)."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def response_code(line: Piece) -> tuple[str, bytes]:
    """The response code of a status text and its argument (RFC 5530): ("TRYCREATE", b""), else ("", b"")."""
    found = _CODE.match(line[:1000].lstrip())
    return (found[1].decode("ascii").upper(), found[2] or b"") if found else ("", b"")


def searched_numbers(responses: Iterable[Response]) -> list[int]:
    """All numbers of `SEARCH` responses, ascending; `valid_uids` leaves out what can be no UID."""
    lines = [response[0] for response in responses if response]
    hits = [line for line in lines if line[:6].upper() == b"SEARCH"]
    uids = [int(found[0][:_MOST_DIGITS]) for line in hits for found in _NUMBER.finditer(line)]
    # nearly every server sends them in order, and a set of a million costs more than the list
    in_order = all(before < uid for before, uid in pairwise(uids))
    return uids if in_order else sorted(set(uids))


def valid_uids(numbers: Sequence[int]) -> Sequence[int]:
    """Those of ascending numbers that may be UIDs: 1 to `LARGEST_UID`."""
    return numbers[bisect_left(numbers, 1) : bisect_right(numbers, LARGEST_UID)]


def internal_date(line: Piece) -> datetime | None:
    """INTERNALDATE in a FETCH line as aware UTC; None where there is none or it is no date."""
    found = _DATE.search(line)
    month = found[2].decode("ascii").capitalize() if found else ""
    if found is None or month not in _MONTHS:
        return None
    day, year, hour, minute, second, zone_hours, zone_minutes = (int(found[n]) for n in (1, 3, 4, 5, 6, 8, 9))
    offset = timedelta(hours=zone_hours, minutes=zone_minutes) * (-1 if found[7] == b"-" else 1)
    try:
        local = datetime(year, _MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=timezone(offset))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def search_date(day: date) -> str:
    """A day as SEARCH wants it: 2-Jan-2026, the month's name in English whatever the locale."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def used_share(responses: Iterable[Response]) -> float | None:
    """The fullest of all that `QUOTA` responses limit, to a thousandth; None where nothing is limited (RFC 9208)."""
    lists = [_QUOTA.search(response[-1]) for response in responses if response[0][:6].upper() == b"QUOTA "]
    triples = [found for one in lists if one for found in _RESOURCE.finditer(one[1])]
    shares = [int(one[1]) / int(one[2]) for one in triples if int(one[2])]
    return round(max(shares), 3) if shares else None


def number_of(name: bytes, line: Piece) -> int | None:
    """The number after a word such as UID, RFC822.SIZE or UIDNEXT; None where there is none, or one above 64 bits."""
    found = _number_after(name).search(line)
    number = int(found[1]) if found else None
    return number if number is not None and number <= _LARGEST else None


@lru_cache(maxsize=32)
def _number_after(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:^|[\s(\[])" + re.escape(name) + rb" (\d{1,20})(?!\d)", re.IGNORECASE)


def is_fetch(response: Response) -> bool:
    """Whether it is an untagged `n FETCH (…`."""
    return re.match(rb"\d+ FETCH ", response[0][:40], re.IGNORECASE) is not None


def fetched_uid(response: Response) -> int | None:
    """The UID of a FETCH response, wherever between its literals it stands."""
    found = (number_of(b"UID", line) for line in response[::2])
    return next((uid for uid in found if uid is not None), None)

"""Attachments whose names want to be paths, devices, other types or other lines (F37)."""

from typing import Final

from tests.hostile.of import Hostile, multipart, part

_NAMES: Final = (
    b"../../etc/passwd",
    b"..\\..\\windows\\win.ini",
    b"/etc/passwd",
    b"C:\\boot.ini",
    b"\\\\host\\share\\x.txt",
    b"..",
    b".",
    b"....//....//x.txt",
    b"%2e%2e%2fx.txt",
    b"a\x00b.txt",
    b"invoice\xe2\x80\xaefdp.exe",
    b"\xe2\x80\x8b.txt",
    b"CON",
    b"nul.txt",
    b"COM1.tar.gz",
    b"AUX .txt",
    b"CLOCK$",
    b"x" * 300 + b".pdf",
    "日".encode() * 300 + b".pdf",
    b".htaccess",
    b"-rf",
    b"~root",
    b"a\r\nX-Evil: yes",
    b"=?utf-8?q?a=0D=0AX-Evil:_yes?=",
    b"=?utf-8?q?=2E=2E=2Fx?=",
    b"<script>alert(1)</script>.png",
    b"$(id).txt",
    b"a;b|c&d.txt",
    b"\xed\xa0\x80.txt",
    b"\xff\xfe.txt",
    b"a:stream.txt",
    b"",
    b"   ",
    b"x.txt.",
    b"\xe2\x81\xa6x\xe2\x81\xa9.pdf",
)
_EXTENDED: Final = (
    b"utf-8''..%2F..%2Fetc%2Fpasswd",
    b"utf-8''a%00b.txt",
    b"utf-8''a%0D%0AX-Evil:%20yes",
    b"zlib''x.txt",
    b"utf-7''+2AA-.txt",
    b"utf-16''%00%D8",
    b"''",
    b"utf-8''%E2%80%AEfdp.exe",
)


def _named(name: bytes) -> bytes:
    disposition = b'Content-Disposition: attachment; filename="' + name + b'"'
    return part(b"x", b"application/octet-stream", disposition)


def _extended(name: bytes) -> bytes:
    return part(b"x", b"application/pdf", b"Content-Disposition: attachment; filename*=" + name)


NAMES: Final = (
    Hostile("attachment names", lambda: multipart("names", *map(_named, _NAMES))),
    Hostile("attachment names extended", lambda: multipart("extended", *map(_extended, _EXTENDED))),
    Hostile(
        "attachment names twice",
        lambda: multipart("same names", *map(_named, (b"a.txt", b"A.TXT", b"a.txt", b"a.txt "))),
    ),
    Hostile(
        "a carried mail with a path for a subject",
        lambda: multipart("carried", part(b"Subject: ../../x\r\n\r\nx", b"message/rfc822")),
    ),
)

"""A winmail.dat gives its files and, where the mail has no other, its text; junk stays as it is."""

import hashlib
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.errors import Permanent
from mailcase.intake.attachments import safe_name
from mailcase.intake.extract import extract
from mailcase.intake.parse import read
from mailcase.intake.rtf import text_of_rtf
from mailcase.intake.tnef import contents

BODY, HTML, RTF, LONG_NAME, MIME, DATA_OBJ = 0x1000, 0x1013, 0x1009, 0x3707, 0x370E, 0x3701


def attribute(name: int, data: bytes, level: int = 2, length: int | None = None) -> bytes:
    head = struct.pack("<BHHI", level, name, 0, len(data) if length is None else length)
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def mapi(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties (type, name, bytes) of one value each."""
    out = struct.pack("<I", len(values))
    for kind, name, data in values:
        out += struct.pack("<HHII", kind, name, 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return out


def unicode(name: int, text: str) -> tuple[int, int, bytes]:
    return 0x1F, name, text.encode("utf-16-le") + b"\0\0"


def file(name: str, data: bytes, *more: tuple[int, int, bytes]) -> bytes:
    title = attribute(0x8010, name.encode("cp1252") + b"\0")
    return attribute(0x9002, b"\0" * 14) + title + attribute(0x800F, data) + attribute(0x9005, mapi(*more))


def tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def plain_rtf(text: bytes) -> bytes:
    return struct.pack("<IIII", len(text) + 12, len(text), 0x414C454D, 0) + text


FILES = (
    file("REPORT~1.PDF", b"%PDF-1", unicode(LONG_NAME, "Bericht für März.pdf"), unicode(MIME, "application/pdf")),
    file("../../etc/passwd", b"root\0\0"),
    file("", b"nameless"),
)
WINMAIL = tnef(attribute(0x9007, struct.pack("<II", 1252, 0), 1), attribute(0x800C, b"Gr\xfc\xdfe\0", 1), *FILES)


def mail(data: bytes, text: str = "", kind: str = "application/ms-tnef; name=winmail.dat") -> bytes:
    head = "From: a@visitor.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    body = f"--x\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--x\r\nContent-Type: {kind}\r\n"
    return f"{head}{body}Content-Transfer-Encoding: 8bit\r\n\r\n".encode() + data + b"\r\n--x--\r\n"


def listed(raw: bytes) -> list[tuple[str, str, str, int]]:
    return [(one.part, one.name, one.type, one.size) for one in read(raw).attachments]


def test_its_files_are_attachments_with_safe_names() -> None:
    assert listed(mail(WINMAIL, "Hello")) == [
        ("2", "winmail.dat", "application/ms-tnef", len(WINMAIL)),
        ("2/1", "Bericht für März.pdf", "application/pdf", 6),
        ("2/2", "passwd", "application/octet-stream", 6),
        ("2/3", "part-2-3.bin", "application/octet-stream", 8),
    ]


def test_its_files_can_be_saved() -> None:
    raw = mail(WINMAIL)
    for one in read(raw).attachments:
        data = b"".join(extract(raw, one.part))
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.size, one.sha256)
    assert b"".join(extract(raw, "2/2")) == b"root\0\0"


@pytest.mark.parametrize("part", ["2/9", "2/0", "2/-1", "2/x", "2/", "1/1", "2/1/1", "2/²"])
def test_a_file_that_is_not_there_is_refused(part: str) -> None:
    with pytest.raises(Permanent):
        extract(mail(WINMAIL, "Hello"), part)


def test_its_name_is_enough() -> None:
    assert len(listed(mail(WINMAIL, kind="application/octet-stream; name=WINMAIL.DAT"))) == 4


def props(*values: tuple[int, int, bytes]) -> bytes:
    return tnef(attribute(0x9003, mapi(*values), 1))


RTF_TEXT = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}Gr\'fc\'dfe,\par \u8364?5 {\b f\'fcr} \{alles\}}"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (WINMAIL, "Grüße"),
        (props(unicode(BODY, "Grüße")), "Grüße"),
        (props((0x102, HTML, b"<p>Gr&uuml;&szlig;e</p><script>x</script>")), "Grüße"),
        (props((0x102, RTF, plain_rtf(RTF_TEXT))), "Grüße,\n€5 für {alles}"),
    ],
    ids=["body", "mapi", "html", "rtf"],
)
def test_its_text_is_the_mails_where_there_is_no_other(data: bytes, text: str) -> None:
    assert read(mail(data)).text == text
    assert read(mail(data, "Hello")).text == "Hello"


def test_it_changes_nothing_of_what_makes_the_mail_the_same_again() -> None:
    opened, closed = read(mail(WINMAIL)), read(mail(WINMAIL, kind="application/pdf; name=a.pdf"))
    assert opened.attachments != closed.attachments
    assert (opened.fingerprint, opened.content_key) == (closed.fingerprint, closed.content_key)


# The example of MS-OXRTFCP 4.1.1.
COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def test_compressed_rtf_is_unpacked() -> None:
    assert text_of_rtf(COMPRESSED) == "hello world"


def test_compressed_rtf_never_grows_without_end() -> None:
    runs = b"\xff" + b"\x00\x0f" * 8
    bomb = struct.pack("<IIII", 0, 2**32 - 1, 0x75465A4C, 0) + runs * 40_000
    assert len(text_of_rtf(bomb)) <= 600_000


def test_groups_in_each_other_close_however_deep() -> None:
    silent = rb"{\*\generator " + b"{" * 5_000 + b"hidden" + b"}" * 5_000 + b"}"
    assert text_of_rtf(plain_rtf(b"{" * 5_000 + silent + b"said" + b"}" * 5_000 + b"}}{and more}")) == "saidand more"


def rtf(text: bytes) -> bytes:
    return attribute(0x9003, mapi((0x102, RTF, plain_rtf(text))), 1)


def test_a_mail_has_at_most_one_rtf_unpacked() -> None:
    assert contents(tnef(rtf(b"{one}"), rtf(b"{two}") * 10_000)).text == "one"
    assert contents(tnef(rtf(b"{one}")), words=False).text == ""
    second = b"--x\r\nContent-Type: application/ms-tnef\r\n\r\n" + tnef(rtf(b"{two}")) + b"\r\n--x--\r\n"
    assert read(mail(tnef(rtf(b"{}"))).replace(b"--x--\r\n", second)).text == ""


JUNK = {
    "empty": b"",
    "cut": WINMAIL[:40],
    "signature-alone": WINMAIL[:6],
    "length-beyond": tnef(attribute(0x800F, b"x", length=2**31)),
    "properties-beyond": tnef(attribute(0x9003, struct.pack("<I", 2**32 - 1), 1)),
    "values-beyond": tnef(attribute(0x9003, struct.pack("<IHHI", 1, 0x1002, 1, 2**32 - 1) + b"\0" * 2_000_000, 1)),
    "values-of-many-blocks": tnef(
        attribute(0x9002, b""), attribute(0x9005, mapi(*[unicode(LONG_NAME, "a")] * 1_000)) * 40
    ),
    "many-attributes": tnef(attribute(0x9002, b"") * 30_000),
    "itself-within": tnef(FILES[0], attribute(0x9005, mapi((0xD, DATA_OBJ, WINMAIL)))),
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_stays_a_winmail_dat(junk: bytes) -> None:
    assert listed(mail(junk, "Hello"))[0][:2] == ("2", "winmail.dat")
    assert read(mail(junk, "Hello")).text == "Hello"


def test_what_cannot_be_opened_is_told() -> None:
    assert "winmail_not_opened" in read(mail(b"junk")).defects
    assert "winmail_not_opened" not in read(mail(WINMAIL)).defects


def _holed(pieces: Sequence[tuple[int, int]]) -> bytes:
    data = bytearray(WINMAIL + props((0x102, RTF, COMPRESSED))[6:])
    for place, value in pieces:
        data[place % len(data)] = value
    return bytes(data)


BYTE = st.integers(min_value=0, max_value=255)


@given(st.lists(st.tuples(st.integers(min_value=0), BYTE), max_size=30).map(_holed) | st.binary().map(tnef))
def test_any_bytes_are_opened_or_refused(data: bytes) -> None:
    found = read(mail(data))
    assert not [one for one in found.defects if one.endswith("_failed")]
    assert all(safe_name(one.name) == one.name for one in found.attachments)


@given(st.binary(max_size=200))
def test_any_rtf_gives_text_or_is_refused(data: bytes) -> None:
    assert isinstance(text_of_rtf(struct.pack("<IIII", 0, 1_000, 0x75465A4C, 0) + data), str)


def test_embedded_winmail_is_no_way_to_more() -> None:
    assert len(contents(JUNK["itself-within"]).files) == 1

"""Attachments are complete, and their names harm no file system."""

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.errors import Permanent
from mailcase.intake import content
from mailcase.intake import extract as extracting
from mailcase.intake.attachments import LONGEST_NAME, safe_name
from mailcase.intake.content import payload
from mailcase.intake.parse import read
from mailcase.intake.structure import scan


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\a.txt", "a.txt"),
        ("a\x00b.txt", "a_b.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("Lpt9 .txt", "_Lpt9.txt"),
        (".bashrc", "bashrc"),
        ("trailing. . ", "trailing"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("ä 日本.txt", "ä 日本.txt"),
        ("..", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_a_name_is_made_safe(given_name: str, name: str) -> None:
    assert safe_name(given_name) == name


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_name("a" * 300 + ".pdf")
    assert len(name) == LONGEST_NAME
    assert name.endswith(".pdf")
    assert len(safe_name("日" * 300 + ".pdf").encode()) <= 240


@given(st.text(max_size=300))
def test_any_name_is_safe(given_name: str) -> None:
    name = safe_name(given_name)
    assert not set(name) & set('/\\\x00\n\r<>:"|?*\u202e')
    assert not name.startswith(".")
    assert safe_name(name) == name


def part(head: str, body: str = "x") -> bytes:
    return f"--x\r\n{head}\r\n\r\n{body}\r\n".encode()


def extract(raw: bytes, number: str) -> bytes:
    return b"".join(extracting.extract(raw, number))


def mail(*parts: bytes) -> bytes:
    return b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"".join(parts) + b"--x--\r\n"


RAW = mail(
    part("Content-Type: text/plain", "the text"),
    part('Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64', "iVBORw=="),
    part('Content-Type: image/png; name="A.PNG"', "two"),
    part("Content-Type: image/jpeg", "\x01\x02"),
    part("Content-Type: message/rfc822", "Subject: inner/one\r\n\r\nhi"),
    part("Content-Type: text/calendar; method=request", "BEGIN:VCALENDAR"),
)


def test_every_part_beside_the_text_is_listed() -> None:
    found = read(RAW).attachments
    assert [(one.part, one.name, one.type, one.size) for one in found] == [
        ("2", "a.png", "image/png", 4),
        ("3", "A (2).PNG", "image/png", 3),
        ("4", "part-4.jpg", "image/jpeg", 2),
        ("5", "one.eml", "message/rfc822", 24),
        ("6", "part-6.ics", "text/calendar", 15),
    ]


def test_the_listed_digest_is_that_of_the_extracted_bytes() -> None:
    for one in read(RAW).attachments:
        data = extract(RAW, one.part)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.size, one.sha256)
    assert extract(RAW, "2") == b"\x89PNG"


@pytest.mark.parametrize("number", ["9", "", "1.1", "../1"])
def test_a_part_that_is_not_there_is_refused(number: str) -> None:
    with pytest.raises(Permanent):
        extract(RAW, number)


def test_attachments_of_a_carried_mail_are_its_own() -> None:
    inner = (
        "Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\nContent-Type: image/png; name=i.png\r\n\r\nx\r\n--y--"
    )
    found = read(mail(part("Content-Type: message/rfc822\r\nContent-Disposition: attachment", inner)))
    assert [one.name for one in found.attachments] == ["message.eml"]
    assert found.text == ""


@pytest.mark.parametrize("body", ["SGVsbG8", "SGVs bG8=", "SGVsbG8=!!", "SGVsbG8=\r\n--garbage"])
def test_broken_base64_is_read_as_far_as_it_goes(body: str) -> None:
    raw = mail(part("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64", body))
    assert extract(raw, "1") == b"Hello"


def test_uuencoded_content_is_decoded() -> None:
    head = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: x-uuencode"
    raw = mail(part(head, "begin 644 a\r\n%2&5L;&\\\r\n`\r\nend"))
    assert extract(raw, "1") == b"Hello"


def test_thousands_of_one_name_stay_apart() -> None:
    many = [part('Content-Disposition: attachment; filename="a.txt"') for _ in range(3_000)]
    names = [one.name for one in read(mail(*many)).attachments]
    assert len(set(names)) == len(names) == 3_000


ENCODED = {
    "base64": st.text(alphabet="ABCdef0189+/=\r\n !", max_size=120),
    "quoted-printable": st.text(alphabet="=AB0 \t\r\n", max_size=120),
    "x-uuencode": st.lists(
        st.sampled_from(["begin 644 a", "%2&5L;&\\", "#0V%T", "`", "end", "x", ""]), max_size=12
    ).map("\r\n".join),
    "8bit": st.text(max_size=120),
}


@pytest.mark.parametrize("encoding", ENCODED)
@given(data=st.data(), step=st.integers(min_value=1, max_value=9))
def test_a_part_is_decoded_alike_in_pieces_and_as_a_whole(encoding: str, data: st.DataObject, step: int) -> None:
    raw = f"Content-Transfer-Encoding: {encoding}\r\n\r\n{data.draw(ENCODED[encoding])}".encode()
    part = scan(raw)[0]
    whole = payload(raw, part)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "CHUNK", step)
        assert b"".join(content.chunks(raw, part)) == whole
        assert content.measured(raw, part) == (len(whole), hashlib.sha256(whole).hexdigest())


def test_a_large_attachment_is_never_held_as_a_whole() -> None:
    raw = mail(part("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64", "QUJD" * 8_388_608))
    tracemalloc.start()
    try:
        (found,) = read(raw).attachments
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.size == 3 * 8_388_608
    assert peak < len(raw) / 4

"""The visible body: which parts it is made of, and in which characters."""

import pytest

from mailcase.intake.body import LONGEST, unflow
from mailcase.intake.parse import read
from mailcase.message import Email

HEAD = b"From: a@x.example\r\nMIME-Version: 1.0\r\n"


def multipart(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b"; boundary=x\r\n\r\n" + body + b"--x--\r\n"


PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nplain w\xc3\xb6rds"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>rich <b>w\xc3\xb6rds</b></p>"
NAMED = b'Content-Type: text/plain; name="log.txt"\r\nContent-Disposition: attachment\r\n\r\nlog'
BLANK = b"Content-Type: text/plain\r\n\r\n \r\n"


@pytest.mark.parametrize(
    ("raw", "text", "html"),
    [
        (HEAD + PLAIN, "plain wörds", ""),
        (HEAD + HTML, "rich wörds", "<p>rich <b>wörds</b></p>"),
        (multipart(b"alternative", PLAIN, HTML), "plain wörds", "<p>rich <b>wörds</b></p>"),
        (multipart(b"alternative", BLANK, HTML), "rich wörds", "<p>rich <b>wörds</b></p>"),
        (multipart(b"mixed", PLAIN, NAMED), "plain wörds", ""),
        (multipart(b"mixed", HTML, PLAIN), "rich wörds\n\nplain wörds", "<p>rich <b>wörds</b></p>"),
        (multipart(b"mixed", NAMED), "", ""),
        (HEAD + b"Content-Type: text/plain; name=body.txt\r\n\r\nhi", "hi", ""),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nd8O2cmRz", "wörds", ""),
        (HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\nw=C3=B6rds=\r\n!", "wörds!", ""),
        (HEAD + b"Content-Type: text/plain; charset=us-ascii\r\n\r\nw\xf6rds", "wörds", ""),
        (HEAD + b"\r\na\x00b\x1bc\xc2\x85d\r\n", "abcd", ""),
        (HEAD + b"\r\n> quoted\r\nanswer", "> quoted\nanswer", ""),
    ],
)
def test_the_text_is_what_a_person_sees(raw: bytes, text: str, html: str) -> None:
    found = read(raw)
    assert (found.text, found.html) == (text, html)


def test_a_carried_mail_is_not_part_of_the_text() -> None:
    carried = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text"
    found = read(multipart(b"mixed", PLAIN, carried))
    assert found.text == "plain wörds"
    assert [one.name for one in found.attachments] == ["inner.eml"]


def test_an_image_of_related_is_inline_and_not_text() -> None:
    image = b"Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw=="
    page = b'Content-Type: text/html\r\n\r\n<img src="cid:logo@x">'
    (only,) = read(multipart(b"related", page, image)).attachments
    assert (only.inline, only.content_id, only.size) == (True, "logo@x", 4)


@pytest.mark.parametrize(
    ("text", "unfolded"),
    [
        ("a \nb\nc", "a b\nc"),
        ("> a \n> b\nc", "> a b\nc"),
        ("> a \nb", "> a \nb"),
        ("x\n-- \nJoe", "x\n-- \nJoe"),
        (" >no quote", ">no quote"),
        ("a ", "a "),
        ("", ""),
    ],
)
def test_soft_breaks_go_and_quotes_stay(text: str, unfolded: str) -> None:
    assert unflow(text, delete_space=False) == unfolded


def test_flowed_text_with_delsp_joins_words() -> None:
    assert read(HEAD + b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nab \r\ncd").text == "abcd"


def test_a_huge_text_is_cut_and_says_so() -> None:
    found = read(HEAD + b"\r\n" + b"x" * (2 * LONGEST))
    assert len(found.text) == LONGEST
    assert "truncated" in found.defects


def hostile(html: bytes) -> Email:
    return read(HEAD + b"Content-Type: text/html\r\n\r\n" + html)


DEEP = b"<div>" * 200_000 + b"word"
ATTRIBUTES = b"<a " + b" ".join(b"a%d=1" % number for number in range(90_000)) + b">word"
COMMENTS = b"<!--" * 200_000 + b"word"


@pytest.mark.parametrize("html", [DEEP, ATTRIBUTES, COMMENTS], ids=["deep", "attributes", "comments"])
def test_html_that_would_take_long_to_clean_is_not_shown_and_its_words_are(html: bytes) -> None:
    found = hostile(html)
    assert found.html_clean == ""
    assert "html_not_cleaned" in found.defects
    assert "word" in found.text


def test_a_hundred_thousand_cells_are_made_into_text() -> None:
    assert hostile(b"<table>" + b"<tr><td>x" * 70_000).text.count("x") == 70_000

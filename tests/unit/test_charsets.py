"""A declared charset is believed only if it is one and fits."""

import pytest

from mailcase.intake.charsets import codec_of, decode


@pytest.mark.parametrize(
    ("data", "charset", "text", "guessed"),
    [
        ("käse".encode(), "utf-8", "käse", False),
        ("käse".encode("latin-1"), "iso-8859-1", "käse", False),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”", False),  # they mean windows-1252
        ("käse".encode("cp1252"), "us-ascii", "käse", True),
        ("käse".encode("latin-1"), "utf-8", "käse", True),  # the lie of libraries.md 3
        ("käse".encode(), "no-such-charset", "käse", True),
        ("käse".encode(), "", "käse", False),
        (b"plain", "rot13", "plain", True),
        ("привет".encode("koi8-r"), "koi8-r", "привет", False),
        ("中文".encode("gb18030"), "gb2312", "中文", False),
        (b"", "utf-8", "", False),
    ],
)
def test_the_ladder_of_charsets(data: bytes, charset: str, text: str, guessed: bool) -> None:
    assert decode(data, charset) == (text, guessed)


@pytest.mark.parametrize(
    "name", ["zlib", "rot13", "base64", "idna", "punycode", "undefined", "unicode_escape", "x" * 999, "\x00"]
)
def test_what_is_no_charset_is_not_looked_up(name: str) -> None:
    assert codec_of(name) is None


def test_one_broken_byte_does_not_cost_a_long_text_its_charset() -> None:
    data = ("äöü" * 100).encode() + b"\xff"
    assert decode(data, "utf-8") == ("äöü" * 100 + "\ufffd", True)


def test_a_long_text_of_unknown_charset_is_guessed() -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 10
    assert decode(text.encode("cp1251"), "")[0] == text

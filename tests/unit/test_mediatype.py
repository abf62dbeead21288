"""Parameters of Content-Type and Content-Disposition, well-formed and not."""

import pytest

from mailcase.intake.mediatype import media_type_of


@pytest.mark.parametrize(
    ("value", "kind", "params"),
    [
        (b"text/HTML; charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        (b'multipart/mixed; boundary="a;b"', "multipart/mixed", {"boundary": "a;b"}),
        (b'multipart/mixed\r\n\tboundary="x"', "multipart/mixed", {"boundary": "x"}),
        (b"text", "text/plain", {}),
        (b"nonsense", "text/plain", {}),
        (b"", "text/plain", {}),
        (b"image/png; name==?utf-8?q?=C3=A4.png?=", "image/png", {"name": "ä.png"}),
        (b"image/png; name*=utf-8''%C3%A4.png", "image/png", {"name": "ä.png"}),
        (b"image/png; name*1*=%A4.png; name*0*=utf-8''%C3", "image/png", {"name": "ä.png"}),
        (b"image/png; name=a.png; name*=utf-8''b.png", "image/png", {"name": "b.png"}),
        ("image/png; name=ä.png".encode(), "image/png", {"name": "ä.png"}),
    ],
)
def test_type_and_parameters_are_read(value: bytes, kind: str, params: dict[str, str]) -> None:
    found = media_type_of(value)
    assert (found.type, found.params) == (kind, params)


def test_a_flood_of_parameters_is_cut() -> None:
    flood = b"image/png; " + b"; ".join(b"name*%d*=%%41" % number for number in range(5_000))
    assert len(media_type_of(flood).params["name"]) <= 100
    assert media_type_of(b"text/plain" + b";" * 1_000_000).type == "text/plain"

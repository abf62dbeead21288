"""HTML is shown only as far as an allow-list goes."""

import pytest

from mailcase.intake.html import clean_html, crude_text, text_of


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ('<p onclick="x" style="color:red" class="c" id="i">a</p>', "<p>a</p>"),
        ('<img src="https://evil.example/track.png" alt="x">', '<img alt="x">'),
        ('<img src="cid:logo@x">', '<img src="cid:logo@x">'),
        ('<img src=" CID:logo@x">', None),
        ('<img src="data:image/svg+xml,x">', "<img>"),
        ('<img srcset="https://evil.example/x.png">', "<img>"),
        ('<a href="javascript:alert(1)">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        ('<a href="https://x.example/">a</a>', '<a href="https://x.example/" rel="noopener noreferrer nofollow">a</a>'),
        ("<style>p{background:url(https://evil.example)}</style>a", "a"),
        ("<svg><a href=x>a</a></svg><math>b</math>", ""),
        ('<iframe src="https://evil.example"></iframe><form action=x><input></form>', ""),
        ("<base href=https://evil.example><meta http-equiv=refresh><link rel=stylesheet>", ""),
        ("<table background='https://evil.example'><tr><td>a</td></tr></table>", None),
        ("", ""),
    ],
)
def test_only_what_is_allowed_stays(html: str, clean: str | None) -> None:
    found = clean_html(html)
    assert "evil" not in found
    assert clean is None or found == clean


def test_text_keeps_the_layout_of_lists_and_tables() -> None:
    html = "<p>Hello</p><ul><li>one</li><li>two</li></ul><table><tr><td>a</td><td>b</td></tr></table>"
    lines = [line.strip() for line in text_of(clean_html(html), html).splitlines() if line.strip()]
    assert lines == ["Hello", "* one", "* two", "a  b"]


def test_crude_text_leaves_out_style_and_script() -> None:
    assert crude_text("<style>p{}</style><p>a &amp; b</p>c<script>x</script>") == "a & b\nc"


@pytest.mark.parametrize("text", ["&" * 500_000, "&nbsp;" * 100_000, "\n&" * 200_000])
def test_html_of_bare_entities_is_not_cleaned_but_read(text: str) -> None:
    assert clean_html(text) == ""
    assert crude_text(text) is not None

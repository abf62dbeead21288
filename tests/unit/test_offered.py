"""Which attachments are offered for download (B14)."""

from typing import Any

import pytest

from mailcase.intake.offered import offered
from mailcase.policy import AttachmentPolicy

POLICY = AttachmentPolicy(types=frozenset({"pdf", "jpg"}), max_count=2, max_size=100, max_total=150)


def file(name: str, size: int = 10, *, inline: bool = False) -> dict[str, Any]:
    return {"part": "2", "name": name, "type": "x/y", "size": size, "inline": inline}


@pytest.mark.parametrize(
    ("files", "reasons"),
    [
        ([file("a.pdf"), file("B.PDF")], ["", ""]),
        ([file("a.exe"), file("pdf"), file("a.pdf.exe")], ["type_not_allowed"] * 3),
        ([file("a.pdf", 101), file("b.pdf", 100)], ["too_large", ""]),
        ([file("a.pdf"), file("b.pdf"), file("c.pdf")], ["", "", "too_many"]),
        ([file("a.pdf", 100), file("b.pdf", 60), file("c.pdf", 50)], ["", "total_too_large", ""]),
        # One that is refused takes no place; an image inside the text takes none either.
        ([file("a.exe"), file("a.pdf"), file("b.pdf")], ["type_not_allowed", "", ""]),
        ([file("i.jpg", 90, inline=True), file("a.pdf", 90), file("b.pdf", 60)], ["", "", ""]),
    ],
)
def test_each_attachment_says_whether_it_is_offered(files: list[dict[str, Any]], reasons: list[str]) -> None:
    made = offered(files, POLICY)
    assert [one["reason"] for one in made] == reasons
    assert [one["allowed"] for one in made] == [not reason for reason in reasons]
    assert [one["name"] for one in made] == [one["name"] for one in files]

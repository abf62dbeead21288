"""Of an oversize mail it is said which attachments were taken, and how large the others are."""

from typing import Any

from mailcase.intake.offered import offered
from mailcase.intake.remainder import listed
from mailcase.policy import AttachmentPolicy

POLICY = AttachmentPolicy(types=frozenset({"pdf"}), max_count=5, max_size=1_000, max_total=1_000)


def file(part: str, size: int) -> dict[str, Any]:
    return {
        "part": part, "name": f"{part}.pdf", "type": "application/pdf", "size": size, "inline": False,
        "content_id": "", "sha256": "s",
    }  # fmt: skip


def left(part: str, size: int) -> dict[str, Any]:
    return {"part": part, "name": f"{part}.pdf", "type": "application/pdf", "size": size}


def facts(found: list[dict[str, Any]]) -> list[tuple[str, int | None, bool]]:
    return [(one["part"], one["size"], one["taken"]) for one in found]


def test_of_a_whole_mail_everything_is_taken() -> None:
    assert facts(listed([file("2", 5)], None)) == [("2", 5, True)]


def test_the_last_one_was_cut_and_those_behind_it_were_not_taken() -> None:
    remainder = {"size": 900, "parts": [left("2", 5), left("3", 400), left("4", 400)]}
    assert facts(listed([file("2", 5), file("3", 7)], remainder)) == [
        ("2", 5, True),
        ("3", 400, False),
        ("4", 400, False),
    ]


def test_a_server_that_tells_nothing_leaves_the_size_open() -> None:
    assert facts(listed([file("2", 5), file("3", 7)], {})) == [("2", 5, True), ("3", None, False)]
    assert listed([], {}) == []


def test_what_was_not_taken_is_not_offered_and_does_not_count() -> None:
    found = offered(listed([file("2", 900), file("3", 7)], {"parts": [left("3", 990)]}), POLICY)
    assert [(one["allowed"], one["reason"]) for one in found] == [(True, ""), (False, "not_taken")]

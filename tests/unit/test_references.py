"""Message-IDs are found by a linear scan, bounded in number and length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.references import LONGEST, MOST, message_id, message_ids


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@x> <b@x>", ("<a@x>", "<b@x>")),
        ("<a@x><b@x>", ("<a@x>", "<b@x>")),
        ("<a@x>\r\n\t<b@x>", ("<a@x>", "<b@x>")),
        ("<a@\r\n x>", ("<a@x>",)),
        ('Your message of "Mon, 1 Jan" <a@x>', ("<a@x>",)),
        ("<<a@x>>", ("<a@x>",)),
        ("<> <a@x>", ("<a@x>",)),
        ("<a@x> <b@x> <a@x>", ("<b@x>", "<a@x>")),
        ("a@x, b@x", ("<a@x>", "<b@x>")),
        ("no id at all", ()),
        ("<" + "a" * LONGEST + ">", ()),
        ("", ()),
    ],
)
def test_ids_are_found_in_order(value: str, ids: tuple[str, ...]) -> None:
    assert message_ids(value) == ids


def test_of_too_many_ids_the_newest_are_kept() -> None:
    found = message_ids(" ".join(f"<{number}@x>" for number in range(500)))
    assert len(found) == MOST
    assert found[-1] == "<499@x>"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<a@x>", "<a@x>"),
        (" <a@x> (comment)", "<a@x>"),
        ("a@x", "<a@x>"),
        ("12345", "<12345>"),
        ("<>", None),
        ("two words", None),
        ("", None),
        ("<[weird spaced@x.y]>", "<[weirdspaced@x.y]>"),
        ("<a\x00b\x7fc\x80@x.y>", "<abc@x.y>"),  # PostgreSQL takes no NUL
        ("<\x00>", None),
    ],
)
def test_a_message_id_is_the_first_of_its_header(value: str, found: str | None) -> None:
    assert message_id(value) == found


@pytest.mark.parametrize("value", ["<" * 100_000, ">" * 100_000, "<" + ">" * 100_000, "< " * 50_000])
def test_brackets_without_ids_give_none(value: str) -> None:
    assert message_ids(value) == ()


@given(st.text(max_size=300) | st.text(alphabet="<>@ab \n", max_size=300))
def test_any_text_gives_well_formed_ids(value: str) -> None:
    for one in message_ids(value):
        assert one.startswith("<")
        assert one.endswith(">")
        assert not any(char.isspace() for char in one)
        assert message_ids(one) == (one,)

"""Prefixes of answers and forwards come off, words that only look like them stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.subjects import FORWARD, REPLY, base_subject


@pytest.mark.parametrize(
    ("subject", "bare", "replied", "forwarded"),
    [
        ("Re: AW: Fwd: x", "x", True, True),
        ("RE[2]: x", "x", True, False),
        ("Re (3) : x", "x", True, False),
        ("TR : x", "x", False, True),
        ("回复：打印机", "打印机", True, False),
        ("re:re:re:x", "x", True, False),
        ("Recipe: x", "Recipe: x", False, False),
        ("Reply: x", "Reply: x", False, False),
        ("x Re: y", "x Re: y", False, False),
        ("", "", False, False),
    ],
)
def test_prefixes_are_taken_off_and_told(subject: str, bare: str, replied: bool, forwarded: bool) -> None:
    base = base_subject(subject)
    assert (base.text, base.replied, base.forwarded) == (bare, replied, forwarded)


@pytest.mark.parametrize("word", [*REPLY, *FORWARD])
def test_every_word_is_known_in_any_case(word: str) -> None:
    assert base_subject(f"{word.upper()}: x").text == "x"


def test_a_forward_stays_where_only_replies_are_wanted() -> None:
    assert base_subject("Re: Fwd: Re: x", forwards=False).text == "Fwd: Re: x"


def test_many_prefixes_end() -> None:
    assert base_subject("Re: " * 1000 + "x").text == "x"


@given(st.text(max_size=300))
def test_any_text_keeps_its_end(text: str) -> None:
    assert text.endswith(base_subject(text).text)

"""Case numbers: masks compile, format, and are found with their neighbours watched (B7.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.cases.numbers import Mask, find_numbers

SR = Mask.parse("SR-{0}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SR-1", [1]),
        ("(SR-1)", [1]),
        ('"SR-1"', [1]),
        ("SR-1:", [1]),
        ("SR-1.", [1]),
        ("[SR-12] and sr-7", [12, 7]),
        ("SR-0012", [12]),
        ("SR-12 is not SR-1", [12, 1]),
        ("XSR-1", []),
        ("SR-1.5", []),
        ("SR-1x", []),
        ("SR-1-2", []),
        ("SR-1_", []),
        ("_SR-1", []),
        ("-SR-1", []),
        ("SR_1", []),
        ("SR 1", []),
        ("SR-0", []),
        ("SR-١", []),
        ("SR-" + "9" * 30, []),
    ],
)
def test_a_number_is_found_only_between_good_neighbours(text: str, found: list[int]) -> None:
    assert list(find_numbers((SR,), text)) == found


def test_padding_of_the_mask_is_asked_for_and_more_zeros_are_allowed() -> None:
    mask = Mask.parse("CASE{0:04d}")
    assert mask.format(12) == "CASE0012"
    assert list(find_numbers((mask,), "case0012 CASE000012 CASE12")) == [12]


def test_retired_masks_count_and_order_is_that_of_the_text() -> None:
    assert find_numbers((SR, Mask.parse("Ticket#{0}")), "Ticket#5 and SR-4 and SR-5") == (5, 4)


def test_a_suffix_is_part_of_the_number() -> None:
    assert find_numbers((Mask.parse("[req:{0}]"),), "Re: [REQ:44] hello") == (44,)


@pytest.mark.parametrize(
    "template",
    [
        *("SR-", "SR-{1}", "{0}", "12-{0}", "SR-{0}{0}", "SR{{0}}", "A1{0}", "S" * 60 + "{0}", "S\n{0}"),
        *("Re: {0}", "AW: Fwd: {0}", "回复：{0}"),
    ],
)
def test_a_wrong_mask_is_refused_with_its_name(template: str) -> None:
    with pytest.raises(ValueError, match="mask"):
        Mask.parse(template)


def test_ref_is_the_usual_word_before_a_number() -> None:
    assert find_numbers((Mask.parse("Ref: {0}"),), "Re: Ref: 44") == (44,)


@given(st.integers(min_value=1, max_value=10**15), st.text(alphabet=" \t\n()\"':,;!?[]", max_size=5))
def test_every_formatted_number_is_found_again(running: int, around: str) -> None:
    assert find_numbers((SR,), f"{around}{SR.format(running)}{around}") == (running,)


@given(st.text(max_size=400))
def test_any_text_is_searched_without_trouble(text: str) -> None:
    assert all(number > 0 for number in find_numbers((SR,), text))

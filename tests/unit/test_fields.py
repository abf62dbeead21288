"""Title, description and priority of a new case (B10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.cases.fields import cut, description, priority, title
from mailcase.cases.numbers import Mask
from tests.builders import make_email

SR = (Mask.parse("SR-{0}"),)


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("Printer jams", "Printer jams"),
        ("Re: AW: Fwd: Printer  jams", "Printer jams"),
        ("RE[2]: printer", "printer"),
        ("回复：打印机", "打印机"),
        ("WG: [SR-12] Drucker", "Drucker"),
        ("Re: Drucker (SR-12)", "Drucker"),
        ("[SR-12] Re: Drucker", "Drucker"),
        ("Regarding: the printer", "Regarding: the printer"),
        ("Re:", "(no subject)"),
        ("", "(no subject)"),
        ("[SR-12]", "(no subject)"),
    ],
)
def test_the_title_is_the_subject_without_prefixes_and_numbers(subject: str, wanted: str) -> None:
    assert title(subject, SR, 128, "(no subject)") == wanted


def test_a_long_title_is_cut_between_graphemes() -> None:
    family = "👨\u200d👩\u200d👧"
    assert title("x" * 126 + family, SR, 128, "") == "x" * 126
    assert title("é" * 200, SR, 128, "") == "é" * 128


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
def test_cutting_never_exceeds_the_limit(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert text.startswith(short)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, "Medium"),
        ({"Importance": "HIGH"}, "High"),
        ({"Importance": "low"}, "Low"),
        ({"X-Priority": "1 (Highest)"}, "High"),
        ({"X-Priority": "3"}, "Medium"),
        ({"X-Priority": "5"}, "Low"),
        ({"Priority": "urgent"}, "High"),
        ({"Importance": "critical"}, "Medium"),
    ],
)
def test_priority_comes_from_the_headers_and_is_never_critical(headers: dict[str, str], wanted: str) -> None:
    assert priority(make_email(headers)) == wanted


def test_the_description_keeps_quotes_up_to_its_limit() -> None:
    assert description(make_email(text="> old\nnew " + "x" * 30000), 20000).startswith("> old\nnew")
    assert len(description(make_email(text="x" * 30000), 20000)) == 20000

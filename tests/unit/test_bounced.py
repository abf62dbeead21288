"""A report without recipient blocks: what its words say of the failure (B5)."""

import pytest

from mailcase.reports import _status_in_words
from tests.builders import CUSTOMER, make_email


@pytest.mark.parametrize(
    ("text", "headers", "status"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", {}, "5.1.1"),
        ("host said: 550 5.7.1 rejected", {}, "5.7.1"),
        ("host said: 554-5.4.14 hop count exceeded", {}, "5.4.14"),
        ("host said: 450 4.2.1 try again", {}, ""),
        ("our version 5.1.1 is out", {}, ""),
        ("no words", {"X-Failed-Recipients": f"other@x.example, {CUSTOMER.upper()}"}, "5.0.0"),
        ("no words", {"X-Failed-Recipients": "other@x.example"}, ""),
        ("x" * 4000 + "(#5.1.1)", {}, ""),
    ],
)
def test_a_permanent_status_is_read_from_the_words_above_the_copy(
    text: str, headers: dict[str, str], status: str
) -> None:
    assert _status_in_words(make_email(headers, text=text), CUSTOMER) == status

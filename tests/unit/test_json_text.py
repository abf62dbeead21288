"""JSON of the columns: what was written by Python's own is read, and nothing that it takes is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.store.json_text import dumps, loads

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_any_value_comes_back(value: object) -> None:
    assert loads(dumps(value)) == value
    assert json.loads(dumps(value)) == value
    assert loads(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["\ud800", "\udfff and more", "a\x00b", "\u2028"])
def test_text_that_the_quick_ones_refuse_comes_back(text: str) -> None:
    assert loads(dumps([text])) == [text]
    assert loads(json.dumps({text: text})) == {text: text}


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(json.JSONDecodeError):
        loads("[1,")

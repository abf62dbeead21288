"""Frozen values between processes: the same on the other side, and what is remembered for speed stays here."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from mailcase.packing import packed


@packed(fresh="_index")
@dataclass(frozen=True, slots=True)
class Value:
    """One with something that is remembered."""

    name: str
    count: int = 0
    _index: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)


def test_it_is_the_same_and_what_was_remembered_is_not_sent() -> None:
    one = Value("a", 3)
    one._index["x"] = 1
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):  # noqa: S301 - our own
        assert (other, other._index) == (one, {})
        assert other._index is not one._index
        with pytest.raises(FrozenInstanceError):
            other.name = "b"  # type: ignore[misc]  # that is what is tried
    assert copy.copy(one)._index is not copy.copy(one)._index


def test_what_is_made_anew_is_the_last_field() -> None:
    with pytest.raises(TypeError, match="name is not the last field of Other"):

        @packed(fresh="name")
        @dataclass(frozen=True, slots=True)
        class Other:
            name: str
            count: int

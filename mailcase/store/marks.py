"""Where a method of the store may run: marked on the method itself, looked at by the one who calls it (writer.py)."""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_LANE: Final = "store_lane"
_FIRST: Final = "store_first"


class Lane(Enum):
    """Which threads a method is for."""

    WRITE = "write"  # the one that writes, in the order of the calls
    READ = "read"  # beside it
    OUTSIDE = "outside"  # it may wait for another server or disk, and for nobody who reads


def reads(method: F) -> F:
    """It writes nothing, and may run while something is written: it sees what was committed before it began."""
    vars(method)[_LANE] = Lane.READ
    return method


def outside(method: F) -> F:
    """It reads, also from where raw mail lies."""
    vars(method)[_LANE] = Lane.OUTSIDE
    return method


def before(first: Callable[[Any], Callable[..., object]]) -> Callable[[F], F]:
    """It has a first half that needs no transaction and may wait for another server.

    `first` says which method of the same store that is: it is called with the same arguments, and what it returns
    is the second half's last argument.
    """

    def mark(method: F) -> F:
        vars(method)[_FIRST] = first
        return method

    return mark


def lane_of(work: Callable[..., object]) -> Lane:
    """Where it may run; what bears no mark writes."""
    lane: Lane = getattr(_bare(work), _LANE, Lane.WRITE)
    return lane


def first_half(work: Callable[..., object]) -> Callable[..., object] | None:
    """The first half of a store's method, bound to the same store."""
    first = getattr(work, _FIRST, None)
    return first(getattr(work, "__self__", None)) if first is not None else None


def _bare(work: Callable[..., object]) -> Callable[..., object]:
    return work.func if isinstance(work, partial) else work

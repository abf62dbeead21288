"""How frozen values travel between processes: pickle takes their fields and puts them back in C."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

T = TypeVar("T")
_PUTS: Final[dict[type, tuple[Callable[[object, object], None], ...]]] = {}  # how each slot of a class is filled


def packed(*, fresh: str = "") -> Callable[[type[T]], type[T]]:
    """For a frozen dataclass with slots: what dataclasses write for pickle there takes twice as long.

    It asks for the names of all fields anew with each value, and a mail has a dozen of them. `fresh` is the field, the
    last one, that is an empty dict again on the other side.
    """

    def decorate(kind: type[T]) -> type[T]:
        names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # a dataclass
        if fresh and names[-1] != fresh:
            raise TypeError(f"{fresh} is not the last field of {kind.__name__}")
        values = attrgetter(*(one for one in names if one != fresh))
        _PUTS[kind] = tuple(getattr(kind, name).__set__ for name in names)

        def reduced(self: object) -> tuple[Any, ...]:
            return _unpacked, (kind, (*values(self), {}) if fresh else values(self))

        kind.__reduce__ = reduced  # type: ignore[method-assign]
        return kind

    return decorate


def _unpacked(kind: type[Any], values: tuple[object, ...]) -> Any:
    one = object.__new__(kind)
    for put, value in zip(_PUTS[kind], values, strict=True):
        put(one, value)
    return one

"""Keys of the contract whose function a later version brings: taken only at their default, never in silence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mailcase.configuration.problems import Problem

if TYPE_CHECKING:
    from mailcase.config import Settings

_GLOBAL: Final[tuple[tuple[str, ...], ...]] = ()
_MAILBOX: Final[tuple[tuple[str, ...], ...]] = ()


def unavailable(settings: "Settings") -> Iterator[Problem]:
    """A problem for each key that asks for something this version does not do."""
    for path in _GLOBAL:
        yield from _asked(settings, path, ())
    for number, box in enumerate(settings.mailbox):
        for path in _MAILBOX:
            yield from _asked(box, path, ("mailbox", number))


def _asked(section: Any, path: tuple[str, ...], before: tuple[str | int, ...]) -> Iterator[Problem]:
    for part in path[:-1]:
        section = getattr(section, part)
        if section is None:
            return
    default = type(section).model_fields[path[-1]].default
    if getattr(section, path[-1]) != default:
        yield Problem((*before, *path), f"not available in this version; {_cure(default)}")


def _cure(default: object) -> str:
    return f'leave it at "{default}"' if isinstance(default, str) and default else "leave it out"

"""What every option and argument is checked for, in one place: numbers that a store can hold, and text that is text."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import typer

from mailcase.intake.texts import why_no_text

#: The largest number that both databases take in every place of a statement.
MOST: Final = 2**31 - 1


def check(command: Any) -> None:
    """From now on no value of this command's, or of one below it, is taken unchecked."""
    for param in _params(command):
        param.callback = _checking(param.callback)


def _params(command: Any) -> Iterator[Any]:
    """The options and arguments of a command and of all below it."""
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from _params(below)


def _checking(then: Callable[..., Any] | None) -> Callable[..., Any]:
    """A callback that checks what was given, and asks the parameter's own one after that."""

    def callback(context: Any, param: Any, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else (value,):
            if wrong := why_not(one):
                raise typer.BadParameter(wrong, ctx=context, param=param)
        return then(context, param, value) if then else value

    return callback


def why_not(value: object) -> str:
    """What is wrong with a value that was given; "" where nothing is. A path is what its file system says."""
    if isinstance(value, str):
        return why_no_text(value)
    if isinstance(value, int | float) and not abs(value) <= MOST:  # nan is neither
        return f"{value} is too large: at most {MOST:,} is possible"
    return ""

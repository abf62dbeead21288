"""What every option and argument of every command is checked for."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from mailcase.cli.given import MOST, why_not
from mailcase.cli.main import app


def _params(command: Any) -> Iterator[Any]:
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from _params(below)


def test_no_command_is_given_what_a_store_cannot_hold() -> None:
    params = list(_params(get_command(app)))
    assert len(params) > 200
    for param in params:
        for value in (MOST + 1, "caf\udce9", ["a", "\0"]):
            with pytest.raises(typer.BadParameter):
                param.callback(None, param, value)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (MOST, ""), (-MOST, ""), (2.5, ""), (None, ""), (True, ""), ("café 😀\n", ""),
        (MOST + 1, "2147483648 is too large: at most 2,147,483,647 is possible"),
        (float("nan"), "nan is too large: at most 2,147,483,647 is possible"),
        ("caf\udce9", "character 4 is no UTF-8: give it as text in UTF-8"),
        ("h\0i\0", "character 2 is a NUL: give it as text in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_value(value: object, wrong: str) -> None:
    assert why_not(value) == wrong

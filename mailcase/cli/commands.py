"""Every command's place; the module of a command is imported when it is the one that was called."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

from mailcase.cli.given import check

#: In the order of the help: what is a command by itself, and what has commands of its own.
_ALONE: Final = ("init", "check", "run", "status", "ingest", "explain", "replay", "report", "audit", "demo")
_GROUPS: Final = (
    *("message", "case", "outbox", "quarantine", "blacklist", "mailbox", "template"),
    *("agent", "group", "account", "contact", "db"),
)
_ELSEWHERE: Final = {"db": "store"}  # whose module is named otherwise


class Commands(MutableMapping[str, Any]):
    """The commands by name, each made when it is asked for: most of what a command costs is importing."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = dict.fromkeys((*_ALONE, *_GROUPS))

    def __getitem__(self, name: str) -> Any:
        if self._made[name] is None:
            self._made[name] = _make(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class Mailcase(TyperGroup):
    """The group of all commands: none of them sees a value that is not checked."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        check(self)
        self.commands = Commands()


def _make(name: str) -> Any:
    """What typer makes of the function or the group that its module has."""
    try:
        module = import_module(f"mailcase.cli.{_ELSEWHERE.get(name, name)}")
    except KeyError as error:  # a mapping's own word for "no such command"
        raise RuntimeError(f"the command {name} cannot be imported") from error
    around = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    if name in _ALONE:
        around.command(name)(getattr(module, name))
    else:
        around.add_typer(module.app, name=name)
    made = get_group(around).commands[name]
    check(made)
    return made

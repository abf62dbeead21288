"""The file's values with MAILCASE_… environment variables on top (`__` between levels)."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

PREFIX: Final = "MAILCASE_"
SEPARATOR: Final = "__"
#: Variables with our prefix that are no keys: the file itself, and what developers and tests use.
NO_KEYS: Final = frozenset({"MAILCASE_CONFIG", "MAILCASE_FAULT", "MAILCASE_REALMAIL", "MAILCASE_REQUIRE_SERVERS"})


class Layers(PydanticBaseSettingsSource):
    """One source made of two: `MAILCASE_INTAKE__WORKERS=4` replaces `[intake] workers`.

    A number between the levels counts the [[mailbox]] tables from 0: `MAILCASE_MAILBOX__0__IMAP__HOST`.
    Lists and tables are written as JSON.

    Raises:
        tomllib.TOMLDecodeError, OSError: from the constructor.
    """

    def __init__(self, settings: type[BaseSettings], file: Path, environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.file = TomlConfigSettingsSource(settings, file).toml_data
        ours = {name: value for name, value in environ.items() if _is_ours(name)}
        self.environ = {name: value for name, value in ours.items() if SEPARATOR in name[len(PREFIX) :]}
        #: (variable, what is wrong) of those that lead nowhere; whole once the layers were put together.
        self.lost = [(name, _aimless(settings, name)) for name in ours if name not in self.environ]

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic-settings calls it so
        """The file's value of one top-level field."""
        return self.file.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Both layers as one nested dictionary."""
        # A copy; dates become text, which `start` takes.
        merged: dict[str, Any] = json.loads(json.dumps(self.file, default=str))
        for name, value in sorted(self.environ.items()):
            path = tuple(name[len(PREFIX) :].lower().split(SEPARATOR))
            if wrong := _put(merged, path, _typed(self.settings_cls, path, value)):
                self.lost.append((name, wrong))
        return merged


def variable(path: tuple[str | int, ...]) -> str:
    """The environment variable that stands for a key."""
    return PREFIX + SEPARATOR.join(str(part) for part in path).upper()


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX) and name.upper() not in NO_KEYS


def _aimless(model: type[BaseModel], name: str) -> str:
    """Why a variable without a level below the first sets nothing."""
    section = name[len(PREFIX) :].lower()
    if section in model.model_fields:
        return f"a key of it is named like {name.upper()}{SEPARATOR}KEY, with two underscores between the levels"
    return f"not a known key; a key is named like {variable(('intake', 'workers'))}, with two underscores"


def _put(tree: Any, path: tuple[str, ...], value: object) -> str:
    """Set one value, making tables on the way; returns why it leads nowhere, "" where it was set.

    A key that no section has is set too: validation refuses it.
    """
    for length, part in enumerate(path[:-1]):
        if isinstance(tree, dict):
            tree = tree.setdefault(part, {})
        elif isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return _nowhere(tree, path[:length], part)
    if not isinstance(tree, dict):
        return _nowhere(tree, path[:-1], path[-1])
    tree[path[-1]] = value
    return ""


def _nowhere(tree: object, path: tuple[str, ...], part: str) -> str:
    name = ".".join(one for one in path if not one.isdecimal())
    if not isinstance(tree, list):
        return f"{name} holds a value, nothing lies below it"
    if not all(isinstance(one, dict) for one in tree):
        return f"{name} is a list: write all of it, as JSON"
    if part.isdecimal() and int(part) < len(tree):
        return f"a key of [[{name}]] {part} is missing behind it"
    return f"there is no [[{name}]] {part}; {len(tree)} {'is' if len(tree) == 1 else 'are'} configured, counted from 0"


def _typed(model: type[BaseModel], path: tuple[str, ...], value: str) -> object:
    """Text stays text where the key holds text; else JSON (4, true, ["a"], {"file": "x"})."""
    annotation = _annotation(model, path)
    try:
        parsed = value if annotation is str else json.loads(value)
    except ValueError:
        return value
    # A password may look like a number: where a table is expected, only tables and lists are JSON.
    return parsed if isinstance(parsed, dict | list) or not _model_in(annotation) else value


def _annotation(model: type[BaseModel], path: tuple[str, ...]) -> Any:
    current: Any = model
    for part in path:
        if part.isdigit():
            continue
        current = _model_in(current)
        field = current.model_fields.get(part) if current else None
        if field is None:
            return None
        current = field.annotation
    return current


def section_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The section that a path leads to; None where it leads to none."""
    names = tuple(str(part) for part in path)
    return _model_in(_annotation(model, names)) if names else model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The section inside `X | None`, `tuple[X, ...]` or X itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, tuple, Annotated):
        return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
    return None

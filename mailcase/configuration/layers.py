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
        self.environ = {name: value for name, value in environ.items() if _is_ours(name)}

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 (the interface)
        """The file's value of one top-level field."""
        return self.file.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Both layers as one nested dictionary."""
        # A copy; dates become text, which `start` takes.
        merged: dict[str, Any] = json.loads(json.dumps(self.file, default=str))
        for name, value in sorted(self.environ.items()):
            path = tuple(name[len(PREFIX) :].lower().split(SEPARATOR))
            _put(merged, path, _typed(self.settings_cls, path, value))
        return merged


def variable(path: tuple[str | int, ...]) -> str:
    """The environment variable that stands for a key."""
    return PREFIX + SEPARATOR.join(str(part) for part in path).upper()


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX) and SEPARATOR in name[len(PREFIX) :]


def _put(tree: Any, path: tuple[str, ...], value: object) -> None:
    """Set one value, making tables on the way; what cannot be entered is left for validation to refuse."""
    for part in path[:-1]:
        if isinstance(tree, list) and part.isdigit() and int(part) < len(tree):
            tree = tree[int(part)]
        elif isinstance(tree, dict):
            tree = tree.setdefault(part, {})
        else:
            return
    if isinstance(tree, dict):
        tree[path[-1]] = value


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

"""What is wrong with a configuration, in words: file and line, key, what was expected, the nearest known key."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from mailcase.configuration import layers, lines
from mailcase.errors import ConfigError

_EXPECTED: Final = {
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "string_type": "expected a text in quotes",
    "tuple_type": "expected a list [ … ]",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "dict_type": "expected a table",
    "string_too_short": "expected a text that is not empty",
}
_CONFIDENTIAL: Final = ("password", "secret", "token", "url")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one key, or of an environment variable that leads to none; `text` says what was expected."""

    path: lines.Path
    text: str
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values came from: the file with its text, its values, and the environment."""

    file: Path
    text: str = field(default="", repr=False)  # passwords may stand in it, and in the values
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def config_error(source: Source, problems: Iterable[Problem]) -> ConfigError:
    """All problems as one error, one line each."""
    by_line = sorted(problems, key=lambda one: lines.line_of(source.text, one.path) or 0)
    return ConfigError("\n".join(dict.fromkeys(_said(source, one) for one in by_line)))


def _said(source: Source, problem: Problem) -> str:
    if problem.variable:
        return f"environment variable {problem.variable.upper()}: {problem.text}"
    return f"{_place(source, problem.path)}: {_key(source, problem.path)}{problem.text}"


def from_validation(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Pydantic's errors in our words; values of secrets and of unknown keys are never repeated."""
    found = [(_known(one["loc"]), dict(one)) for one in error.errors(include_url=False)]
    around = {path[:length] for path, _ in found for length in range(len(path))}
    return [
        Problem(path, _words(model, path, one))
        for path, one in found
        # Wrong entries are not counted, so that pydantic also says that there are none.
        if one["type"] != "too_short" or path not in around
    ]


def _known(loc: tuple[int | str, ...]) -> lines.Path:
    """The key's path, without the marks that pydantic adds for unions and functions."""
    return tuple(part for part in loc if isinstance(part, int) or part.replace("_", "").replace("-", "").isalnum())


def _words(model: type[BaseModel], path: lines.Path, error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return f"not a known key; {_nearest(model, path)}"
        case "missing" if path == ("mailbox",):
            return "there is none; a mailbox begins with [[mailbox]] and has at least name and address"
        case "missing":
            return "is missing and has no default"
        case "value_error":
            return f"{context['error']}{_found(path, error)}"
        case "literal_error" | "enum":
            return f"expected {context['expected'].replace(chr(39), chr(34))}{_found(path, error)}"
        case "greater_than_equal":
            return f"expected at least {context['ge']}{_found(path, error)}"
        case "less_than_equal":
            return f"expected at most {context['le']}{_found(path, error)}"
        case "tuple_type" if isinstance(error.get("input"), Mapping):
            return f"write [[{'.'.join(map(str, path))}]], with double brackets: there may be several"
        case "too_short":
            return "expected at least one entry"
    return f"{_EXPECTED.get(kind, error['msg'])}{_found(path, error)}"


def _found(path: lines.Path, error: Mapping[str, Any]) -> str:
    value = error.get("input")
    if any(word in str(part) for part in path for word in _CONFIDENTIAL):
        return ""
    match value:
        case bool():
            return f", found {str(value).lower()}"
        case int() | float():
            return f", found {value}"
        case str() if len(value) <= 80:
            return f', found "{value}"' if value.isprintable() else ""
    return ""


def _nearest(model: type[BaseModel], path: lines.Path) -> str:
    """The key that was probably meant, else all that are known there."""
    section = layers.section_at(model, path[:-1])
    known = sorted(one.alias or name for name, one in section.model_fields.items()) if section else []
    if close := difflib.get_close_matches(str(path[-1]).lower(), known, n=1):
        return f"the nearest is {close[0]}"
    wanted = str(path[-1]).lower()
    deeper: list[tuple[float, str, str]] = []
    for name in known:
        below = layers.section_at(model, (*path[:-1], name))
        close = difflib.get_close_matches(wanted, below.model_fields if below else (), n=1)
        deeper += [(difflib.SequenceMatcher(None, wanted, key).ratio(), key, name) for key in close]
    if deeper:
        _, key, name = max(deeper, key=lambda one: one[0])
        return f"the nearest is {key} in {_table((*path[:-1], name))}"
    return f"known here are {', '.join(known)}"


def _place(source: Source, path: lines.Path) -> str:
    names = {name.upper() for name in source.environ}
    for length in range(len(path), 0, -1):
        if (name := layers.variable(path[:length])) in names and layers.SEPARATOR in name[len(layers.PREFIX) :]:
            return f"environment variable {name}"
    whole = layers.variable(path) + layers.SEPARATOR
    for name in sorted(names):
        if name.startswith(whole):
            return f"environment variable {name}"
    line = lines.line_of(source.text, path)
    return f"{source.file}:{line}" if line else str(source.file)


def _key(source: Source, path: lines.Path) -> str:
    """`[mailbox.imap] port of mailbox support: `; entries of lists are counted from 1."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return ""
    head = f"{_table(path[:-1])} {names[-1]}" if len(names) > 1 else f"[{names[0]}]"
    if isinstance(path[-1], int):
        head = f"{_table(path)}" if len(names) == 1 else f"{_table(tuple(names[:-1]))} {names[-1]}"
    entry = f" entry {path[-1] + 1}" if isinstance(path[-1], int) and len(path) > 2 else ""
    return f"{head}{entry}{_whose(source, path)}: "


def _table(path: lines.Path) -> str:
    return f"[{'.'.join(part for part in path if isinstance(part, str))}]"


def _whose(source: Source, path: lines.Path) -> str:
    if path[0] != "mailbox" or len(path) < 2 or not isinstance(path[1], int):
        return ""
    try:
        name = source.values["mailbox"][path[1]]["name"]
    except (KeyError, IndexError, TypeError):
        name = path[1] + 1
    return f" of mailbox {name}"

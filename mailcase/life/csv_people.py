"""People as CSV: what a spreadsheet writes is read with care, and what we write is no formula to it. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailcase.errors import Permanent
from mailcase.life.entries import Entry, Field, Form, Value

SEPARATORS: Final = (",", ";")
_MOST_TOLD: Final = 20  # mistakes named at once
_LIST: Final = re.compile(r"(?<!\\)\|")
_JOINED: Final = " | "
# A spreadsheet takes a cell for a formula by its first character; one that takes another separator than ours sees
# cells begin inside our cells too.
_FORMULA: Final = re.compile(r"(^|[;,\t])([\"\s]*)('*)(?=[=+@\-])")
_GUARDED: Final = re.compile(r"(^|[;,\t])([\"\s]*)'('*)(?=[=+@\-])")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """What one line says; a column that the file does not have is not in it."""

    line: int
    said: Entry


def protected(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would calculate; `plain` takes it away again."""
    return _FORMULA.sub(r"\1\2'\3", cell)


def plain(cell: str) -> str:
    """The cell as it was before `protected`."""
    return _GUARDED.sub(r"\1\2\3", cell)


def write(form: Form, entries: Iterable[Entry], separator: str = ",") -> str:
    """CSV text with a heading; `read` gives the same entries."""
    lines = _Lines()
    writer = csv.writer(lines, delimiter=separator, lineterminator="\r\n")
    writer.writerow(form.names)
    for entry in entries:
        writer.writerow([protected(_cell(entry[name])) for name in form.names])
    return "".join(lines.parts)


@dataclass(slots=True)
class _Lines:
    """What csv.writer writes to."""

    parts: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.parts.append(text)


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else _JOINED.join(one.replace("|", r"\|") for one in value)


def read(form: Form, content: bytes) -> list[CsvRow]:
    """What a CSV file says, line by line.

    Args:
        form: the fields that its columns may name.
        content: the file: UTF-8, separated by commas or semicolons, the first line with the columns' names.

    Raises:
        Permanent: naming every line and column that is wrong, and what was expected there.
    """
    records = list(_records(_text(content)))
    if not records:
        raise Permanent(f"the file is empty; its first line names columns: {', '.join(form.names)}")
    columns = _columns(form, *records[0])
    wrong: list[str] = []
    rows = [row for line, cells in records[1:] if (row := _row(line, cells, columns, wrong)) is not None]
    wrong += _twice(form, rows)
    if wrong:
        more = f"\n… and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise Permanent("\n".join(wrong[:_MOST_TOLD]) + more)
    return rows


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Permanent(f"line {line}: is not UTF-8 text; save it as CSV in UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of what is not empty."""
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    reader = csv.reader(re.findall(r"[^\n]*\n|[^\n]+", text), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Permanent(f"line {line}: is not CSV ({error}); is a quotation mark missing or one too many?") from None


def _columns(form: Form, line: int, heads: Sequence[str]) -> list[Field]:
    names = [head.strip().lower() for head in heads]
    while names and not names[-1]:
        names.pop()
    known = ", ".join(form.names)
    for place, name in enumerate(names, 1):
        if name not in form.names:
            raise Permanent(f"line {line}, column {place}: there is no column {name!r}; there are {known}")
        if names.index(name) != place - 1:
            raise Permanent(f"line {line}, column {place}: {name} stands there twice")
    if form.key.name not in names:
        raise Permanent(f"line {line}: the column {form.key.name} is missing: it says who is meant")
    return [form.field(name) for name in names]


def _row(line: int, cells: Sequence[str], columns: Sequence[Field], wrong: list[str]) -> CsvRow | None:
    """What the line says; mistakes are added to `wrong`."""
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        told = f"line {line}: has {len(cells)} cells, the first line {len(columns)}"
        wrong.append(f"{told}: is one with a separator in it not in quotation marks?")
        return None
    said: dict[str, Value] = {}
    for column, cell in zip(columns, cells, strict=False):
        try:
            said[column.name] = _value(column, plain(cell.strip()))
        except ValueError as error:
            several = "; several are separated by |" if column.many else ""
            wrong.append(f"line {line}, column {column.name}: {error}{several}")
    return CsvRow(line, said)


def _value(column: Field, cell: str) -> Value:
    return column.value([one.replace(r"\|", "|") for one in _LIST.split(cell)] if column.many else cell)


def _twice(form: Form, rows: Sequence[CsvRow]) -> Iterator[str]:
    """Lines that are about somebody of an earlier line, and lines about nobody."""
    seen: dict[str, int] = {}
    for row in rows:
        if form.key.name not in row.said:
            continue  # told already
        if not form.keys(row.said):
            yield f"line {row.line}, column {form.key.name}: is empty: nobody is meant"
        for key in form.keys(row.said):
            if seen.setdefault(key, row.line) != row.line:
                yield f"line {row.line}, column {form.key.name}: {key} stands in line {seen[key]} already"

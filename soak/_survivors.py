"""The mutants that no test noticed: what each changes, and which of them changes nothing that can be seen."""

import difflib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Looked through by a person: groups of changes, each with the reason why no test can see them.
KNOWN: Final = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Survivor:
    """A mutant that lived: mutmut's name, its function, the line and what became of it."""

    name: str
    function: str
    line: str

    @property
    def told(self) -> str:
        """As it stands in equivalent.toml."""
        return f"{self.function}: {self.line}"


def known(file: Path = KNOWN) -> frozenset[str]:
    """What equivalent.toml names."""
    groups = tomllib.loads(file.read_text("utf-8"))["same"]
    return frozenset(line for group in groups for line in group["lines"])


def survivors(file: Path, names: list[str]) -> Iterator[Survivor]:
    """Those of one mutated file (mutants/mailcase/junk/bulk.py), by the mutants' names."""
    spans = json.loads(Path(f"{file}.spans").read_text("utf-8"))["spans"]
    lines = file.read_text("utf-8").splitlines()
    for name in names:
        short = name.rpartition(".")[2]
        function = short.partition("__mutmut_")[0]
        before, after = (
            [line.replace(one, function) for line in lines[spans[one][0] - 1 : spans[one][1]]]
            for one in (f"{function}__mutmut_orig", short)
        )
        place = ".".join([*file.with_suffix("").parts[-2:], function.removeprefix("x_").removeprefix("xǁ")])
        yield Survivor(name, place.replace("ǁ", "."), _changed(before, after))


def _changed(before: list[str], after: list[str]) -> str:
    """The first line that is gone, and the first that stands there instead."""
    rows = [row for row in difflib.ndiff(before, after) if row[0] in "+-"]
    return " -> ".join(next((row[2:].strip() for row in rows if row[0] == sign), "") for sign in "-+")

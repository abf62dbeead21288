"""What MUTANTS says of its mutants: which were noticed, which cannot be, and which are left."""

import json
import tomllib
from pathlib import Path

import pytest

from soak import mutants
from soak._survivors import KNOWN, known
from soak.part import Outcome

ROOT = Path(__file__).parents[2]
#: A function and two changes of it, as mutmut writes them, and the lines of each.
MUTATED = """\
def x_few__mutmut_orig(hops: int) -> bool:
    return hops < 30
def x_few__mutmut_1(hops: int) -> bool:
    return hops <= 30
def x_few__mutmut_2(hops: int) -> bool:
    return hops < 31
"""
SPANS = {"x_few__mutmut_orig": (1, 2), "x_few__mutmut_1": (3, 4), "x_few__mutmut_2": (5, 6)}
FIRST = "junk.hops.few: return hops < 30 -> return hops <= 30"
SECOND = "junk.hops.few: return hops < 30 -> return hops < 31"
STALE = "soak/equivalent.toml names what a test notices:"


def outcome(folder: Path, *codes: int | None, status: int | None = 0) -> Outcome:
    """Of a run that ended with these exit codes of the two changes; no status: its time was up."""
    file = folder / "mailcase" / "junk" / "hops.py"
    file.parent.mkdir(parents=True)
    file.write_text(MUTATED, "utf-8")
    Path(f"{file}.spans").write_text(json.dumps({"spans": SPANS}), "utf-8")
    by_key = {f"mailcase.junk.hops.x_few__mutmut_{number}": code for number, code in enumerate(codes, 1)}
    Path(f"{file}.meta").write_text(json.dumps({"exit_code_by_key": by_key}), "utf-8")
    return mutants._outcome(folder, status, out_of_time=status is None)


@pytest.mark.parametrize(
    ("codes", "status", "verdict", "row", "last"),
    [
        ((1, -24), 0, "FAILED", "| junk/hops.py | 2 | 2 | 0 | 0 | 0 | 0 |", f"{STALE} {SECOND}"),
        ((1, 0), 0, "held", "| junk/hops.py | 2 | 1 | 1 | 0 | 0 | 0 |", ""),
        ((0, 1), 0, "FAILED", "| junk/hops.py | 2 | 1 | 0 | 1 | 0 | 0 |", f"{STALE} {SECOND}"),
        ((0, 0), 0, "FAILED", "| junk/hops.py | 2 | 0 | 1 | 1 | 0 | 0 |", f"junk/hops.py: {FIRST}"),
        ((33, 0), 0, "FAILED", "| junk/hops.py | 2 | 0 | 1 | 0 | 1 | 0 |", f"junk/hops.py: {FIRST}"),
        ((1, None), None, "not finished", "| junk/hops.py | 2 | 1 | 0 | 0 | 0 | 1 |", ""),
        (
            (1, None),
            0,
            "FAILED",
            "| junk/hops.py | 2 | 1 | 0 | 0 | 0 | 1 |",
            "it ended by itself with 0 before all was tried",
        ),
        (
            (1, 1),
            3,
            "FAILED",
            "| junk/hops.py | 2 | 2 | 0 | 0 | 0 | 0 |",
            "it ended by itself with 3 before all was tried",
        ),
    ],
)
def test_what_no_test_noticed_is_left_unless_it_is_known_to_change_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[int | None, ...],
    status: int | None,
    verdict: str,
    row: str,
    last: str,
) -> None:
    monkeypatch.setattr(mutants, "known", lambda: frozenset({SECOND}))
    found = outcome(tmp_path, *codes, status=status)
    assert found.verdict == verdict
    assert row in found.lines
    assert found.lines[-1] == last


def test_nothing_to_try_is_no_success(tmp_path: Path) -> None:
    assert mutants._outcome(tmp_path, 0, out_of_time=False).verdict == "FAILED"


def stands(line: str) -> bool:
    """Whether the function is there, and in it the line as it was before the change."""
    place, _, change = line.partition(": ")
    room, module, *names = place.split(".")
    source = (ROOT / "mailcase" / room / f"{module}.py").read_text("utf-8")
    body = source.partition(f"def {names[-1]}(")[2].partition("\ndef ")[0]
    return change.rpartition(" -> ")[0] in [row.strip() for row in body.splitlines()]


def test_what_is_known_to_change_nothing_still_stands_in_its_function() -> None:
    assert known()
    assert [line for line in sorted(known()) if not stands(line)] == []


def test_each_group_has_its_reason() -> None:
    groups = tomllib.loads(KNOWN.read_text("utf-8"))["same"]
    assert all(group["why"].endswith(".") and group["lines"] for group in groups)

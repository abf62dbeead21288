"""Mutation testing of the rules of linking and junk: every small change to them must turn a test red."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from soak._processes import group
from soak.part import Outcome, Work

SAYS = "small changes to the rules of linking and junk, each of which must turn a test red (mutmut)"
MINUTES = 240.0

_ROOT: Final = Path(__file__).parent.parent
_COPIED: Final = ("mailcase", "tests", "fixtures", "soak", "pyproject.toml", "README.md", "LICENSE")
_ROOMS: Final = ("linking", "junk")
#: The tests of these two rooms; those that start servers would be run a thousand times.
_TESTS: Final = (
    *("linking", "acknowledge", "authentication", "autoreply", "blacklist", "bounce", "bounced", "customer"),
    *("header_rules", "header_values", "junk_verdict", "kinds", "mass_mail", "recipient", "robots", "sendable"),
    *("numbers", "tokens", "sub_address"),
)
_CONFIG: Final = """
[tool.mutmut]
source_paths = ["mailcase"]
only_mutate = {only}
also_copy = ["fixtures", "soak"]
pytest_add_cli_args = ["-x", "-q", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5
use_git_change_detection = false
"""
_KILLED: Final = frozenset({"1", "3", "36", "24", "-24", "152", "255", "-11", "-9"})  # failed, crashed, or out of time
_SURVIVED: Final = "0"


def run(work: Work) -> Outcome:
    """Mutate a copy, so that nothing here knows of it; what was tried stays tried until the sources change."""
    copy = work.folder / "copy"
    _copied(copy)
    log = (work.folder / "mutmut.log").open("ab")
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    env = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(work.folder / "hypothesis")}
    with group(command, cwd=copy, env=env, stdout=log, stderr=log) as mutmut:
        while mutmut.poll() is None and work.left():
            try:
                mutmut.wait(timeout=min(60, work.left()))
            except subprocess.TimeoutExpired:
                work.say(_told(_counted(copy / "mutants")))
        out_of_time = mutmut.poll() is None
    counted = _counted(copy / "mutants")
    untried = not counted or _untried(counted)
    wrong = [f"mutmut ended by itself with {mutmut.returncode} before all was tried"] * bool(
        untried and not out_of_time
    )
    return Outcome(not wrong and not _survivors(counted), (*_table(counted), *wrong), unfinished=out_of_time)


def _copied(copy: Path) -> None:
    for name in _COPIED:
        source, target = _ROOT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    tests = [file for name in _TESTS if (_ROOT / (file := f"tests/unit/test_{name}.py")).exists()]
    only = [f"mailcase/{room}/*.py" for room in _ROOMS]
    text = (copy / "pyproject.toml").read_text("utf-8")
    config = _CONFIG.format(only=json.dumps(only), tests=json.dumps([*tests, "tests/golden"]))
    (copy / "pyproject.toml").write_text(text + config, "utf-8")


def _counted(mutants: Path) -> dict[str, Counter[str]]:
    """For each file: how many mutants were killed, survived, had no test, are not tried yet."""
    found: dict[str, Counter[str]] = {}
    for file in sorted(mutants.rglob("*.py.meta")):
        codes = json.loads(file.read_text("utf-8"))["exit_code_by_key"]
        name = str(file.relative_to(mutants / "mailcase")).removesuffix(".meta")
        if codes:
            found[name] = Counter(map(_fate, codes.values()))
    return found


def _fate(code: int | None) -> str:
    if code is None:
        return "untried"
    if str(code) in _KILLED:
        return "killed"
    return "survived" if str(code) == _SURVIVED else "untested"


def _survivors(counted: dict[str, Counter[str]]) -> int:
    return sum(one["survived"] + one["untested"] for one in counted.values())


def _untried(counted: dict[str, Counter[str]]) -> int:
    return sum(one["untried"] for one in counted.values())


def _told(counted: dict[str, Counter[str]]) -> str:
    total = sum((one for one in counted.values()), Counter[str]())
    return f"{total['killed']} killed, {_survivors(counted)} survived, {total['untried']} not tried yet"


def _table(counted: dict[str, Counter[str]]) -> list[str]:
    rows = [
        f"| {name} | {one.total()} | {one['killed']} | {one['survived']} | {one['untested']} | {one['untried']} |"
        for name, one in counted.items()
    ]
    head = [
        "| file | mutants | killed | survived | without a test | not tried |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    return [_told(counted), "", *head, *rows]

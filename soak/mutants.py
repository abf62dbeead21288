"""Mutation testing of the rules of linking and junk: every small change to them must turn a test red."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soak._processes import group
from soak._survivors import Survivor, known, survivors
from soak.part import Outcome, Work

SAYS = "small changes to the rules of linking and junk, each of which must turn a test red (mutmut)"
MINUTES = 60.0
COUNTED = True

_ROOT: Final = Path(__file__).parent.parent
_COPIED: Final = ("mailcase", "tests", "fixtures", "soak", "pyproject.toml", "README.md", "LICENSE")
_ROOMS: Final = ("linking", "junk")
#: The tests of these two rooms; those that start servers would be run a thousand times.
_TESTS: Final = (
    *("linking", "acknowledge", "authentication", "autoreply", "blacklist", "bounce", "bounced", "customer"),
    *("header_rules", "header_values", "junk_verdict", "kinds", "mass_mail", "recipient", "robots", "sendable"),
    *("numbers", "tokens", "sub_address", "blacklist_entry", "explained", "explained_links"),
)
_CONFIG: Final = """
[tool.mutmut]
source_paths = ["mailcase"]
only_mutate = {only}
also_copy = ["fixtures", "soak"]
"""
_AT_A_TIME: Final = 2  # forks
_KILLED: Final = frozenset({"1", "3", "36", "24", "-24", "152", "255", "-11", "-9"})  # failed, crashed, or out of time
_SURVIVED: Final = "0"
_FATES: Final = ("killed", "same", "survived", "untested", "untried")


def run(work: Work) -> Outcome:
    """Mutate a copy, so that nothing here knows of it; what was tried stays tried until the sources change."""
    copy = work.folder / "copy"
    _copied(copy)
    log = (work.folder / "mutmut.log").open("ab")
    command = [sys.executable, "-m", "soak._mutating", str(_AT_A_TIME), *_tests()]
    env = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(work.folder / "hypothesis")}
    with group(command, cwd=copy, env=env, stdout=log, stderr=log) as mutmut:
        while mutmut.poll() is None and work.left():
            try:
                mutmut.wait(timeout=min(60, work.left()))
            except subprocess.TimeoutExpired:
                _say(work, copy / "mutants")
        out_of_time = mutmut.poll() is None
    return _outcome(copy / "mutants", mutmut.returncode, out_of_time=out_of_time)


def _say(work: Work, mutants: Path) -> None:
    with suppress(OSError, ValueError, KeyError):  # mutmut is just writing what we read
        work.say(_told(_read(mutants)))


def _copied(copy: Path) -> None:
    for name in _COPIED:
        source, target = _ROOT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    only = [f"mailcase/{room}/*.py" for room in _ROOMS]
    text = (copy / "pyproject.toml").read_text("utf-8")
    (copy / "pyproject.toml").write_text(text + _CONFIG.format(only=json.dumps(only)), "utf-8")


def _tests() -> list[str]:
    return [*(f"tests/unit/test_{name}.py" for name in _TESTS), "tests/golden"]


@dataclass(frozen=True)
class _File:
    """What became of the changes of one file, which are known to change nothing, and which are left."""

    name: str
    fates: Counter[str]
    same: frozenset[str]
    left: list[Survivor]


def _outcome(mutants: Path, status: int | None, *, out_of_time: bool) -> Outcome:
    files = _read(mutants)
    wrong = [f"{file.name}: {one.told}" for file in files for one in file.left]
    if not out_of_time and (status or not files or _total(files)["untried"]):
        wrong.append(f"it ended by itself with {status} before all was tried")
    elif not out_of_time:
        stale = known().difference(*(file.same for file in files))
        wrong += [f"soak/equivalent.toml names what a test notices: {one}" for one in sorted(stale)]
    return Outcome(not wrong, (*_table(files), "", *wrong), unfinished=out_of_time)


def _read(mutants: Path) -> list[_File]:
    """The files that have something to change."""
    return [_file(meta) for meta in sorted(mutants.rglob("*.py.meta")) if _codes(meta)]


def _codes(meta: Path) -> dict[str, int | None]:
    codes: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return codes


def _file(meta: Path) -> _File:
    fates = {name: _fate(code) for name, code in _codes(meta).items()}
    source, expected = meta.with_suffix(""), known()
    lived = list(survivors(source, [name for name, fate in fates.items() if fate in ("survived", "untested")]))
    same = {one.name: one.told for one in lived if one.told in expected}
    fates.update(dict.fromkeys(same, "same"))
    left = [one for one in lived if one.name not in same]
    return _File("/".join(source.parts[-2:]), Counter(fates.values()), frozenset(same.values()), left)


def _fate(code: int | None) -> str:
    if code is None:
        return "untried"
    if str(code) in _KILLED:
        return "killed"
    return "survived" if str(code) == _SURVIVED else "untested"


def _total(files: list[_File]) -> Counter[str]:
    return sum((file.fates for file in files), Counter[str]())


def _told(files: list[_File]) -> str:
    total = _total(files)
    return (
        f"{total.total()} small changes: {total['killed']} turned a test red, {total['same']} change nothing that "
        f"can be seen (soak/equivalent.toml says why), {total['survived']} survived, {total['untested']} have no "
        f"test, {total['untried']} are not tried yet"
    )


def _table(files: list[_File]) -> list[str]:
    rows = [
        f"| {file.name} | {file.fates.total()} | {' | '.join(str(file.fates[one]) for one in _FATES)} |"
        for file in files
    ]
    head = [
        "| file | changes | red | no difference | survived | without a test | not tried |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    return [_told(files), "", *head, *rows]

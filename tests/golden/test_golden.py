"""Golden decisions: one mail, one world, one wanted verdict a directory (fixtures/golden/NNN-name)."""

import re
import tomllib
from pathlib import Path

import pytest

from mailcase.decision import decide, look
from tests.golden.marks import read_mail, read_table
from tests.golden.store import Store
from tests.golden.verdicts import Short, Table, as_toml, differences
from tests.golden.world import World

FOLDER = Path(__file__).parents[2] / "fixtures" / "golden"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())
FILES = {"message.eml", "snapshot.toml", "decision.toml", "README.md"}
ALWAYS = {"kind", "outcome", "reason", "case", "acknowledge"}
RULES = (
    *(f"B{number}" for number in range(2, 17)),
    *(f"B7.{number}" for number in range(1, 6)),
    *(f"K{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    *(f"3.1 row {number}" for number in range(1, 13)),
    "3.4",
)


def _decided(folder: Path) -> tuple[Table, str]:
    """The verdict on the directory's mail in short form, and its trace for a person."""
    world, email = World.of(folder), read_mail(folder / "message.eml")
    lookup = look(email, world.delivery, world.policy)
    store = Store(world, lookup, email)
    decision = decide(email, store.snapshot(), world.policy, world.delivery)
    trace = "\n".join(f"  {line.test:16} {line.result:14} {line.detail}" for line in decision.trace)
    return Short(decision, email, store).table(), trace


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_mail_gets_the_wanted_verdict(folder: Path) -> None:
    wanted = read_table(folder / "decision.toml")
    got, trace = _decided(folder)
    (folder / "actual.toml").write_text(as_toml(got), "utf-8")
    wrong = differences(wanted, got)
    told = (folder / "README.md").read_text("utf-8")
    assert not wrong, "\n".join((folder.name, told, *wrong, "trace:", trace))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_directory_is_complete(folder: Path) -> None:
    wanted = read_table(folder / "decision.toml")
    assert {path.name for path in folder.iterdir()} >= FILES
    assert wanted.keys() >= ALWAYS
    assert re.search(r"\b(B[0-9]|K[0-9]|3\.[1-4]|contract)", (folder / "README.md").read_text("utf-8"))


def test_the_actual_verdict_can_be_read_back() -> None:
    got, _ = _decided(CASES[0])
    assert tomllib.loads(as_toml(got))["outcome"] == got["outcome"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_golden_case(rule: str) -> None:
    told = " ".join(" ".join((folder / "README.md").read_text("utf-8").split()) for folder in CASES)
    assert re.search(rf"{re.escape(rule)}(?![0-9])", told), f"no README names {rule}"

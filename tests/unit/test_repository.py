"""What the repository itself promises: nothing of one machine in it, an index that is whole, tools that exist."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Folders that tools make.
MADE = {"__pycache__", "build", "dist", "var"}
#: Split, so that this file does not hold them itself.
REGISTRIES = re.compile(
    "|".join(("py" + r"pi\.(org|python\.org)", "python" + r"hosted\.org", "--(extra-)?index" + "-url"))
)
MACHINE = re.compile(r"(?<![\w.])/(work|farm|root|home/[a-z]+)" + r"/")

#: `folder/file` or `file.py` in backticks, and from where it is written.
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]*)+|[\w.-]+\.(?:py|toml|txt|sh))`")
#: `file.py::test`, a test by its name.
TEST = re.compile(r"`(tests/[\w./-]+\.py)::(\w+)`")
TOPS = (ROOT, ROOT / "mailcase", ROOT / "config")


def texts() -> Iterator[tuple[Path, str]]:
    for folder, folders, files in os.walk(ROOT):
        hidden = {name for name in folders if name.startswith(".") and name != ".ci"}
        folders[:] = sorted(set(folders) - hidden - MADE - {name for name in folders if name.endswith(".egg-info")})
        for name in files:
            path = Path(folder) / name
            if path.suffix not in (".pyc", ".db", ".eml", ".png") and not name.startswith(".coverage"):
                yield path.relative_to(ROOT), path.read_text("utf-8", "replace")


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE], ids=["package registry", "path of a machine"])
def test_nothing_of_one_machine_is_in_the_project(pattern: re.Pattern[str]) -> None:
    found = [f"{path}: {hit[0]}" for path, text in texts() if (hit := pattern.search(text))]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    assert REGISTRIES.search("https://py" + "pi.org/simple")
    assert MACHINE.search("see /ho" + "me/anna/mail")
    assert not MACHINE.search("/etc/mailcase/mailcase.toml https://example.com/root/x /homepage/")


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "000-README.md").read_text("utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md") if path.name != "000-README.md")
    assert re.findall(r"\]\(([^)]+)\)", index) == pages


def test_every_path_in_the_docs_exists() -> None:
    found = [
        (page, path) for page in sorted((ROOT / "docs").rglob("*.md")) for path in PATH.findall(page.read_text("utf-8"))
    ]
    assert ("flow.md", "store/journal.py") in [(page.name, path) for page, path in found]
    missing = [f"{page.name}: {path}" for page, path in found if not any((top / path).exists() for top in TOPS)]
    assert missing == []


def test_every_test_named_in_the_docs_exists() -> None:
    found = {named for page in (ROOT / "docs").rglob("*.md") for named in TEST.findall(page.read_text("utf-8"))}
    assert len(found) > 20
    missing = [
        f"{path}::{name}"
        for path, name in sorted(found)
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []


def test_each_row_of_the_peers_names_its_test() -> None:
    page = (ROOT / "docs" / "peers.md").read_text("utf-8")
    lines = [line.split(" | ") for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(line[0].strip("| ")) for line in lines] == [*range(1, 26), *range(1, 21)]
    assert [line[1] for line in lines if not TEST.search(line[2])] == []


def test_every_dependency_has_its_reason() -> None:
    told = (ROOT / "docs" / "decisions" / "002-dependencies.md").read_text("utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    lines = [*project["project"]["dependencies"], *extras["demo"], *groups["dev"]]
    names = {re.split(r"[\[<>=~ ]", line)[0] for line in lines}
    assert sorted(name for name in names if not re.search(rf"\b{re.escape(name)}\b", told)) == []


@pytest.mark.parametrize("script", ["scripts/servers.sh", "scripts/venv.sh", ".ci/run"])
def test_scripts_can_run_and_bash_understands_them(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False, timeout=30).returncode == 0

"""The house keeps its rules (tests/house.py), and each rule can fail."""

from pathlib import Path
from typing import Final

import pytest

from tests.arrows import LATER, LATER_LIBRARIES, circles, libraries_with, loaded_with
from tests.house import LIBRARIES, RULES, broken, files_are_short, functions_are_short_and_flat, read

ROOT: Final = Path(__file__).parents[2]


def test_the_house_keeps_its_rules() -> None:
    """All of them in one test: each of them would read the whole package anew."""
    assert broken(ROOT / "mailcase", RULES) == []


def test_no_modules_import_each_other() -> None:
    assert circles(ROOT / "mailcase") == []


def test_a_daemon_is_ready_without_what_only_commands_ask() -> None:
    known = {module.name for module in read(ROOT / "mailcase")}
    assert set(LATER) <= known
    assert loaded_with(ROOT / "mailcase", "daemon") & set(LATER) == set()
    assert libraries_with(ROOT / "mailcase", "daemon") & set(LATER_LIBRARIES) == set()
    assert set(LATER_LIBRARIES) <= set(LIBRARIES)


@pytest.mark.parametrize("folder", ["tests", "bench", "soak"])
def test_tests_and_benchmarks_are_as_short_as_the_program(folder: str) -> None:
    rules = (files_are_short, functions_are_short_and_flat)
    assert [what for what in broken(ROOT / folder, rules) if "__init__" not in what] == []


LONG = "def f() -> int:\n" + "    x = 1\n" * 40 + "    return x\n"
DEEP = "def f(x: int) -> None:\n" + "".join("    " * n + f"if x > {n}:\n" for n in range(1, 5)) + "    " * 5 + "pass\n"
FLAT = "def f(x: int) -> int:\n    if x == 0:\n        return 0\n" + "".join(
    f"    elif x == {n}:\n        return {n}\n" for n in range(1, 8)
)


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("junk/bulk.py", "import os", "the core imports os"),
        ("junk/bulk.py", "def f():\n    import asyncio", "the core imports asyncio"),
        ("cases/fields.py", "from time import time", "the core imports time"),
        ("linking/thread.py", "import logging", "the core imports logging"),
        ("outbox/compose.py", "from pathlib import Path", "the core imports pathlib"),
        ("outbox/compose.py", "from urllib.request import urlopen", "the core imports urllib.request"),
        ("decision.py", "from mailcase.store import load", "the core imports mailcase.store"),
        ("intake/parse.py", "import mailcase.daemon", "the core imports mailcase.daemon"),
        ("intake/identity.py", "from mailcase.intake import watcher", "the core imports mailcase.intake.watcher"),
        ("cases/fields.py", "from datetime import datetime, UTC\nx = datetime.now(UTC)", "clock (now)"),
        ("cases/fields.py", "import datetime as d\nx = d.datetime.utcnow()", "clock (utcnow)"),
        ("outbox/compose.py", "from email.utils import make_msgid\nx = make_msgid()", "calls make_msgid"),
        (
            "intake/watcher.py",
            "from datetime import datetime, UTC\nx = datetime.now(UTC)",
            "the clock belongs to clock",
        ),
        ("cli/blacklist.py", "import datetime\nx = datetime.date.today()", "the clock belongs to clock"),
        ("junk/blacklist.py", "x = open('blacklist.txt')", "calls open"),
        ("junk/bulk.py", "import sqlmodel", "sqlmodel belongs to store"),
        ("pipeline.py", "import sqlite3", "sqlite3 belongs to store"),
        ("pipeline.py", "from sqlalchemy import text", "sqlalchemy belongs to store"),
        ("intake/watcher.py", "import aioimaplib", "aioimaplib belongs to intake.imap"),
        ("outbox/drain.py", "import aiosmtplib", "aiosmtplib belongs to outbox.smtp"),
        ("intake/body.py", "import mailparser", "mailparser belongs to intake.parse"),
        ("daemon.py", "import requests", "requests is not in the table"),
        ("junk/bulk.py", "from mailcase.linking import thread", "junk imports linking.thread"),
        ("linking/thread.py", "from mailcase.junk import bulk", "linking imports junk.bulk"),
        ("linking/thread.py", "from mailcase.decision import decide", "linking imports decision"),
        ("daemon.py", "from mailcase.cli import main", "cli.main is imported outside"),
        ("daemon.py", "x = 1\n" * 299, "301 lines"),
        ("daemon.py", LONG, "f: 42 lines"),
        ("daemon.py", DEEP, "f: nested 4 deep"),
    ],
)
def test_a_breach_is_named(file: str, source: str, complaint: str, tmp_path: Path) -> None:
    found = broken(build(tmp_path, {file: f'"""A bad file."""\n{source}\n'}))
    assert any(complaint in what for what in found), found


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("junk/bulk.py", "import re\nfrom mailcase.message import Email"),
        ("intake/watcher.py", "import asyncio, logging, time\nx = time.time()"),
        ("intake/watcher.py", "def f(self: object) -> object:\n    return self.now()"),
        ("clock.py", "from datetime import datetime, UTC\nx = datetime.now(UTC)"),
        ("cases/fields.py", "def f(snapshot: object) -> object:\n    return snapshot.now"),
        ("store/tables.py", "import sqlmodel, sqlite3"),
        ("daemon.py", FLAT),
        ("daemon.py", "def f() -> None:\n" + '    """Says\n' + "    much\n" * 40 + '    """\n'),  # a docstring is free
    ],
)
def test_what_is_allowed_stays_allowed(file: str, source: str, tmp_path: Path) -> None:
    assert broken(build(tmp_path, {file: f'"""A good file."""\n{source}\n'})) == []


def test_a_file_without_a_sentence_is_named(tmp_path: Path) -> None:
    assert "daemon: opens without a sentence" in broken(build(tmp_path, {"daemon.py": "x = 1\n"}))


def test_a_circle_is_named(tmp_path: Path) -> None:
    package = build(tmp_path, {"look.py": "import mailcase.filing\n", "filing.py": "from mailcase import look\n"})
    assert circles(package) == ["filing -> look -> filing"]


def build(folder: Path, files: dict[str, str]) -> Path:
    """A small package with these files among good ones."""
    good = ["message", "decision", "junk/bulk", "linking/thread", "intake/watcher", "cli/main", "store/__init__"]
    for name, source in {**{f"{name}.py": '"""Good."""\n' for name in good}, **files}.items():
        path = folder / "mailcase" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    return folder / "mailcase"

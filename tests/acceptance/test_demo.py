"""`mailcase demo` as people run it: one process, real protocols, and an exit code that means something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailcase.demo.life_story import STORY, Step


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run with --keep, in a temporary folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "mailcase", "demo", "--keep"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "TMPDIR": str(folder), "MAILCASE_CASES__NUMBER_MASK": "NOT-{0}"},
    )
    return done, next(folder.glob("mailcase-demo-*"), folder)


def test_it_ends_well_and_counts_every_mail(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert done.returncode == 0, done.stderr + done.stdout
    assert "each became what it must" in done.stdout


@pytest.mark.parametrize(
    "part",
    [
        "created",
        "linked",
        "reopened",
        "followed",
        "noted",
        "ignored",
        "duplicate",
        "erin@visitor.example",
        "Printer on floor 3 jams",
        "photo.png",
        "Auto-Submitted: auto-replied",
        "In-Reply-To: <jam-1@visitor.example>",
        "registration → Nora · group → Anna and Ben",
        "Ben answers the notice by mail, #start",
        "2 registration, 3 in progress, 2 reply, 1 waiting, 2 resolved, 1 closed, 1 followed",
        "status Resolved → Reopened, assignee cleared",
        "followed by (same contact, Incident, open)",
    ],
)
def test_it_shows(part: str, demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert part in demo[0].stdout


@pytest.mark.parametrize("step", STORY, ids=lambda step: step.says)
def test_it_shows_each_step_of_the_life(step: Step, demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    shown = [line for line in demo[0].stdout.splitlines() if line.startswith(f"{step.says}  ")]
    assert any(f"  {step.status}" in line for line in shown)


def test_settings_of_the_callers_environment_do_not_reach_it(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    assert "NOT-1" not in demo[0].stdout
    assert "SR-1" in demo[0].stdout


def test_what_it_keeps_can_be_looked_at(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = demo
    config = str(folder / "mailcase.toml")
    done = subprocess.run(
        [sys.executable, "-m", "mailcase", "--config", config, "message", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Printer on floor 3 jams" in done.stdout


def test_no_secret_is_in_its_log(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = demo
    password = (folder / "password").read_text()
    assert password
    assert password not in (folder / "daemon.log").read_text()

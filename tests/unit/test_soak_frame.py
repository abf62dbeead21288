"""The frame of the soak: parts are found, go on after an interruption, and write their own result."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from soak.__main__ import main
from soak._processes import group
from soak.part import Outcome, Work, names, sentences
from soak.results import Result, placed, version, write
from soak.running import Asked, run
from tests.servers.ports import wait_until

ROOT = Path(__file__).parents[2]
GOOD = Outcome(good=True, lines=("nothing lost",))
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


#: A soak of one part that starts a server, says so and waits; with SIGINT ignored, as a shell in the background has it.
#: It waits in pieces: a signal that comes just before a pause() for ever would not end that.
SERVING = """
import runpy, signal, subprocess, sys, time, types
import soak.part
signal.signal(signal.SIGINT, signal.SIG_IGN)
def run(work):
    server = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    print(server.pid, flush=True)
    while True:
        time.sleep(0.05)
part = types.ModuleType("soak.example")
vars(part).update(SAYS="An example.", MINUTES=1.0, run=run)
sys.modules["soak.example"] = part
soak.part.names = lambda: ["example"]
sys.argv[0] = "soak"
runpy.run_module("soak", run_name="__main__")
"""


def part_of(work: Callable[[Work], Outcome], minutes: float = 1.0, **more: object) -> ModuleType:
    part = ModuleType("soak.example")
    vars(part).update(SAYS="An example.", MINUTES=minutes, run=work, **more)
    return part


def serves(pid: int) -> bool:
    """Whether that process runs; one that ended and that nobody has buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # also while it is being read
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Work], Outcome]], None]:
    def known(work: Callable[[Work], Outcome]) -> None:
        monkeypatch.setitem(sys.modules, "soak.example", part_of(work))
        monkeypatch.setattr("soak.__main__.names", lambda: ["example"])

    return known


def result(part: str, *lines: str, good: bool = True) -> Result:
    return Result(part, "An example.", NOON, 1.5, Outcome(good, lines))


def test_a_part_is_a_module_beside_the_frame() -> None:
    assert "part" not in names()
    assert "running" not in names()


def test_a_broken_part_says_so_and_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soak.example", part_of(lambda _: GOOD))
    broken, good = sentences(["broken", "example"])
    assert "broken: ModuleNotFoundError" in broken
    assert "An example. (1 min)" in good


def test_a_part_that_was_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    def work(at: Work) -> Outcome:
        done = at.kept("done", 0) + 1
        at.keep("done", done)
        if done < 3:
            raise KeyboardInterrupt
        return Outcome(good=True, lines=(f"{done}",))

    asked = Asked("example", part_of(work), tmp_path)
    written: list[Result] = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(asked, written.append, lambda _: None)
    assert run(asked, written.append, lambda _: None).lines == ("3",)
    assert [each.outcome.lines for each in written] == [("3",)]
    with pytest.raises(KeyboardInterrupt):  # finished: the next one begins anew
        run(asked, written.append, lambda _: None)
    assert (tmp_path / "example.last" / "done.json").read_text() == "3"


def test_time_that_an_interrupted_run_has_used_counts(tmp_path: Path) -> None:
    Work(tmp_path / "example", 1.0).keep("spent", 45.0)
    asked = Asked("example", part_of(lambda work: Outcome(0 < work.left() <= 15, ())), tmp_path)
    assert run(asked, lambda _: None, lambda _: None).good


def test_a_part_that_ran_out_of_time_has_not_held_and_goes_on_with_its_whole_length(tmp_path: Path) -> None:
    def work(at: Work) -> Outcome:
        at.keep("done", at.kept("done", 0) + 1)
        at.keep("spent", 30.0)
        whole = at.left() > 50
        return Outcome(whole, (), unfinished=at.kept("done", 0) < 3)

    Work(tmp_path / "example", 1.0).keep("before", 120.0)
    written: list[Result] = []
    asked = Asked("example", part_of(work), tmp_path)
    outcomes = [run(asked, written.append, lambda _: None) for _ in range(3)]
    assert [one.held for one in outcomes] == [False, False, True]
    assert [one.verdict for one in outcomes] == ["not finished", "not finished", "held"]
    assert all(one.minutes >= 2 for one in written)
    assert "**not finished**" in written[0].text()
    assert not (tmp_path / "example").exists()


def test_a_short_run_is_told_as_one(tmp_path: Path) -> None:
    def told(minutes: float, work: Callable[[Work], Outcome] = lambda _: GOOD, **more: object) -> str:
        part = part_of(work, minutes=60.0, **more)
        return run(Asked("example", part, tmp_path, minutes), lambda _: None, lambda _: None).verdict

    assert told(10.0) == "held for 10 of 60 minutes"
    assert told(0.5) == "held for 0.5 of 60 minutes"
    assert told(60.0) == told(90.0) == "held"
    assert told(10.0, COUNTED=True) == "held"  # all there was to do was done
    assert told(10.0, lambda _: Outcome(good=False, lines=())) == "FAILED"


def test_a_tree_that_was_changed_is_told(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@helpdesk.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    def dirty() -> bool:
        return version(tmp_path).endswith("-dirty)")

    assert "(" not in version(tmp_path)  # no repository
    git("init")
    (tmp_path / "docs").mkdir()
    for name in ("program.py", "docs/testing.md"):
        (tmp_path / name).write_text("one")
    git("add", ".")
    git("commit", "-m", "one")
    (tmp_path / "docs" / "testing.md").write_text("a result")
    assert ("(" in version(tmp_path), dirty()) == (True, False)
    (tmp_path / "program.py").write_text("two")
    assert dirty()
    git("commit", "-am", "two")
    assert not dirty()
    (tmp_path / "new.py").write_text("three")
    assert dirty()


def test_what_failed_has_failed_also_unfinished() -> None:
    assert Outcome(good=False, lines=(), unfinished=True).verdict == "FAILED"


def test_what_a_part_dies_of_is_told_with_its_notes(tmp_path: Path) -> None:
    def work(_: Work) -> Outcome:
        error = RuntimeError("no server")
        error.add_note("seed 7")
        raise error

    outcome = run(Asked("example", part_of(work), tmp_path), lambda _: None, lambda _: None)
    assert outcome.lines == ("ended by RuntimeError: no server; seed 7",)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_servers_of_the_part_as_well(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-c", SERVING, "example", "--try", "--state", str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as soak:
        assert soak.stdout is not None
        server = int(soak.stdout.readline())
        assert serves(server)
        try:
            soak.send_signal(number)
            _, said = soak.communicate(timeout=60)
            wait_until(lambda: not serves(server), 60, "the server lives on")
        finally:
            soak.kill()
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)
    assert soak.returncode == 130
    assert "`make soak PART=example` goes on" in said.decode()


def test_a_group_ends_with_its_block_and_with_its_children() -> None:
    forks = "import os, signal; os.fork(); os.write(1, b'%d\\n' % os.getpid()); signal.pause()"
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as told:
        with group([sys.executable, "-c", forks], stdout=writing):
            os.close(writing)
            pids = {int(told.readline()) for _ in range(2)}
        try:
            wait_until(lambda: not any(map(serves, pids)), 60, "one of them lives on")
        finally:
            _kill(pids)
    assert len(pids) == 2


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_part_that_raises_has_failed_and_keeps_its_state(tmp_path: Path) -> None:
    def work(at: Work) -> Outcome:
        at.keep("done", 7)
        raise RuntimeError("no server")

    written: list[Result] = []
    outcome = run(Asked("example", part_of(work), tmp_path), written.append, lambda _: None)
    assert outcome == Outcome(good=False, lines=("ended by RuntimeError: no server",))
    assert written[0].outcome == outcome
    assert (tmp_path / "example" / "done.json").exists()


def test_each_part_writes_between_its_own_markers_and_leaves_the_rest(tmp_path: Path) -> None:
    document = tmp_path / "testing.md"
    document.write_text("# Words\n\n<!-- soak:b -->\n<!-- /soak:b -->\n\nbehind\n")
    write(result("a", "first"), document)
    write(result("b", "second", good=False), document)
    write(result("a", "third"), document)
    text = document.read_text()
    assert text.startswith("# Words\n\n<!-- soak:b -->\n### b\n")
    assert "**FAILED**\n\n- second\n<!-- /soak:b -->\n\nbehind\n" in text
    assert "first" not in text
    assert text.endswith("1.5 minutes: **held**\n\n- third\n<!-- /soak:a -->\n")


def test_a_line_of_a_result_stays_one_line() -> None:
    assert "- two words" in placed("", result("a", "two\n  words"))


def test_the_command_runs_one_part_and_its_exit_tells_the_outcome(
    tmp_path: Path, example: Callable[[Callable[[Work], Outcome]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["example", "--minutes", "0.1", "--state", str(tmp_path), "--document", str(tmp_path / "t.md")]
    example(lambda work: Outcome(work.minutes == 0.1, ("seen",)))
    assert main(words) == 0
    assert "- seen" in (tmp_path / "t.md").read_text()
    example(lambda _: Outcome(good=False, lines=("lost one",)))
    assert main([*words, "--try"]) == 1
    assert "lost one" in capsys.readouterr().out
    assert "lost one" not in (tmp_path / "t.md").read_text()
    assert main(["nothing"]) == 2
    assert main([]) == 0
    assert "An example." in capsys.readouterr().out

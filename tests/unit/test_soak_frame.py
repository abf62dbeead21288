"""The frame of the soak: parts are found, go on after an interruption, and write their own result."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from soak.__main__ import main
from soak.part import Outcome, Work, names, sentences
from soak.results import Result, placed, write
from soak.running import Asked, run

GOOD = Outcome(good=True, lines=("nothing lost",))
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def part_of(work: Callable[[Work], Outcome], minutes: float = 1.0) -> ModuleType:
    part = ModuleType("soak.example")
    vars(part).update(SAYS="An example.", MINUTES=minutes, run=work)
    return part


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

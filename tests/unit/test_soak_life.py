"""What the part of the soak that lives cases tells of a life that broke."""

from pathlib import Path

import pytest

from soak import life


def broken(text: str, *notes: str) -> AssertionError:
    error = AssertionError(text)
    for one in notes:
        error.add_note(one)
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, []),
        (
            broken("SR-1 is\n  New", "state = Life()\nstate.a_first_mail()", "state.teardown()"),
            ["AssertionError: SR-1 is New", "state = Life()", "state.a_first_mail()", "state.teardown()"],
        ),
        (
            ExceptionGroup("two", [broken("a", "x"), broken("b", "y")]),
            ["AssertionError: a", "x", "AssertionError: b", "y"],
        ),
    ],
)
def test_a_finding_is_the_error_and_the_steps_of_the_shortest_life(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception | None, told: list[str]
) -> None:
    seeds: list[object] = []

    def live(_opener: object, _lives: int, _steps: int, seed: int, **_over: object) -> None:
        seeds.append(seed)
        if error is not None:
            raise error

    monkeypatch.setattr(life, "on_sqlite", lambda folder: folder)
    monkeypatch.setattr(life, "live", live)
    assert life.finding(7, tmp_path) == told
    assert (seeds, list(tmp_path.iterdir())) == ([7], [])

"""The fuzzer's own rules: no run repeats another one, and what it finds is shortened, told with its seed and kept."""

from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from soak import fuzz
from soak._fuzz_target import blindly
from soak.part import Outcome, Work
from soak.running import Asked, run


def test_a_finding_of_the_fuzzer_is_shortened_and_becomes_a_fixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "FIXTURES", tmp_path / "fixtures")
    monkeypatch.setattr(fuzz, "_fault", lambda raw: "Broken" if b"bad" in raw else "")
    found = tmp_path / "Broken-road.eml"
    found.write_bytes(b"Subject: good\n\nthis is bad indeed\n")
    found.with_suffix(".txt").write_text("mail 3 of the run with seed 7\nBroken\n")
    told = fuzz.settled(found)
    assert told.startswith("Broken: b'bad'")
    assert told.endswith("; mail 3 of the run with seed 7)")
    assert (tmp_path / "fixtures" / "Broken-road.eml").read_bytes() == b"bad"
    found.write_bytes(b"mended")
    assert fuzz.settled(found) == ""
    assert not found.exists()


def test_the_same_seed_makes_the_same_mails_and_another_one_others() -> None:
    def made(seed: int) -> list[bytes]:
        return list(islice(blindly(seed, [b"Subject: x\r\n\r\nHello\r\n"]), 30))

    assert made(1) == made(1) != made(2)


def test_no_run_repeats_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fuzzed(_: Work, seed: int) -> dict[str, float]:
        seeds.append(seed)
        return {"walked": 1, "cpu_s": 0.1, "guided": True}

    seeds: list[int] = []
    left = iter((9.0, 9.0, 0.0, 9.0, 0.0))
    monkeypatch.setattr(fuzz, "_fuzzed", fuzzed)
    monkeypatch.setattr(Work, "left", lambda _: next(left))
    told = [fuzz.run(Work(tmp_path / name, 1.0)).lines[1] for name in ("first", "second")]
    assert told == [f"seeds {seeds[0]}, {seeds[1]}", f"seeds {seeds[2]}"]
    assert len(set(seeds)) == 3


def test_what_was_grown_outlives_the_run(tmp_path: Path) -> None:
    grown = fuzz.grown_in(Work(tmp_path / "fuzz", 1.0))
    grown.mkdir(parents=True)
    part = ModuleType("soak.example")
    vars(part).update(SAYS="An example.", MINUTES=1.0, run=lambda _: Outcome(good=True, lines=()))
    run(Asked("fuzz", part, tmp_path), lambda _: None, lambda _: None)
    assert grown.exists()

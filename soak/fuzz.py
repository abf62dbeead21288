"""An hour of fuzzing: mails grown from our own and from real ones go the whole road; findings become fixtures."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from soak._fuzz_target import SLOW, signature
from soak.part import Outcome, Work
from tests.agents_road import walk_both
from tests.road import make_bench

SAYS = "mails grown by coverage: read, decided in two worlds, answered, shown, and done as an agent's, without a fault"
MINUTES = 60.0

_ROOT: Final = Path(__file__).parent.parent
FIXTURES: Final = _ROOT / "fixtures" / "fuzz"
_MINIMISING_S: Final = 60.0  # of CPU for one finding
_SEEDS: Final = 1 << 31  # libFuzzer takes no greater one
_RUN_S: Final = 600.0  # of one process: its corpus is kept, its memory is not


def run(work: Work) -> Outcome:
    """Fuzz in processes of ten minutes; then shorten what was found.

    Corpus and findings lie beside the part's own folder, so that the next run begins with them.
    """
    grown = grown_in(work)
    grown.mkdir(parents=True, exist_ok=True)
    walked = work.kept("walked", 0)
    used = work.kept("cpu_s", 0.0)
    seeds: list[int] = work.kept("seeds", [])
    told: dict[str, float] = {}
    while work.left() > 5:
        seeds.append(random.SystemRandom().randrange(1, _SEEDS))  # no run repeats another one
        work.keep("seeds", seeds)
        told = _fuzzed(work, seeds[-1])
        walked, used = walked + int(told["walked"]), used + told["cpu_s"]
        work.keep("walked", walked)
        work.keep("cpu_s", used)
        work.say(f"{walked} mails walked in {used / 60:.1f} minutes of CPU, {len(_found(grown))} findings")
    findings = [settled(file) for file in _found(grown)]
    lines = [
        f"{walked} mails in {used / 60:.1f} minutes of CPU, "
        f"{'guided by coverage' if told.get('guided', True) else 'blindly: atheris is not installed'}; "
        f"corpus {len(list((grown / 'corpus').glob('*')))}, findings {sum(map(bool, findings))}",
        f"seeds {', '.join(map(str, seeds))}",
        *(f"- {one}" for one in findings if one),
    ]
    return Outcome(not any(findings), tuple(lines))


def _fuzzed(work: Work, seed: int) -> dict[str, float]:
    """One process; it ends by itself when its time is over."""
    seconds = min(_RUN_S, work.left())
    seeds = [str(_ROOT / "fixtures")]  # golden, and what was found before
    if real := os.environ.get("MAILCASE_REALMAIL"):
        seeds.append(real)  # read in place
    command = [sys.executable, "-m", "soak._fuzz_target", str(grown_in(work)), f"{seconds:.0f}", str(seed), *seeds]
    began = time.monotonic()
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=False, timeout=10 * seconds + 600)
    last = grown_in(work) / "last.json"
    if done.returncode or not last.exists():
        raise RuntimeError(f"the fuzzer ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    told: dict[str, float] = json.loads(last.read_text())
    last.unlink()
    took = time.monotonic() - began
    work.say(f"seed {seed}: {told['walked']} mails in {took:.0f} s, the slowest took {told['slowest_s']} s")
    return told


def grown_in(work: Work) -> Path:
    """Where corpus and findings outlive the run."""
    return work.folder.with_name(f"{work.folder.name}.grown")


def _found(folder: Path) -> list[Path]:
    return sorted((folder / "findings").glob("*.eml"))


def settled(file: Path) -> str:
    """What is wrong with a finding, which becomes a fixture as short as can be; "" where it is none (any more)."""
    raw = file.read_bytes()
    fault = _fault(raw)
    if not fault:
        for one in (file, file.with_suffix(".txt")):  # else the next of that name must be shorter to be kept
            one.unlink(missing_ok=True)
        return ""
    shortest = _shortest(raw, fault)
    file.write_bytes(shortest)
    FIXTURES.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, FIXTURES / file.name)
    return f"{fault}: {shortest[:200]!r} (fixtures/fuzz/{file.name}{_met(file.with_suffix('.txt'))})"


def _met(told: Path) -> str:
    """Where it was met, by which the run can be done again."""
    return f"; {told.read_text('utf-8').partition(chr(10))[0]}" if told.exists() else ""


def _shortest(raw: bytes, fault: str) -> bytes:
    """The shortest mail with that fault that so much time finds."""
    ends = time.process_time() + _MINIMISING_S
    size = max(1, len(raw) // 2)
    while size and time.process_time() < ends:
        at = 0
        while at < len(raw) and time.process_time() < ends:
            shorter = raw[:at] + raw[at + size :]
            if _fault(shorter) == fault:
                raw = shorter
            else:
                at += size
        size //= 2
    return raw


def _fault(raw: bytes) -> str:
    """The signature of what goes wrong with this mail, without the cost of watching coverage; "" for nothing."""
    began = time.process_time()
    try:
        walk_both(raw, make_bench())
    except Exception as error:  # anything at all is a fault
        return signature(error).partition("-in-")[0]
    return "slow" if time.process_time() - began > SLOW else ""

"""An hour of fuzzing: mails grown from our own and from real ones go the whole road; findings become fixtures."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from soak._fuzz_target import SLOW, signature
from soak.part import Outcome, Work
from tests.road import make_bench, walk

SAYS = "mails grown by coverage: read, decided in two worlds, answered and shown without a fault"
MINUTES = 60.0

_ROOT: Final = Path(__file__).parent.parent
_MINIMISING_S: Final = 60.0  # of CPU for one finding
_RUN_S: Final = 600.0  # of CPU for one process: its corpus is kept, its memory is not


def run(work: Work) -> Outcome:
    """Fuzz in processes of ten minutes; then shorten what was found. The corpus is kept between runs."""
    work.folder.mkdir(parents=True, exist_ok=True)
    walked = work.kept("walked", 0)
    used = work.kept("cpu_s", 0.0)
    told: dict[str, float] = {}
    while work.left() > 5:
        told = _fuzzed(work)
        walked, used = walked + int(told["walked"]), used + told["cpu_s"]
        work.keep("walked", walked)
        work.keep("cpu_s", used)
        work.say(f"{walked} mails walked in {used / 60:.1f} minutes of CPU, {len(_found(work.folder))} findings")
    findings = [_shortened(file) for file in _found(work.folder)]
    lines = [
        f"{walked} mails in {used / 60:.1f} minutes of CPU, "
        f"{'guided by coverage' if told.get('guided', True) else 'blindly: atheris is not installed'}; "
        f"corpus {len(list((work.folder / 'corpus').glob('*')))}, findings {sum(map(bool, findings))}",
        *(f"- {one}" for one in findings if one),
    ]
    return Outcome(not any(findings), tuple(lines))


def _fuzzed(work: Work) -> dict[str, float]:
    """One process; it ends by itself after so much CPU time."""
    seconds = min(_RUN_S, work.left())
    seeds = [str(_ROOT / "fixtures" / "golden")]
    if real := os.environ.get("MAILCASE_REALMAIL"):
        seeds.append(real)  # read in place
    command = [sys.executable, "-m", "soak._fuzz_target", str(work.folder), f"{seconds:.0f}", *seeds]
    began = time.monotonic()
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=False, timeout=10 * seconds + 600)
    last = work.folder / "last.json"
    if done.returncode or not last.exists():
        raise RuntimeError(f"the fuzzer ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    told: dict[str, float] = json.loads(last.read_text())
    last.unlink()
    work.say(f"{told['walked']} mails in {time.monotonic() - began:.0f} s, the slowest took {told['slowest_s']} s")
    return told


def _found(folder: Path) -> list[Path]:
    return sorted((folder / "findings").glob("*.eml"))


def _shortened(file: Path) -> str:
    """What is wrong with a finding, and the shortest mail with that fault; "" where it is none (any more)."""
    raw = file.read_bytes()
    fault = _fault(raw)
    if not fault:
        return ""
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
    file.with_suffix(".min").write_bytes(raw)
    return f"{fault}: {raw[:200]!r}"


def _fault(raw: bytes) -> str:
    """The signature of what goes wrong with this mail, without the cost of watching coverage; "" for nothing."""
    began = time.process_time()
    try:
        walk(raw, make_bench())
    except Exception as error:  # anything at all is a fault
        return signature(error).partition("-in-")[0]
    return "slow" if time.process_time() - began > SLOW else ""

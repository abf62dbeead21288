"""The process that fuzzes: mails grown from a corpus go the whole road, and what must not be is written down.

`python -m soak._fuzz_target FOLDER SECONDS SEED [SEED-FOLDER ...]`. With atheris it is guided by the coverage of
intake, junk, linking, the decision and the life of a case; without, it mutates blindly. Each mail goes as anybody's
and as an agent's answer to a notice. A finding is a file in FOLDER/findings named
by what went wrong and where, so that one fault is one file however often it is met.
"""

import json
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from soak._fuzz_mutation import LONGEST, mutated

SLOW: Final = 2.0  # seconds of CPU for a mail up to 1 MB; coverage makes it slower, so the part measures again
_POOL: Final = 2_000  # mails whose lines are grafted

try:
    import atheris
except ImportError:  # not installable everywhere; then without coverage
    atheris = None


def _road() -> Callable[[bytes], Any]:
    """What each mail walks; imported under instrumentation where there is one."""
    if atheris is not None:
        with atheris.instrument_imports(
            include=[
                *("mailcase.intake", "mailcase.junk", "mailcase.linking", "mailcase.decision", "mailcase.filing"),
                *("mailcase.answering", "mailcase.forwarding", "mailcase.life"),
            ]
        ):
            import mailcase.decision
            import mailcase.intake.parse
            import mailcase.life.by_agent  # noqa: F401  imported to be instrumented
    from tests.agents_road import walk_both
    from tests.road import make_bench

    bench = make_bench()
    return lambda raw: walk_both(raw, bench)


def signature(error: BaseException) -> str:
    """One word for a fault: its type, and the innermost line of ours."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/mailcase/" in one.filename]
    where = f"{Path(frames[-1].filename).stem}-{frames[-1].name}" if frames else "road"
    words = "".join(one if one.isalnum() else "-" for one in str(error)[:40]) if not frames else ""
    return f"{type(error).__name__}-{where}{'-' + words if words else ''}"


class Fuzz:
    """Walks mails and keeps what went wrong."""

    def __init__(self, folder: Path, seconds: float, seed: int, seeds: list[Path]) -> None:
        self.seed = seed
        self.folder, self.ends = folder, time.monotonic() + seconds
        self.findings = folder / "findings"
        self.findings.mkdir(parents=True, exist_ok=True)
        (folder / "corpus").mkdir(exist_ok=True)
        self.walked, self.slowest, self.began = 0, 0.0, time.process_time()
        self.pool = seeds_of([*seeds, folder / "corpus"])
        self.walk = _road()

    def one(self, raw: bytes) -> None:
        """Walk one mail."""
        raw = bytes(raw)
        before = time.process_time()
        try:
            self.walk(raw)
        except Exception as error:  # anything at all is a finding
            self.keep(signature(error), raw, traceback.format_exc())
        took = time.process_time() - before
        self.slowest, self.walked = max(self.slowest, took), self.walked + 1
        if took > SLOW:
            self.keep(f"slow-{sha256(raw).hexdigest()[:8]}", raw, f"{took:.1f} s of CPU")
        if time.monotonic() > self.ends:
            self.end()

    def keep(self, name: str, raw: bytes, told: str) -> None:
        """The first, or a shorter, example of a fault."""
        file = self.findings / f"{name[:120]}.eml"
        if not file.exists() or len(raw) < file.stat().st_size:
            file.write_bytes(raw)
            where = f"mail {self.walked + 1} of the run with seed {self.seed}\n"
            file.with_suffix(".txt").write_text(where + told, "utf-8", "backslashreplace")

    def end(self) -> None:
        """Say what was done, and end the process: atheris knows no other way."""
        took = time.process_time() - self.began
        told = {"walked": self.walked, "slowest_s": round(self.slowest, 3), "cpu_s": round(took, 1)}
        (self.folder / "last.json").write_text(json.dumps({**told, "guided": atheris is not None}))
        sys.stdout.flush()
        import os

        os._exit(0)


def seeds_of(folders: list[Path]) -> list[bytes]:
    """The mails that lie there, the short ones alone."""
    files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
    return [raw for file in files if 0 < len(raw := _start_of(file)) < LONGEST]


def _start_of(file: Path) -> bytes:
    """As much of it as a seed may have; nothing where it cannot be read."""
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(LONGEST)
    return b""


def main(argv: list[str]) -> None:
    """See the module."""
    folder, seconds, seed, seeds = Path(argv[0]), float(argv[1]), int(argv[2]), [Path(one) for one in argv[3:]]
    fuzz = Fuzz(folder, seconds, seed, seeds)
    if atheris is None:
        _blindly(fuzz)
    pool = fuzz.pool[:: max(1, len(fuzz.pool) // _POOL)]

    def grown(raw: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)
        if dice.random() < 0.3:
            return bytes(atheris.Mutate(raw, most))
        return mutated(raw, pool, dice)[:most]

    options = [
        f"-seed={seed}",
        f"-max_len={LONGEST}",
        "-rss_limit_mb=0",
        "-timeout=60",
        "-verbosity=0",
        "-print_final_stats=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder / "corpus"), *map(str, seeds)], fuzz.one, custom_mutator=grown)
    atheris.Fuzz()


def _blindly(fuzz: Fuzz) -> None:
    for raw in blindly(fuzz.seed, fuzz.pool):
        fuzz.one(raw)


def blindly(seed: int, pool: list[bytes]) -> Iterator[bytes]:
    """Mails mutated without end; the same seed and pool give the same ones."""
    dice = random.Random(seed)
    while True:
        yield mutated(dice.choice(pool), pool, dice)


if __name__ == "__main__":
    main(sys.argv[1:])

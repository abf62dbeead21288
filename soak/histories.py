"""Ten thousand seeded histories of the simulator: P1, P2, P3, the caps and the numbers hold in each."""

import os
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

import structlog

from soak.part import Outcome, Work
from tests.simulator.twin_world import TwinWorld, broken
from tests.simulator.world import Plan

SAYS = "10,000 seeded histories of one to three daemons: crashes, races, resets, bounces, clock jumps; P1-P3, caps"
MINUTES = 60.0
COUNTED = True
HISTORIES: Final = 10_000
_TOGETHER: Final = 50  # between two notes of how far it is


def run(work: Work) -> Outcome:
    """From the seed where it was, until all are done or the time is over; those that failed stay in the list."""
    done: int = work.kept("done", 0)
    failed: dict[str, list[str]] = work.kept("failed", {})
    seen: Counter[str] = Counter(work.kept("seen", {}))
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quietly) as pool:
        while done < HISTORIES and work.left():
            results = _together(pool, _next(done))
            failed |= {str(seed): found for seed, (found, _) in results if found}
            for _, (_, what) in results:
                seen.update(what)
            done += len(results)
            for name, value in (("done", done), ("failed", failed), ("seen", dict(seen))):
                work.keep(name, value)
            work.say(f"{done} histories, {len(failed)} failed {' '.join(failed)}")
    return Outcome(not failed, (*_told(done, seen), *_failures(failed)), unfinished=done < HISTORIES)


def _together(pool: ProcessPoolExecutor, seeds: range) -> list[tuple[int, tuple[list[str], dict[str, int]]]]:
    """The histories of these seeds; raises BrokenProcessPool where one of them ends its process."""
    try:
        return list(zip(seeds, pool.map(history, seeds), strict=True))
    except BrokenProcessPool as error:
        error.add_note(f"one of the seeds {seeds.start} to {seeds.stop - 1}")
        raise


def _next(done: int) -> range:
    return range(done, min(done + _TOGETHER, HISTORIES))


def history(seed: int) -> tuple[list[str], dict[str, int]]:
    """What broke in the history of this seed, and what happened in it; one that raises is broken, too."""
    try:
        return _lived(seed)
    except Exception as error:  # whatever it is, its seed must be told
        last = traceback.extract_tb(error.__traceback__)[-1]
        return [f"raised {type(error).__name__}: {error} (line {last.lineno} of {last.name})"], {}


def _lived(seed: int) -> tuple[list[str], dict[str, int]]:
    world = TwinWorld.of(Plan.of(seed))
    world.run()
    counted = Counter(world.ledger.mails.outcomes.values())
    counted.update(
        steps=world.steps, processes=len(world.lives), sent=len(world.relay.taken), clashes=world.ledger.clashes
    )
    return broken(world), dict(counted)


def _quietly() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def _told(done: int, seen: Counter[str]) -> tuple[str, ...]:
    outcomes = ", ".join(f"{seen[name]} {name}" for name in ("created", "linked", "reopened", "followed", "noted"))
    others = ", ".join(f"{seen[name]} {name}" for name in ("duplicate", "ignored", "quarantined"))
    return (
        f"{done} of {HISTORIES} histories, {seen['steps']} steps, {seen['processes']} processes started",
        f"{outcomes}, {others}; {seen['sent']} mails sent; {seen['clashes']} decisions made anew after a lost race",
    )


def _failures(failed: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(f"seed {seed}: {found[0]} (`python -m tests.simulator {seed}`)" for seed, found in failed.items())

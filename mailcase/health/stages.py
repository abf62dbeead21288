"""How long the stages of a mail's life take, and how much happened: a small registry that any thread may feed.

It knows nothing of Prometheus; `health.metrics` shows what is in it.
"""

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

#: The stages that are timed, in the order of a mail's life; `decide` is one transaction of up to 100 mails.
STAGES: Final = ("fetch", "journal", "parse", "decide", "mark", "send")
Stage = Literal["fetch", "journal", "parse", "decide", "mark", "send"]
#: Upper bounds in seconds; the last bucket is everything above.
BOUNDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


@dataclass(slots=True)
class Histogram:
    """How often, how long in all, and how often in which bucket (not cumulated)."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, seconds: float) -> None:
        """One more."""
        self.count += 1
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1

    def copy(self) -> "Histogram":
        """As it is now."""
        return Histogram(self.count, self.seconds, list(self.buckets))


class Registry:
    """Histograms by stage and counts by name and labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages = {stage: Histogram() for stage in STAGES}
        self._counts: dict[str, Counter[tuple[str, ...]]] = {}

    def observe(self, stage: Stage, seconds: float) -> None:
        """One stage took so long."""
        with self._lock:
            self._stages[stage].add(seconds)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Time what is done within it, also where it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(stage, time.perf_counter() - began)

    def count(self, name: str, *labels: str, times: int = 1) -> None:
        """One more of it, or so many."""
        with self._lock:
            self._counts.setdefault(name, Counter())[labels] += times

    def stages(self) -> Mapping[str, Histogram]:
        """The histograms as they are now."""
        with self._lock:
            return {stage: one.copy() for stage, one in self._stages.items()}

    def counts(self, name: str) -> Mapping[tuple[str, ...], int]:
        """Labels -> how often, as it is now."""
        with self._lock:
            return dict(self._counts.get(name, {}))


#: The process's own.
REGISTRY: Final = Registry()
timed = REGISTRY.timed
observe = REGISTRY.observe
count = REGISTRY.count

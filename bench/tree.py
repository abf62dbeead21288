"""What a process and all its children use: CPU seconds, memory, and the CPU of the parent's threads."""

import threading
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import psutil

_EVERY: Final = 0.1  # seconds between looks
MB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """Between the beginning and the end of a `Tree`."""

    cpu: float  # seconds of the whole tree
    largest: float  # MB of resident memory, the peak of the largest process
    together: float  # MB, the peak of the sum: pages that processes share count in each
    loop: float  # CPU seconds of the parent's main thread
    threads: float  # of its other threads
    children: tuple[float, ...]  # of its descendants, the busiest first


class Tree:
    """`with Tree(pid) as tree: …` then `tree.usage`; the processes may end meanwhile."""

    usage: Usage

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._cpu: dict[int, float] = {}
        self._threads: dict[int, float] = {}
        self._largest = self._together = 0.0
        self._stop = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._look()
        self._before = dict(self._cpu), dict(self._threads)
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._sampler.join()
        self._look()
        self.usage = self._usage()

    def _sample(self) -> None:
        while not self._stop.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        try:
            family = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        sizes = [size for one in family if (size := self._look_at(one)) is not None]
        with self._lock:
            self._largest = max(self._largest, *sizes, 0.0)
            self._together = max(self._together, sum(sizes))

    def _look_at(self, process: psutil.Process) -> float | None:
        """Note its CPU; its memory in MB, None if it has just ended."""
        try:
            with process.oneshot():
                times = process.cpu_times()
                size = process.memory_info().rss / MB
            if process.pid == self._root.pid:
                self._threads.update({one.id: one.user_time + one.system_time for one in process.threads()})
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        self._cpu[process.pid] = times.user + times.system
        return float(size)

    def _usage(self) -> Usage:
        cpu = _since(self._cpu, self._before[0])
        threads = _since(self._threads, self._before[1])
        root = self._root.pid
        loop = threads.get(root, 0.0)
        children = sorted((used for pid, used in cpu.items() if pid != root and used > 0.01), reverse=True)
        others = sum(threads.values()) - loop
        return Usage(sum(cpu.values()), self._largest, self._together, loop, others, tuple(children))


def taken(pid: int) -> float:
    """MB that a process and its descendants take now, each page that they share counted once (PSS)."""
    root = psutil.Process(pid)
    return float(sum(one.memory_full_info().pss for one in (root, *root.children(recursive=True)))) / MB


def _since(now: dict[int, float], before: dict[int, float]) -> dict[int, float]:
    return {key: value - defaultdict(float, before)[key] for key, value in now.items()}

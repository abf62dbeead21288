"""Stage times and counts are kept right by many threads at once."""

import threading

import pytest

from mailcase.health.stages import BOUNDS, Registry


def test_each_time_falls_into_its_bucket_whatever_thread_brings_it() -> None:
    registry = Registry()

    def work() -> None:
        for seconds in (0.0, 0.001, 0.0011, 1000.0):
            registry.observe("parse", seconds)
            registry.count("mails", "sent")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = registry.stages()["parse"]
    assert (found.count, found.buckets[:2], found.buckets[len(BOUNDS)]) == (32, [16, 8], 8)
    assert found.seconds == pytest.approx(8 * 1000.0021)
    assert registry.counts("mails") == {("sent",): 32}


def test_a_stage_that_fails_is_timed_too() -> None:
    registry = Registry()
    with pytest.raises(ValueError, match="no"), registry.timed("send"):
        raise ValueError("no")
    assert registry.stages()["send"].count == 1

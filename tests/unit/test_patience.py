"""A busy store is waited for, with a stop event and without one."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mailcase import patience
from mailcase.errors import Permanent, Transient
from mailcase.patience import patiently


class Busy:
    """A store that is busy so many times."""

    def __init__(self, times: int, error: type[Exception] = Transient) -> None:
        self.times, self.error = times, error

    def work(self, answer: str) -> str:
        self.times -= 1
        if self.times >= 0:
            raise self.error("busy")
        return answer


async def call(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST", 0.001)


@pytest.mark.parametrize("stop", [None, asyncio.Event()])
async def test_it_is_asked_until_it_answers(stop: asyncio.Event | None) -> None:
    assert await patiently(call, Busy(3).work, "done", stop=stop) == "done"


async def test_what_is_not_transient_is_raised_at_once() -> None:
    with pytest.raises(Permanent):
        await patiently(call, Busy(1, Permanent).work, "done")


async def test_a_stop_and_the_time_end_the_waiting() -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(Transient):
        await patiently(call, Busy(99).work, "done", stop=stop)
    with pytest.raises(Transient):
        await patiently(call, Busy(99).work, "done", at_most=0.002)

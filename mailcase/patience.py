"""Waiting for a store that is busy or gone: the mail lies in the journal, so there is time (F25)."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailcase.errors import Transient
from mailcase.log import Event, emit
from mailcase.waiting import first_of

_FIRST: Final = 0.5  # seconds, doubled each time
_LONGEST: Final = 30.0


async def patiently(
    call: Callable[..., Awaitable[Any]],
    work: Callable[..., Any],
    *args: Any,
    at_most: float = math.inf,
    stop: asyncio.Event | None = None,
) -> Any:
    """Run a function of the store in the writer thread, again and again until the store takes it.

    Only Transient is waited for, `at_most` seconds and until the stop event; then it is raised, as every other
    error is at once.
    """
    pause, waited = _FIRST, 0.0
    while True:
        try:
            return await call(work, *args)
        except Transient as error:
            if waited >= at_most or (stop is not None and stop.is_set()):
                raise
            emit(Event.STORE_BUSY, error=str(error))
            await first_of(pause * random.uniform(0.5, 1.0), *([stop] if stop else []))  # noqa: S311 - not all at once
            waited += pause
            pause = min(pause * 2, _LONGEST)

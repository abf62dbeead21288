"""Waiting for a store that is busy or gone: the mail lies in the journal, so there is time (F25)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailcase.errors import Transient
from mailcase.log import Event, emit

_FIRST: Final = 0.5  # seconds, doubled each time
_LONGEST: Final = 30.0


async def patiently(call: Callable[..., Awaitable[Any]], work: Callable[..., Any], *args: Any) -> Any:
    """Run a function of the store in the writer thread, again and again until the store takes it.

    Only Transient is waited for; every other error is raised.
    """
    pause = _FIRST
    while True:
        try:
            return await call(work, *args)
        except Transient as error:
            emit(Event.STORE_BUSY, error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)

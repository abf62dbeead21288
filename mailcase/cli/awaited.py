"""Says on standard error what a command waits for, once it has waited for a moment: silence looks like a fault."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from mailcase.cli.output import note, safe

FIRST_S: Final = 2.0  # so long nothing is said: most servers answer within it
_AGAIN_S: Final = 10.0
_NAMED: Final = 5  # of many at once the first ones


class Awaited:
    """What is waited for now, each under a name; made and used within one running event loop."""

    def __init__(self) -> None:
        self._open: dict[str, Callable[[], str]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def of(self, name: str, limit: Callable[[], str]) -> Iterator[None]:
        """Within it `name` is waited for; `limit` says in words for how long still."""
        self._open[name] = limit
        self._timer = self._timer or asyncio.get_running_loop().call_later(FIRST_S, self._say)
        try:
            yield
        finally:
            del self._open[name]
            if not self._open:
                self._timer.cancel()
                self._timer = None

    def _say(self) -> None:
        told = [f"{name} ({limit()})" for name, limit in self._open.items()]
        more = [f"and {len(told) - _NAMED} more"] if len(told) > _NAMED else []
        note(safe(f"waiting for {', '.join([*told[:_NAMED], *more])} …"))
        self._timer = asyncio.get_running_loop().call_later(_AGAIN_S, self._say)

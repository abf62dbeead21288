"""Small helps of the test servers: a free port, and waiting for a condition with a deadline."""

import asyncio
import socket
import time
from collections.abc import Callable


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Block until the condition holds; AssertionError with `otherwise` at the deadline."""
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(otherwise)
        time.sleep(min(max(0.01, 4 * (now - began)), 0.25))  # a look that costs much must not take the processor
        began = time.monotonic()


async def until(condition: Callable[[], bool], seconds: float = 60.0, otherwise: str = "it never came") -> None:
    """The same for a coroutine."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        await asyncio.sleep(0.01)

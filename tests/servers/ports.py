"""Small helps of the test servers: a free port, and waiting for a condition with a deadline."""

import asyncio
import fcntl
import getpass
import random
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

#: Below what systems give to outgoing connections (Linux from 32768, others from 49152): a port from there may be in
#: use as the near end of somebody's connection just when the server it was picked for begins to listen.
_PORTS: Final = range(15_000, 32_000)
_TAKEN: Final[set[int]] = set()
# One byte a port, locked by the test process that picked it until it ends: others, of other runs too, pick another.
_BOOK: Final = (Path(tempfile.gettempdir()) / f"mailcase-test-ports-{getpass.getuser()}").open("ab")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that no other call here returns while this process runs."""
    while True:
        port = random.SystemRandom().choice(_PORTS)  # whatever seed the tests have: processes must not try alike
        if port not in _TAKEN and _is_ours(port) and _is_free(port):
            _TAKEN.add(port)
            return port


def _is_ours(port: int) -> bool:
    try:
        fcntl.lockf(_BOOK, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


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

"""What runs in a parser process: it reads mails, within a memory limit, and dies with its parent.

Imported by the workers alone, so it must not import the store (SQLModel costs half a second and memory).
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from mailcase.errors import Permanent
from mailcase.message import Email

_PR_SET_PDEATHSIG: Final = 1
_EXTRA_CPU: Final = 30  # seconds of CPU time beyond the time limit of a task, should the parent be frozen


def start(parent: int, memory: int) -> None:
    """Prepare the process: called once, before the first task. `memory` is in bytes, 0 for no limit.

    The parent alone decides when a worker ends (it kills it), so that a Ctrl-C or a SIGTERM to the whole
    process group does not make the mail being read look poisonous.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold mail text
    _die_with(parent)
    _State.memory = memory
    import_module("mailcase.intake.parse")  # now, and not at the first mail's expense


class _State:
    """Set once by `start`."""

    memory = 0


def _die_with(parent: int) -> None:
    ctypes = import_module("ctypes")  # here alone: the daemon, which imports this module, starts without it
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):  # not Linux: an idle worker still ends when its pipe closes
        return
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _nothing(_: Email) -> None:
    pass


def read_all(raws: Sequence[bytes], seconds: float, then: Callable[[Email], None] = _nothing) -> list[Email | str]:
    """Read mails one by one: for each the Email, or why it can never be read.

    `seconds` is the time limit that the parent keeps; CPU time well beyond it kills the process. `then` is told of
    each that was read, within the same limits.
    """
    with _limits(seconds):
        return [_read(raw, then) for raw in raws]


def _read(raw: bytes, then: Callable[[Email], None]) -> Email | str:
    from mailcase.intake.parse import read  # the daemon names this module and reads no mail itself

    try:
        email = read(raw)
    except Permanent as error:
        return str(error)
    then(email)
    return email


@contextmanager
def _limits(seconds: float) -> Iterator[None]:
    """Memory and CPU limits, only while a mail is read: a MemoryError in the pipe would garble it."""
    _, most_memory = resource.getrlimit(resource.RLIMIT_AS)
    _, most_cpu = resource.getrlimit(resource.RLIMIT_CPU)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(usage.ru_utime + usage.ru_stime + seconds + _EXTRA_CPU)
    if _State.memory:
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + _State.memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, most_cpu))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
        resource.setrlimit(resource.RLIMIT_CPU, (most_cpu, most_cpu))


def _address_space() -> int:
    """Bytes of address space in use: libraries and, of a large mail, its raw bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

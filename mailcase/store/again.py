"""Trying again at once where two transactions met: PostgreSQL took one of them back, whole (F25)."""

from typing import Final

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mailcase.errors import Unavailable

LOCK_TIMEOUT: Final = "55P03"
_TRIES: Final = 5
_FIRST_S, _LONGEST_S = 0.02, 0.3  # of the pauses, chance within it: those who met do not meet again


class Collided(Unavailable):
    """A deadlock or a serialization failure: nothing of the transaction stays, and trying again at once helps."""


class Locked(Unavailable):
    """The server can do nothing for us now, or somebody holds a lock for longer than we wait.

    No mail's fault: none is given up for it.
    """


class RowHeld(Locked):
    """Of one row: somebody changed it and has not ended his transaction. What does not need that row can go on."""


#: Around one transaction. What may have been committed before the connection broke is not repeated here.
again: Final = retry(
    retry=retry_if_exception_type(Collided),
    stop=stop_after_attempt(_TRIES),
    wait=wait_random_exponential(multiplier=_FIRST_S, max=_LONGEST_S),
    reraise=True,
)

#: PostgreSQL's words for it; a server that is a standby by now, or was made read-only (25006), still answers, and so
#: does one that has no memory left, or no place for another session (53200, 53300, 53400). 53100 is `StoreFull`.
BY_SQLSTATE: Final[dict[str, type[Unavailable]]] = {
    "40001": Collided, "40P01": Collided, LOCK_TIMEOUT: Locked, "25006": Locked, "58030": Locked,
    "53200": Locked, "53300": Locked, "53400": Locked,
}  # fmt: skip

"""From the start of the process to READY=1."""

import statistics
import time
from typing import Final

from bench.corpus import corpus
from bench.program import Program
from bench.site import WARMING, site
from bench.table import conditions, table

SAYS: Final = "from the start of the process to READY=1 (aim: below 1.5 s)"
MAILS: Final = 200
_STARTS: Final = 10
_AIM: Final = 1.5
_USER: Final = "start"


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    with site((_USER,)) as place:
        place.stage(corpus(mails))
        place.open(_USER)
        program = Program(place, _USER)
        with program.daemon():
            place.warm(_USER)
            program.wait_decided(WARMING)
            place.deliver(_USER)
            program.wait_decided(WARMING + mails)
        took = []
        for _ in range(_STARTS):
            began = time.perf_counter()
            with program.daemon():
                took.append(time.perf_counter() - began)
    middle = statistics.median(took)
    return [
        conditions(f"{_STARTS} starts of the daemon over a store with {mails:,} mails"),
        "",
        *table(
            ("seconds", "fastest", "median", "slowest"), [("to READY=1", *map(_told, (min(took), middle, max(took))))]
        ),
        "",
        f"Aim: below {_AIM} s: {'reached' if middle < _AIM else 'missed'}.",
    ]


def _told(seconds: float) -> str:
    return f"{seconds:.2f}"

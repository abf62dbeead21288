"""Does the memory stay flat, however many mails come through?"""

from collections.abc import Iterator
from typing import Final

from bench.corpus import corpus
from bench.program import Program
from bench.site import WARMING, Site, site
from bench.table import conditions, table
from bench.tree import Tree, Usage, taken

SAYS: Final = "memory through 50,000 mails (aim: below 250 MB)"
MAILS: Final = 50_000
_STEPS: Final = 10
_AIM: Final = 250
_USER: Final = "many"


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    step = mails // _STEPS
    with site((_USER,)) as place:
        place.open(_USER)
        used = list(_steps(place, Program(place, _USER), step))
        size = place.octets
    rows = [
        (f"{n * step:,}", f"{one.largest:.0f}", f"{once:.0f}", f"{one.together:.0f}")
        for n, (one, once) in enumerate(used, 1)
    ]
    largest, together = max(one.largest for one, _ in used), max(once for _, once in used)
    reached = "reached" if largest < _AIM else "missed"
    whole = "also" if together < _AIM else "not"
    return [
        conditions(f"the daemon through {mails:,} mails, {size / 1e9:.1f} GB"),
        "",
        *table(("mails so far", "largest process, MB", "all together, MB", "sum of their sizes, MB"), rows),
        "",
        f"Aim: below {_AIM} MB: {reached} by each process ({largest:.0f} MB); {whole} by all together "
        f"({together:.0f} MB; pages that they share count once there, in the sum of their sizes in each).",
    ]


def _steps(place: Site, program: Program, step: int) -> Iterator[tuple[Usage, float]]:
    """What the daemon uses while each of the steps comes through, and the MB that it takes of the machine then."""
    with program.daemon() as process:
        place.warm(_USER)
        program.wait_decided(WARMING)
        for n in range(1, _STEPS + 1):
            place.stage(corpus(step, 1000 + n))
            with Tree(process.pid) as tree:
                place.deliver(_USER, (n - 1) * step)
                program.wait_decided(WARMING + n * step)
            place.forget(_USER)
            yield tree.usage, taken(process.pid)

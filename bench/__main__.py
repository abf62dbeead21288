"""`python -m bench [PART] [--mails N]`: measure, print, and keep a whole measurement in docs/performance.md."""

import argparse
import importlib
import signal
import sys
from typing import Final, Protocol, cast

from bench.table import keep

PARTS: Final = ("compare", "growth", "million", "latency", "memory", "start", "daemons", "postgres")


class Measure(Protocol):
    """A module of bench.measures."""

    SAYS: str
    MAILS: int

    def run(self, mails: int) -> list[str]:
        """The report, in Markdown."""
        ...


def main() -> None:
    """Measure one part."""
    parser = argparse.ArgumentParser(prog="make bench", epilog=_list(), formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS, default="compare")
    parser.add_argument("--mails", type=int, help="fewer for a quick look, which is not kept")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers of a measurement end with it
    measure = _measure(given.part)
    lines = measure.run(given.mails or measure.MAILS)
    print("\n".join(lines))
    if given.mails in (None, measure.MAILS):
        keep(given.part, lines)


def _measure(part: str) -> Measure:
    return cast(Measure, importlib.import_module(f"bench.measures.{part}"))


def _list() -> str:
    return "\n".join(f"{part:9} {(one := _measure(part)).SAYS}; {one.MAILS:,} mails" for part in PARTS)


if __name__ == "__main__":
    main()

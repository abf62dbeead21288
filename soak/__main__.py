"""`python -m soak [PART] [--minutes N]`: one part of the long tests, or the list of them."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from soak._processes import end_descendants
from soak.part import load, names, sentences
from soak.results import DOCUMENT, Result, write
from soak.running import KEPT, Asked, run


def main(words: Sequence[str] | None = None) -> int:
    """Run what the words ask for. Gives 0 if it held, else 1; 2 for a part that is none, 130 if interrupted."""
    asked = _words().parse_args(words)
    if asked.part is None:
        sys.stdout.write("\n".join(["make soak PART=name [MINUTES=n], where name is", *sentences(names()), ""]))
        return 0
    if asked.part not in names():
        sys.stderr.write(f"no such part: {asked.part}. There are: {', '.join(names())}\n")
        return 2
    part = load(asked.part)
    try:
        outcome = run(Asked(asked.part, part, asked.state, asked.minutes), _writer(asked), _tell)
    except KeyboardInterrupt:
        sys.stderr.write(f"\ninterrupted; `make soak PART={asked.part}` goes on where it was\n")
        return 130
    _tell("\n".join([outcome.verdict, *outcome.lines, ""]))
    return 0 if outcome.held else 1


def _words() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    words.add_argument("part", nargs="?", help="which; none: say which there are")
    words.add_argument("--minutes", type=float, help="how long; not said: the part's own length")
    words.add_argument("--state", type=Path, default=KEPT, help="where parts keep what they go on from")
    words.add_argument("--document", type=Path, default=DOCUMENT, help="where the result is written")
    words.add_argument("--try", action="store_true", dest="only_try", help="write no result")
    return words


def _writer(asked: argparse.Namespace) -> Callable[[Result], None]:
    return (lambda _: None) if asked.only_try else partial(write, document=asked.document)


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _stoppable() -> None:
    """SIGTERM ends it as Ctrl-C does; so does SIGINT where a shell in the background has it ignored."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


if __name__ == "__main__":
    _stoppable()
    try:
        sys.exit(main())
    finally:
        end_descendants()

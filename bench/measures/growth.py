"""Does a mail cost more once there are many cases? Beside an empty store, in one process, round by round."""

import tempfile
from pathlib import Path
from typing import Final

from bench.corpus import corpus
from bench.fill import MESSAGES_A_CASE, fill
from bench.table import conditions, table
from bench.workshop import letters, workshop

SAYS: Final = "CPU a mail with 20,000 cases beside none (aim: at most 1.1 times)"
MAILS: Final = 1000
_ROUNDS: Final = 3
_CASES: Final = 20_000
_AIM: Final = 1.1


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    return grown(mails, _CASES, _AIM)


def grown(mails: int, cases: int, aim: float) -> list[str]:
    """Commit the same mails into an empty store and into a filled one, in turns; the cheapest round of each counts."""
    with tempfile.TemporaryDirectory(prefix="mc-bench-") as name:
        folder = Path(name)
        with workshop(folder):
            pass  # makes the store
        fill(folder / "mailcase.db", cases)
        size = (folder / "mailcase.db").stat().st_size
        empty, full, parse = _rounds(folder, mails)
    whole = (full + parse) / (empty + parse)
    rows = [
        ("parse", f"{parse:.2f}", f"{parse:.2f}", "1.00"),
        ("journal, decide, store", f"{empty:.2f}", f"{full:.2f}", f"{full / empty:.2f}"),
        ("together", f"{empty + parse:.2f}", f"{full + parse:.2f}", f"{whole:.2f}"),
    ]
    stored = f"{cases:,} cases with {cases * MESSAGES_A_CASE:,} messages ({size / 1e9:.1f} GB)"
    return [
        conditions(f"{stored} beside an empty store, the best of {_ROUNDS} rounds of {mails:,} mails each"),
        "",
        *table(("CPU ms/mail", "empty", "filled", "ratio"), rows),
        "",
        f"Aim: together at most {aim} times: {'reached' if whole <= aim else 'missed'}.",
    ]


def _rounds(filled: Path, mails: int) -> tuple[float, float, float]:
    """CPU milliseconds a mail: into an empty store, into the filled one, of reading."""
    empty, full, parse = [], [], []
    for seed in range(_ROUNDS):
        found, spent = letters(corpus(mails, 100 + seed))
        parse.append(spent.cpu_each)
        with tempfile.TemporaryDirectory(prefix="mc-bench-") as name, workshop(Path(name)) as shop:
            empty.append(shop.commit(found).cpu_each)
        with workshop(filled) as shop:
            full.append(shop.commit(found, uid=seed * mails).cpu_each)
    return min(empty), min(full), min(parse)

"""mailcase beside the simple script on one corpus in one run, and the stages alone."""

from collections.abc import Sequence
from typing import Final

from bench.alone import Alone, stages_alone
from bench.corpus import corpus
from bench.runs import Run, daemon, once, simple
from bench.site import site
from bench.table import conditions, table

SAYS: Final = "mailcase beside the simple script on one corpus, and the stages alone"
MAILS: Final = 5000
_ROUNDS: Final = ("1", "2")  # of each, in turn: a machine that others share is fast in one minute and slow in the next
_USERS: Final = (*(f"{name}{number}" for number in _ROUNDS for name in ("daemon", "simple")), "once", "fetch")


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    with site(_USERS) as place:
        place.stage(corpus(mails))
        rounds = [(daemon(place, f"daemon{number}"), simple(place, f"simple{number}")) for number in _ROUNDS]
        work = max((one for one, _ in rounds), key=_rate)
        script, whole_script = max((both for _, both in rounds), key=lambda both: _rate(both[0]))
        whole = once(place, "once")
        alone = list(stages_alone(place, "fetch"))
        size = place.octets
    runs = (work, script, whole, whole_script)
    what = (
        f"{mails:,} mails, {size / 1_000_000:.0f} MB, one Dovecot, SQLite with synchronous = FULL; "
        "daemon and script twice in turn, the faster round of each"
    )
    return [
        conditions(what),
        "",
        f"**{work.rate / script.rate:.2f} times the simple script** at work, {whole.rate / whole_script.rate:.2f} "
        f"times with the start and end of both processes; CPU a mail {work.cpu_each / script.cpu_each:.2f} times.",
        "",
        *_speeds(runs, alone),
        "",
        *_right(runs),
        "",
        *_where(work, script),
        *_profiles(alone),
    ]


def _rate(one: Run) -> float:
    return one.rate


def _speeds(runs: Sequence[Run], alone: Sequence[Alone]) -> list[str]:
    whole = [
        (
            one.name,
            f"{one.rate:.0f}",
            f"{one.cpu_each:.2f}",
            f"{1000 * one.server / one.mails:.2f}",
            f"{one.usage.largest:.0f}",
            f"{one.usage.together:.0f}",
        )
        for one in runs
    ]
    stages = [
        (one.name, f"{one.spent.mails / one.spent.seconds:.0f}", f"{one.spent.cpu_each:.2f}", "", "", "")
        for one in alone
    ]
    head = ("", "mails/s", "CPU ms/mail", "of Dovecot, ms", "largest process, MB", "all together, MB")
    return table(head, [*whole, *stages])


def _right(runs: Sequence[Run]) -> list[str]:
    rows = [(one.name, str(one.marks), f"{one.marks.answered_right} of {one.marks.answers}") for one in runs]
    return table(("", "in the right case", "answered where it must be"), rows)


def _where(work: Run, script: Run) -> list[str]:
    """What of the machine the daemon takes: the busiest of these bounds it."""
    usage, mails = work.usage, work.mails
    parsers = [
        (f"parser process {n}", used) for n, used in enumerate((one for one in usage.children if one > 0.1), start=1)
    ]
    parts = [
        ("writer and other threads: journal, decide, store", usage.threads),
        ("event loop: fetch, mark, log", usage.loop),
        *parsers,
    ]
    rows = [(name, f"{1000 * used / mails:.2f}", f"{100 * used / work.seconds:.0f} %") for name, used in parts]
    waits = ", ".join(f"{name} {seconds:.1f}" for name, seconds in work.stages.items() if seconds)
    return [
        "Where the daemon's time goes:",
        "",
        *table(("", "CPU ms/mail", "of one core"), rows),
        "",
        f"Seconds within each stage, waiting for the one before it included (they overlap), of {work.seconds:.1f} "
        f"in all: {waits}. The simple script took {script.seconds:.1f}.",
        "",
    ]


def _profiles(alone: Sequence[Alone]) -> list[str]:
    lines: list[str] = []
    for one in (one for one in alone if one.profile):
        shares = ", ".join(f"{share.part} {share.share:.0f} %" for share in one.profile)
        lines += [f"Profile of {one.name}, by where the CPU itself was: {shares}.", ""]
    return lines[:-1]

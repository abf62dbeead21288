"""What one PostgreSQL takes: of writers that are ours, and of what they say, said again by clients that cost little."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.pg_runs import RECORDINGS, Measured, Place, record, replayed, written
from bench.pg_watch import Seen
from bench.table import conditions, table
from mailcase.store.store import Store
from tests.servers.postgres import OwnPostgres

SAYS: Final = "what one PostgreSQL takes, of our writers and of what they say, said again"
MAILS: Final = 1000  # of one writer; of a recording half of it
_WRITERS: Final = (1, 2, 3, 4, 6)
_CLIENTS: Final = (1, 2, 4, 8, RECORDINGS)
_SETTINGS: Final = ("max_connections=100", "shared_buffers=2GB", "max_wal_size=8GB")
#: What sessions are seen at, in the order of the columns; the rest is told by name.
_AT: Final = {
    "it works": ("nothing",),
    "WAL": ("IO WAL", "IO Wal", "LWLock WAL", "LWLock Wal"),
    "rows' locks": ("Lock ",),
    "other locks": ("LWLock B", "LWLock L", "LWLock P", "LWLock X", "LWLock S", "LWLock M"),
    "the client": ("the client", "Client"),
}


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    with OwnPostgres(_SETTINGS) as own, tempfile.TemporaryDirectory(prefix="mc-bench-") as name:
        place = Place(own.server, own.url.rpartition("/")[2], Path(name))
        Store.upgrade(own.url, place.folder)
        ours = [written(place, count, mails) for count in _WRITERS]
        kinds, state = record(place, max(mails // 2, 100))
        again = [replayed(place, count, state) for count in _CLIENTS]
    return _report(mails, ours, again, kinds)


def _report(mails: int, ours: Sequence[Measured], again: Sequence[Measured], kinds: Counter[str]) -> list[str]:
    each = {name: kinds[name] / kinds["mails"] for name in ("B", "Q", "turns")}
    what = (
        f"one PostgreSQL 127.0.0.1 with fsync, {', '.join(_SETTINGS)}; {mails:,} mails a writer, each with a "
        "mailbox and a group of its own; mails read beforehand"
    )
    best = max(again, key=lambda one: one.rate)
    bare = best.mails / best.seen.together()
    return [
        conditions(what),
        "",
        "Writers of ours (Python): journal, settle, mark in batches, claim and finish each acknowledgement:",
        "",
        *_table("writers", ours),
        "",
        f"What {RECORDINGS} such writers said, octet by octet ({each['B']:.1f} statements with parameters and "
        f"{each['Q']:.1f} commands a mail, in {each['turns']:.1f} round trips), said again with the ids that the "
        "server gives now; what is stored afterwards was compared with what the writers stored:",
        "",
        *_table("clients", again),
        "",
        f"One core that is PostgreSQL's alone does {bare:.0f} mails/s by that ({1000 / bare:.2f} ms each). What "
        f"sessions waited for besides: {_others(again[-1].seen)} ({again[-1].clients} clients).",
    ]


def _table(name: str, rows: Sequence[Measured]) -> list[str]:
    head: tuple[str, ...] = (
        name,
        "mails/s",
        "PostgreSQL, CPU ms/mail",
        "of it sessions",
        f"{name}, CPU ms/mail",
        "WAL KB/mail",
    )
    head += ("transactions/mail", *(f"at: {one}, %" for one in _AT))
    return table(head, map(_row, rows))


def _row(one: Measured) -> tuple[object, ...]:
    seen = one.seen
    return (
        one.clients,
        f"{one.rate:.0f}",
        f"{1000 * seen.together() / one.mails:.2f}",
        f"{1000 * seen.cpu['sessions'] / one.mails:.2f}",
        f"{1000 * one.cpu / one.mails:.2f}",
        f"{seen.wal / one.mails / 1000:.1f}",
        f"{seen.transactions / one.mails:.2f}",
        *(f"{seen.share(words):.0f}" for words in _AT.values()),
    )


def _others(seen: Seen) -> str:
    named = tuple(word for words in _AT.values() for word in words)
    other = Counter({what: times for what, times in seen.waits.items() if not what.startswith(named)})
    return (
        ", ".join(f"{what} {100 * times / seen.waits.total():.1f} %" for what, times in other.most_common(5))
        or "nothing"
    )

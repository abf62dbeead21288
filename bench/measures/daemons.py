"""Three daemons on one PostgreSQL beside one: twelve mailboxes, the machine's cores shared by all."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import psycopg

from bench.corpus import Truth, corpus
from bench.program import Program
from bench.site import WARMING, Site, site
from bench.table import conditions, table
from bench.tree import Tree
from tests.servers.ports import wait_until
from tests.servers.postgres import OwnPostgres, PostgresServer

SAYS: Final = "three daemons on one PostgreSQL beside one, twelve mailboxes"
MAILS: Final = 3000
_BOXES: Final = 12
_PATIENCE: Final = 1800.0
_BETWEEN: Final = 0.2  # seconds between questions: each is a connection, and must not slow what it watches
_SHARED: Final = 60.0  # seconds until the mailboxes are shared out
_DECIDED: Final = "SELECT count(*) FROM delivery WHERE outcome IS NOT NULL"
_TWICE_DECIDED: Final = """
    SELECT count(*) FROM (SELECT message_pk FROM delivery WHERE outcome IN ('created', 'linked', 'followed', 'reopened')
    GROUP BY message_pk HAVING count(*) > 1) AS doubled"""
_TWO_CASES: Final = """
    SELECT count(*) FROM (SELECT message_pk FROM case_message WHERE how = 'created'
    GROUP BY message_pk HAVING count(*) > 1) AS doubled"""
_SPREAD: Final = "SELECT count(DISTINCT owner) FROM mailbox_health"


@dataclass(frozen=True, slots=True)
class _Result:
    name: str
    rate: float
    cpu_each: float  # ms, of all daemons
    doubled: int


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    with OwnPostgres(("max_connections=100",)) as own:
        results = [_measured(own.server, count, mails) for count in (1, 3)]
    one, three = results
    rows = [(each.name, f"{each.rate:.0f}", f"{each.cpu_each:.2f}", each.doubled) for each in results]
    return [
        conditions(f"{mails:,} mails in {_BOXES} mailboxes, one PostgreSQL with fsync, one parser process a daemon"),
        "",
        *table(("", "mails/s", "CPU ms/mail", "doubled"), rows),
        "",
        f"Three daemons do {three.rate / one.rate:.2f} times what one does: daemons, PostgreSQL and Dovecot share "
        "the cores of one machine.",
    ]


def _measured(server: PostgresServer, count: int, mails: int) -> _Result:
    users = [f"box{n}" for n in range(_BOXES)]
    url = server.database()
    with site(users) as place:
        place.stage(corpus(mails))
        for user in users:
            place.open(user)
        programs = [Program(place, *users, store=url, workers=1) for _ in range(count)]
        programs[0].ended(programs[0].begin("db", "upgrade"))
        with ExitStack() as stack:
            pids = [stack.enter_context(program.daemon()).pid for program in programs]
            _warm(place, url, users, count)
            trees = [stack.enter_context(Tree(pid)) for pid in pids]
            began = time.perf_counter()
            place.share(users, _box)
            _wait(url, mails + WARMING * _BOXES)
            seconds = time.perf_counter() - began
        cpu = sum(tree.usage.cpu for tree in trees)
    name = "one daemon" if count == 1 else f"{count} daemons"
    return _Result(name, mails / seconds, 1000 * cpu / mails, _doubled(url))


def _warm(place: Site, url: str, users: Sequence[str], daemons: int) -> None:
    """Every mailbox is watched, every daemon has its share, every process runs."""
    wait_until(lambda: _ask(url, _SPREAD) >= daemons, _SHARED, "the daemons do not share the mailboxes")
    for user in users:
        place.warm(user)
    _wait(url, WARMING * len(users))


def _box(truth: Truth) -> int:
    """Each thread in one mailbox, so that its mails stay in order; what belongs to none, in turns."""
    wish = truth.wish
    return (wish.index if wish.case is None else wish.case) % _BOXES


def _wait(url: str, mails: int) -> None:
    wait_until(lambda: _ask(url, _DECIDED) >= mails, _PATIENCE, f"fewer than {mails} mails were decided")


def _doubled(url: str) -> int:
    """Mails with two deliveries that both made something of them, and with two cases of their own."""
    return _ask(url, _TWICE_DECIDED) + _ask(url, _TWO_CASES)


def _ask(url: str, question: str) -> int:
    time.sleep(_BETWEEN)
    with psycopg.connect(url.replace("+psycopg", "")) as conn:
        row = conn.execute(question).fetchone()
        return int(row[0]) if row else 0

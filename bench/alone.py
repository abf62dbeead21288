"""The stages alone: what fetching, parsing and committing would reach if nothing else were to be done."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.corpus import corpus
from bench.profile import Share, profiled
from bench.site import PASSWORD, Site
from bench.workshop import Spent, Workshop, letters, workshop
from mailcase.intake.imap.batches import batches, slices
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.parse import read


@dataclass(frozen=True, slots=True)
class Alone:
    """One stage."""

    name: str
    spent: Spent
    profile: tuple[Share, ...] = ()


def stages_alone(site: Site, user: str) -> Iterator[Alone]:
    """Fetch, parse (one process) and commit the corpus of the site, one after the other."""
    site.open(user)
    site.deliver(user)
    yield Alone("fetch alone", asyncio.run(_fetch(site, user)))
    count = len(site.truths)
    found, parse = letters(corpus(count))
    part = found[: max(count // 5, 1)]  # a profiler makes it slow: a fifth shows the shares
    _, shares = profiled(lambda: [read(one.raw) for one in part])
    yield Alone("parse alone, one process", parse, tuple(shares))
    with _empty() as shop:
        commit = shop.commit(found)
    with _empty() as shop:
        _, shares = profiled(lambda: shop.commit(part))
    yield Alone("commit alone", commit, tuple(shares))


@contextmanager
def _empty() -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory(prefix="mc-bench-") as name, workshop(Path(name)) as shop:
        yield shop


async def _fetch(site: Site, user: str) -> Spent:
    """With the product's own client, in its own batches, and nothing is done with the mails."""
    settings = ImapSettings(user, "127.0.0.1", user, PASSWORD, port=site.dovecot.port, security="none")
    session = await ImapSession.open(settings)
    began, used, got = time.perf_counter(), time.process_time(), 0
    await session.select("INBOX", read_only=True)
    for part in slices(await session.search_all()):
        for batch in batches(await session.facts(part), 16_000_000, 200, 50_000_000):
            got += len(await session.bodies(batch.uids))
    spent = Spent(got, time.perf_counter() - began, time.process_time() - used, 0.0)
    await session.logout()
    return spent

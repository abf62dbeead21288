"""A real pipeline over a real store: what its tests have in common."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from mailcase.bench import Bench
from mailcase.clock import utcnow
from mailcase.intake.reader import Reader
from mailcase.message import Delivery, Email
from mailcase.outbox.compose import Composer
from mailcase.pipeline import Pipeline
from mailcase.ports import Arrival, Journalled
from mailcase.shipped import FOLDER
from mailcase.snapshot import Lookup
from mailcase.store.store import Store
from mailcase.template_files import load_templates
from mailcase.writer import Writer
from tests import poison
from tests.builders import make_mailbox, make_policy
from tests.servers import new_store

POLICY = make_policy(make_mailbox(from_name="Help desk"))


class Touchy(Bench):
    """A bench that raises at one mail."""

    def look(self, email: Email, delivery: Delivery) -> Lookup:
        if "touchy" in email.subject:
            raise RuntimeError("a rule has a fault")
        return super().look(email, delivery)


@pytest.fixture
async def pipeline(tmp_path: Path) -> AsyncIterator[Pipeline]:
    new_store.place(tmp_path)
    store = Store.open(new_store.URL, tmp_path)
    writer = Writer()
    reader = Reader(workers=2, timeout=2.0, task=poison.read_all)
    bench = Touchy(POLICY, Composer(POLICY, load_templates(FOLDER / "templates")))
    made = Pipeline(store, writer, reader, judge=lambda: bench, now=utcnow)
    yield made
    await made.close()
    await reader.close()
    writer.close()
    store.close()


def journal(pipeline: Pipeline, raws: Sequence[bytes]) -> list[Journalled]:
    rows = [
        Arrival("support", "imap:host:user", "INBOX", f"1:{uid}", 1, uid, utcnow(), raw)
        for uid, raw in enumerate(raws, 1)
    ]
    return pipeline.store.journal(rows, None)

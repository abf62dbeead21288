"""A store with the real core: mails as bytes are read, journalled and settled in this process, at any moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.intake.parse import read
from mailcase.outbox.compose import Composer
from mailcase.policy import Policy
from mailcase.ports import Reading, Settled
from mailcase.shipped import FOLDER
from mailcase.store.store import Store
from mailcase.template_files import load_templates
from tests.contract.store_kit import NOW, STATUSES, arrival


@dataclass
class Office:
    """What came of each mail, and what the store tells of it."""

    store: Store
    policy: Policy
    uid: int = 0
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.bench = Bench(self.policy, Composer(self.policy, load_templates(FOLDER / "templates")))

    def receive_all(self, raws: Iterable[bytes], *, now: datetime = NOW, **over: Any) -> list[Settled]:
        """Journal and settle as one batch; `over` is of the arrivals."""
        arrivals = []
        for raw in raws:
            self.uid += 1
            arrivals.append(arrival(f"1:{self.uid}", raw, **{"received_at": now, **over}))
        rows = self.store.journal(arrivals, None)
        readings = [Reading(row.delivery, read(one.raw)) for row, one in zip(rows, arrivals, strict=True)]
        return self.store.settle(readings, self.bench, now)

    def receive(self, raw: bytes, **over: Any) -> Settled:
        """One mail."""
        (settled,) = self.receive_all([raw], **over)
        return settled

    def case(self, number: str) -> dict[str, Any]:
        """As `case show` tells it."""
        return self.store.case_show(number, STATUSES)

    def rows(self, table: sa.Table) -> list[Any]:
        """Every row of a table, oldest first."""
        with self.store._engines.read() as conn:
            return list(conn.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings())

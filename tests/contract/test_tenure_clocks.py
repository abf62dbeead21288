"""Hosts whose clocks differ share a store: its time counts for all of them, and so do the limits (F28, K9)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailcase import tenure as keeper
from mailcase.clock import Clock
from mailcase.log import Event
from mailcase.ports import SendCounts
from mailcase.tenure import Tenure
from tests.contract.tenure_kit import LEASE, SOON, Daemon, daemons

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)
OFF = {"one": -HOUR, "two": timedelta(days=365), "three": timedelta(seconds=30)}


@dataclass
class Host:
    """A daemon on a host whose clock is off."""

    daemon: Daemon
    clock: Clock

    def claims(self, row: int) -> bool:
        return self.daemon.store.claim(row, self.daemon.name, self.clock.now())

    def counts(self, after: timedelta) -> SendCounts:
        return self.daemon.store.counts(self.clock.now() + after, HOUR.total_seconds(), HOUR.total_seconds())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Event, dict[str, object]]]:
    """What the keepers tell the log."""
    found: list[tuple[Event, dict[str, object]]] = []
    monkeypatch.setattr("mailcase.store.tenure._PROMPT_S", SOON)  # who stands still for a moment is told the time too
    monkeypatch.setattr(keeper, "emit", lambda event, **fields: found.append((event, fields)))
    return found


@asynccontextmanager
async def _on_a_host(daemon: Daemon) -> AsyncIterator[Host]:
    off = OFF[daemon.name]
    clock = Clock(lambda: datetime.now(UTC) + off)
    daemon.store.tenure_leave()
    place = Tenure(daemon.store, daemon.name, lambda: daemon.wants, LEASE, clock.now, clock)
    await place.join()
    yield Host(daemon, clock)
    await place.leave()


async def test_a_mail_that_leaves_counts_for_all_whatever_the_time_is_where_it_left(
    shared_url: str, tmp_path: Path, told: list[tuple[Event, dict[str, object]]]
) -> None:
    with daemons(shared_url, tmp_path, OFF) as (one, two, three):
        one.take("support")
        rows = [one.queued(f"1:{number}") for number in range(3)]
        async with _on_a_host(one) as behind, _on_a_host(two) as ahead, _on_a_host(three) as right:
            hosts = (behind, ahead, right)
            assert [host.claims(row) for host, row in zip(hosts, rows, strict=True)] == [True] * 3
            for after, total in ((timedelta(0), 3), (HOUR - timedelta(minutes=1), 3), (2 * HOUR, 0)):
                assert [host.counts(after).total for host in hosts] == [total] * 3
                assert [sum(host.counts(after).per_domain.values()) for host in hosts] == [total] * 3
    differs = [fields["seconds"] for event, fields in told if event is Event.CLOCK_DIFFERS]
    assert len(differs) == 2, "half a minute is nothing to tell of"
    assert [round(int(str(ahead)), -2) for ahead in differs] == [-3600, 31536000]

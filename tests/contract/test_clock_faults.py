"""Clocks that jump back a day, forward ten years and back again, and summer time (F28, R8)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase.outbox.breaker import Breaker
from mailcase.outbox.drain import Drain
from mailcase.outbox.settings import SmtpSettings
from mailcase.policy import Limit
from mailcase.ports import SendCounts
from mailcase.store.store import Store
from tests.contract.post import Post, letter, policy
from tests.servers.smtp import SmtpSink

NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # in Berlin the hour from two to three begins, and comes twice
MOST = 5
JUMPS = {
    "no jump": timedelta(0),
    "a day back": timedelta(days=-1),
    "home again": timedelta(minutes=20),
    "summer time ends": timedelta(minutes=50),
    "ten years forward": timedelta(days=3652),
    "ten years back": timedelta(minutes=90),
}


@dataclass
class Clocked:
    """A store and its drain by the test's clock."""

    store: Store
    sink: SmtpSink
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        rules = policy()
        limits = replace(rules.acknowledge, per_domain=Limit(MOST, timedelta(hours=1)))
        self.post = Post(self.store, replace(rules, acknowledge=limits), NOW)

    async def send(self) -> int:
        """What is due leaves; how many did."""
        before = len(self.sink.mails)
        await Drain(
            self.store,
            _call,
            smtp=lambda: {"support": SmtpSettings("127.0.0.1", self.sink.port, "none", timeout=5.0)},
            policy=lambda: self.post.rules,
            now=lambda: self.post.at,
            report=lambda *_: None,
            owner="me",
        ).once()
        return len(self.sink.mails) - before


async def _call(work: Any, *args: Any) -> Any:
    return work(*args)


@pytest.fixture
def clocked(tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Clocked]:
    store = Store.open("sqlite:///mailcase.db", tmp_path)
    yield Clocked(store, smtp_sink)
    store.close()


async def test_however_the_clock_jumps_nothing_is_doubled_and_no_limit_is_passed(clocked: Clocked) -> None:
    left: dict[str, int] = {}
    for number, (jump, by) in enumerate(JUMPS.items()):
        clocked.post.at = NOW + by
        for again in range(MOST + 3):
            settled = clocked.post.write(f"{number}-{again}", sender=f"c{number}-{again}@visitor.example")
            assert (settled.outcome, settled.case) == ("created", f"SR-{number * (MOST + 3) + again + 1}")
        left[jump] = sum([await clocked.send() for _ in range(3)])
    # Mail of a future that never came still counts: rather too few answers than too many.
    assert left == dict.fromkeys(JUMPS, 0) | {"no jump": MOST, "ten years forward": MOST}
    assert max(Counter(clocked.sink.to).values()) == 1
    known = letter("0-0", sender="c0-0@visitor.example", date=NOW)
    assert clocked.post.deliver(known).outcome == "duplicate"
    states = Counter(one["state"] for one in clocked.store.outbox_list())
    assert states["sent"] == len(clocked.sink.mails)
    assert not states["sending"]


async def test_a_breaker_that_was_released_in_a_future_that_never_came_opens_all_the_same() -> None:
    rules = policy().acknowledge
    flood = SendCounts(total=0, per_domain={}, last_hour=10**6)
    released = Breaker(released_at=NOW + timedelta(days=3652))
    assert released.next(flood, 0, rules, NOW, flag=False).is_open


async def test_a_breaker_that_was_above_in_a_future_that_never_came_closes_after_its_hour() -> None:
    rules = policy().acknowledge
    calm = SendCounts(total=0, per_domain={}, last_hour=0)
    breaker = Breaker(NOW, rules.total.count, NOW + timedelta(days=3652))
    breaker = breaker.next(calm, 0, rules, NOW, flag=True)
    assert breaker.is_open
    assert not breaker.next(calm, 0, rules, NOW + timedelta(hours=1), flag=True).is_open

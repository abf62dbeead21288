"""Several daemons send from one outbox: a mailbox's mail leaves by one, a lost claim sends nothing."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from mailcase.outbox.drain import Drain, handing
from mailcase.outbox.drain.lane import ENOUGH
from mailcase.ports import OutboxMail
from mailcase.sharing import EVERYTHING, Portion
from tests.servers.memory_outbox import MemoryOutbox
from tests.servers.outbox_desk import Desk, settings
from tests.servers.ports import until
from tests.servers.smtp import SmtpSink

BOXES = ("support", "sales")


class Watched(MemoryOutbox):
    """Remembers what was shown of which portion."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[Portion, set[int]] = {}

    def due(self, now: datetime, limit: int, of: Portion = EVERYTHING) -> list[OutboxMail]:
        found = super().due(now, limit, of)
        self.shown.setdefault(of, set()).update(one.id for one in found)
        return found


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk(dict.fromkeys(BOXES, settings(smtp_sink, pool=1)))


async def test_no_row_is_looked_at_by_two_and_one_sends_what_is_nobodys(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.outbox = watched = Watched()
    for at, box in enumerate((*BOXES * 5, "renamed since")):
        desk.add(f"c{at}@visitor.example", mailbox=box)
    plain, senior = Portion(frozenset({"sales"})), Portion(frozenset({"sales"}), but=True)
    await asyncio.gather(*(desk.drain(str(one), lambda of=one: of).once() for one in (plain, senior)))  # type: ignore[misc]  # mypy infers no lambda with a default
    assert watched.shown == {plain: {2, 4, 6, 8, 10}, senior: {1, 3, 5, 7, 9, 11}}
    assert desk.outbox.states() == ["sent"] * 11
    assert sorted(smtp_sink.to) == sorted(f"c{at}@visitor.example" for at in range(11))


async def test_what_a_dead_daemon_left_is_sent_by_the_one_that_takes_its_mailbox(desk: Desk) -> None:
    mine: set[str] = {"sales"}
    drain, stop = desk.drain("taker", lambda: Portion(frozenset(mine))), asyncio.Event()
    row = desk.add("c@visitor.example")
    running = asyncio.create_task(drain.run(stop))
    await drain.settle_orphans()
    assert row.state == "pending"
    mine.add("support")
    drain.wake()
    await until(lambda: row.state == "sent")
    stop.set()
    await running


async def test_what_waits_in_a_lane_is_left_to_the_mailboxs_new_daemon(desk: Desk, smtp_sink: SmtpSink) -> None:
    mine = set(BOXES)
    first, second = desk.add("slow@visitor.example"), desk.add("c@visitor.example")
    sending = asyncio.create_task(desk.drain("old", lambda: Portion(frozenset(mine))).once())
    await until(smtp_sink.waiting.is_set)
    mine.clear()
    smtp_sink.go_on.set()
    await sending
    assert (first.state, second.state, second.owner) == ("sent", "pending", "")


class Frozen(MemoryOutbox):
    """After the first claim the daemon stands still for so long that another one settles its row."""

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        claimed = super().claim(row, owner, now)
        if row == 1:
            self.settle_orphans("another", now)
        return claimed


def of(desk: Desk) -> Drain:
    """It takes every moment for a long pause."""
    desk.lease = timedelta(0)
    return desk.drain()


async def test_a_row_that_another_settled_meanwhile_does_not_leave(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.outbox = Frozen()
    desk.add("once@visitor.example")
    desk.add("next@visitor.example")
    await of(desk).once()
    assert desk.outbox.states() == ["uncertain", "sent"]
    assert smtp_sink.to == ["next@visitor.example"]
    assert desk.words() == ["fenced", "sent"]


async def test_a_slow_daemon_whose_claim_stands_sends(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.add("c@visitor.example")
    await of(desk).once()
    assert (desk.outbox.states(), smtp_sink.to) == (["sent"], ["c@visitor.example"])


@dataclass
class Slowly(MemoryOutbox):
    """Between a claim and the mail time passes, or the daemon loses its place."""

    desk: Desk
    takes: float
    loses: bool
    time: float = 0.0  # since boot
    looks: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def claim(self, row: int, owner: str, now: datetime) -> bool:
        self.time, self.desk.place = self.takes, int(self.loses)
        return super().claim(row, owner, now)

    def is_claimed(self, row: int, owner: str) -> bool:
        self.looks += 1
        return super().is_claimed(row, owner)


@pytest.mark.parametrize(
    ("takes", "loses", "looks"), [(9.9, False, 0), (10.0, False, 1), (0.0, True, 1), (3600.0, True, 1)]
)
async def test_a_claim_is_looked_at_again_after_half_a_lease_and_after_a_lost_tenure(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, takes: float, loses: bool, looks: int
) -> None:
    desk.outbox = slowly = Slowly(desk, takes, loses)
    monkeypatch.setattr(handing, "since_boot", lambda: slowly.time)
    desk.add("c@visitor.example")
    await desk.drain().once()
    assert (slowly.looks, slowly.states(), len(smtp_sink.mails)) == (looks, ["sent"], 1)


async def test_a_dialogue_that_hangs_holds_up_no_other_mail_where_the_pool_has_room(
    desk: Desk, smtp_sink: SmtpSink
) -> None:
    desk.smtp["support"] = settings(smtp_sink, pool=2)
    drain, stop = desk.drain(), asyncio.Event()
    desk.add("slow@visitor.example")
    running = asyncio.create_task(drain.run(stop))
    await until(smtp_sink.waiting.is_set)
    other = desk.add("c@visitor.example")
    drain.wake()
    await until(lambda: other.state == "sent")
    smtp_sink.go_on.set()
    stop.set()
    await running


async def test_a_lane_whose_settings_changed_keeps_what_it_has_begun_and_nothing_else(
    desk: Desk, smtp_sink: SmtpSink
) -> None:
    drain, stop = desk.drain(), asyncio.Event()
    first = desk.add("slow@visitor.example")
    running = asyncio.create_task(drain.run(stop))
    await until(smtp_sink.waiting.is_set)
    desk.smtp["support"] = settings(smtp_sink, pool=2)
    second = desk.add("c@visitor.example")
    drain.wake()
    await until(lambda: second.state == "sent")
    assert drain._taken().keys() == {first.mail.id}
    smtp_sink.go_on.set()
    await until(lambda: first.state == "sent")
    stop.set()
    await running
    assert sorted(smtp_sink.to) == ["c@visitor.example", "slow@visitor.example"]


async def test_what_is_read_and_held_does_not_grow_with_what_waits(desk: Desk, smtp_sink: SmtpSink) -> None:
    drain, stop = desk.drain(), asyncio.Event()
    desk.add("slow@visitor.example")
    many = [desk.add(f"c{number}@visitor.example", automatic=False) for number in range(400)]  # not limited
    other = desk.add("d@visitor.example", mailbox="sales")
    running = asyncio.create_task(drain.run(stop))
    await until(lambda: other.state == "sent")
    assert len(drain._taken()) < ENOUGH + 101
    smtp_sink.go_on.set()
    await until(lambda: all(row.state == "sent" for row in many))
    stop.set()
    await running

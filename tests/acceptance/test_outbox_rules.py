"""The drain's limits, its breaker and SMTPUTF8 against a real SMTP server (K9, S4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest

from mailcase.log import Event
from mailcase.outbox.drain import Drain
from mailcase.outbox.settings import SmtpSettings
from mailcase.policy import Limit
from tests.builders import NOW, make_acknowledge, make_mailbox, make_policy
from tests.servers.memory_outbox import Row
from tests.servers.outbox_desk import Desk, settings
from tests.servers.ports import free_port, until
from tests.servers.smtp import SmtpSink


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


async def test_smtputf8_is_used_where_it_is_offered(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("jürgen@bücher.example")
    await desk.once()
    assert (row.state, smtp_sink.to) == ("sent", ["jürgen@xn--bcher-kva.example"])


async def test_without_smtputf8_an_address_that_needs_it_fails() -> None:
    with SmtpSink(utf8=False) as sink:
        desk = Desk({"support": settings(sink)})
        row, plain = desk.add("jürgen@visitor.example"), desk.add("erin@bücher.example")
        await desk.once()
        assert (row.state, row.reason, plain.state) == ("failed", "unsendable", "sent")
        assert sink.to == ["erin@xn--bcher-kva.example"]


async def test_over_a_limit_mail_is_held_and_then_goes_or_expires(desk: Desk, smtp_sink: SmtpSink) -> None:
    hour = timedelta(hours=1)
    desk.policy = make_policy(acknowledge=make_acknowledge(total=Limit(3, hour), per_domain=Limit(2, hour)))
    desk.outbox.busiest = 1000
    for number in range(20):
        desk.add(f"customer{number}@visitor.example")
    await desk.once()
    assert (len(smtp_sink.mails), desk.outbox.rows[3].reason) == (2, "per_domain")
    for _ in range(60):
        await desk.once(minutes=5)
    states = desk.outbox.states()
    assert states == ["sent"] * 10 + ["expired"] * 10


async def test_the_breaker_holds_until_it_is_released(desk: Desk, smtp_sink: SmtpSink) -> None:
    desk.policy = make_policy(acknowledge=make_acknowledge(total=Limit(5, timedelta(hours=1))))
    for number in range(6):
        desk.add(f"customer{number}@visitor.example")
    await desk.once()
    assert smtp_sink.mails == []
    assert desk.words()[0] == "breaker_opened"
    assert desk.outbox.rows[1].reason == "breaker"
    desk.outbox.set_flag("breaker", None)
    await desk.once(minutes=5)
    assert len(smtp_sink.mails) == 5
    assert desk.words().count("breaker_opened") == 1


@pytest.mark.parametrize("at_once", [95, 800])
async def test_the_breaker_opens_though_all_was_counted_a_moment_ago(
    desk: Desk, smtp_sink: SmtpSink, at_once: int
) -> None:
    """Many enough that a count holds for seconds: what the next look finds counts, and what it leaves for later."""
    desk.policy = make_policy(acknowledge=make_acknowledge(total=Limit(1000, timedelta(hours=1))))
    for number in range(1000 - at_once):
        row = desk.add(f"earlier{number}@visitor.example", created_at=desk.now - timedelta(hours=0.9))
        row.state, row.claimed_at = "sent", desk.now - timedelta(hours=2)
    drain = desk.drain()
    await drain.once()
    desk.add("counted@visitor.example")
    await drain.once()
    desk.now += timedelta(seconds=1)
    for number in range(at_once):
        desk.add(f"burst{number}@visitor.example", created_at=desk.now)
    await drain.once()
    assert (smtp_sink.to, desk.words().count("breaker_opened")) == (["counted@visitor.example"], 1)


async def test_rows_held_in_one_look_are_one_commit_and_one_line(desk: Desk) -> None:
    desk.outbox.set_flag("breaker", "open")
    for number in range(60):
        desk.add(f"customer{number}@visitor.example", mailbox=("support", "sales")[number % 2])
    desk.add("late@visitor.example", expires_at=desk.now + timedelta(minutes=2))
    await desk.once()
    assert sorted(len(rows) for rows in desk.outbox.holds) == [1, 60]
    told = {"reason": "breaker", "mails": 61, "mailboxes": ["sales", "support"]}
    assert [fields for event, fields in desk.events if event is Event.SEND_HELD] == [told]
    assert {row.reason for row in desk.outbox.rows.values()} == {"breaker"}
    assert desk.outbox.rows[61].next_attempt_at == desk.now + timedelta(minutes=2)


@asynccontextmanager
async def at_rest(desk: Desk) -> AsyncIterator[Drain]:
    """The desk's drain at work, after the relay of `support` turned out to be down."""
    first = desk.add("first@visitor.example")
    drain, stop = desk.drain(), asyncio.Event()
    task = asyncio.create_task(drain.run(stop))
    await until(lambda: first.reason == "smtp_lost")
    yield drain
    stop.set()
    await task


def nowhere() -> SmtpSettings:
    """A relay that is not there."""
    return SmtpSettings(host="127.0.0.1", port=free_port(), security="none")


async def test_rows_without_smtp_and_rows_of_a_relay_at_rest_are_held_together() -> None:
    desk = Desk({"support": nowhere()}, policy=make_policy(make_mailbox(), make_mailbox(name="sales")))
    async with at_rest(desk) as drain:
        for number in range(20):
            desk.add(f"customer{number}@visitor.example", mailbox=("support", "sales")[number % 2])
        drain.wake()
        await until(lambda: all(row.reason for row in desk.outbox.rows.values()))
    assert [len(rows) for rows in desk.outbox.holds] == [10, 10]
    assert {row.reason for row in desk.outbox.rows.values()} == {"smtp_lost", "no_smtp"}


@pytest.fixture
def once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at once a second is looked at when the test has ended."""
    monkeypatch.setattr("mailcase.outbox.drain.drain._FULL_REST", 3600.0)


@pytest.mark.usefixtures("once_an_hour")
async def test_a_burst_behind_a_relay_that_is_down_is_not_looked_at_mail_by_mail() -> None:
    desk = Desk({"support": nowhere()})
    async with at_rest(desk) as drain:
        for number in range(20):
            desk.add(f"customer{number}@visitor.example")
            drain.wake()
            for _ in range(50):  # turns of the loop, more than a look takes
                await asyncio.sleep(0)
    assert len(desk.outbox.holds) <= 1


@pytest.mark.usefixtures("once_an_hour")
async def test_nobodys_mail_waits_for_the_relay_of_another(smtp_sink: SmtpSink) -> None:
    boxes = make_policy(make_mailbox(), make_mailbox(name="sales"))
    desk = Desk({"support": nowhere(), "sales": settings(smtp_sink)}, policy=boxes)
    async with at_rest(desk) as drain:
        for number in range(3):
            held = desk.add(f"held{number}@visitor.example")
            drain.wake()
            await until(partial(_is, held, "pending", "smtp_lost"))
            mine = desk.add(f"erin{number}@visitor.example", mailbox="sales")
            drain.wake()
            await until(partial(_is, mine, "sent", ""))


def _is(row: Row, state: str, reason: str) -> bool:
    return (row.state, row.reason) == (state, reason)


async def test_the_busiest_hour_is_asked_once_an_hour(desk: Desk) -> None:
    drain = desk.drain()
    for minutes, asked in ((0, 1), (20, 1), (70, 2)):
        desk.now = NOW + timedelta(minutes=minutes)
        desk.add("customer@visitor.example")
        await drain.once()
        assert desk.outbox.weeks_read == asked


async def test_what_a_renamed_mailbox_owed_leaves_by_the_one_that_has_its_address(smtp_sink: SmtpSink) -> None:
    desk = Desk({"helpdesk": settings(smtp_sink)}, policy=make_policy(make_mailbox(name="helpdesk")))
    mine = desk.add("erin@visitor.example", from_address=make_mailbox().address)
    other = desk.add("kim@visitor.example", from_address="gone@helpdesk.example")
    await desk.once()
    assert (mine.state, other.state, other.reason) == ("sent", "pending", "no_smtp")

"""Raw mail goes when its cases were closed long enough ago, and nothing else does (B2, `[retention] raw`)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.cases.statuses import StatusTable
from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.log import Event
from mailcase.ports import Arrival, Journalled, Reading
from mailcase.retention import EVERY, FASTEST, Retention, believed, keep_for
from mailcase.store import purge
from mailcase.store import tables as t
from mailcase.store.store import Store
from mailcase.writer import Writer
from tests.contract.store_kit import Desk, arrival, mail

FINAL = StatusTable().final_names
KEEP = timedelta(days=365)


def receive(desk: Desk, name: str, *answers: str, **over: Any) -> Journalled:
    """A mail with bytes of its own, decided."""
    desk.uid += 1
    (row,) = desk.store.journal([arrival(f"1:{desk.uid}", name.encode())], None)
    email = mail(name, *answers, sha256=row.sha256, **over)
    desk.store.settle([Reading(row.delivery, email)], desk.clerk, utcnow())
    return row


def age(store: Store, days: float) -> None:
    """Let everything that is there be older."""
    back = timedelta(days=days)
    with store._engines.write() as conn:
        for table, column in ((t.delivery, "journalled_at"), (t.case, "updated_at")):
            (key,) = table.primary_key.columns
            for row in conn.execute(sa.select(key, table.c[column])).all():
                conn.execute(sa.update(table).where(key == row[0]).values({column: row[1] - back}))


def close(store: Store, number: str, status: str = "Closed") -> None:
    store.set_case(number, utcnow(), "agent", status=status)


async def purged(store: Store, keep: timedelta | None = KEEP) -> list[str]:
    """One round of the real timer; the names of the mails that lost their bytes."""
    writer = Writer()
    await Retention(store, writer, lambda: keep, lambda: FINAL, utcnow).once()
    writer.close()
    with store._engines.read() as conn:
        gone = set(conn.execute(sa.select(t.raw.c.sha256).where(t.raw.c.purged_at.is_not(None))).scalars())
        left = conn.execute(sa.select(t.raw.c.sha256).where(t.raw.c.content.is_not(None))).scalars()
        assert not gone & set(left)
    names = ("a", "b", "c", "junk", "waits", "shunted", "again")
    return [name for name in names if sha256(name.encode()).hexdigest() in gone]


async def test_a_year_after_its_case_was_closed_and_not_before(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        receive(desk, name)
    close(desk.store, "SR-1")
    close(desk.store, "SR-3", "Canceled")
    age(desk.store, 364)
    assert await purged(desk.store) == []
    age(desk.store, 2)
    assert await purged(desk.store, None) == []
    assert await purged(desk.store) == ["a", "c"]
    assert desk.store.raw(sha256(b"b").hexdigest()) == b"b"


async def test_every_case_that_a_mail_stands_in_must_be_closed(desk: Desk) -> None:
    receive(desk, "a")
    second = receive(desk, "b", "a")
    age(desk.store, 400)
    close(desk.store, "SR-1")
    assert await purged(desk.store) == []  # closed today
    receive(desk, "c")
    age(desk.store, 400)
    with desk.store._engines.write() as conn:  # the mail also stands in the case of c, which is open
        pk = sa.select(t.delivery.c.message_pk).where(t.delivery.c.id == second.delivery.id).scalar_subquery()
        also = {"case_id": 2, "message_pk": pk, "how": "shown", "linked_by": "", "verified": True, "at": utcnow()}
        conn.execute(sa.insert(t.case_message).values(also))
    assert await purged(desk.store) == ["a"]


async def test_mail_without_a_case_goes_by_its_own_date(desk: Desk) -> None:
    receive(desk, "junk", subject="not for us")
    receive(desk, "a")
    receive(desk, "again", identity="id-a")
    age(desk.store, 366)
    assert await purged(desk.store) == ["junk"]


async def test_what_is_undecided_or_in_quarantine_stays(desk: Desk) -> None:
    desk.store.journal([arrival("2:1", b"waits")], None)
    (row,) = desk.store.journal([arrival("2:2", b"shunted")], None)
    desk.store.quarantine(row.delivery.id, "cannot be read", utcnow())
    age(desk.store, 4000)
    assert await purged(desk.store) == []


async def test_ids_texts_and_outcomes_stay_and_the_mail_is_still_known(desk: Desk) -> None:
    first = receive(desk, "a", subject="Printer", text="It jams")
    close(desk.store, "SR-1")
    age(desk.store, 366)
    assert await purged(desk.store) == ["a"]
    shown = desk.store.message_show(first.delivery.id)
    assert (shown["text"], shown["outcome"], shown["case"]) == ("It jams", "created", "SR-1")
    with pytest.raises(Permanent, match="was removed on"):
        desk.store.raw(first.sha256)
    again = receive(desk, "a")
    assert desk.store.message_show(again.delivery.id)["outcome"] == "duplicate"
    assert desk.store.raw(again.sha256) == b"a"  # it came today
    age(desk.store, 366)
    assert await purged(desk.store) == ["a"]


def test_a_mail_that_comes_again_between_look_and_removal_keeps_its_bytes(desk: Desk) -> None:
    receive(desk, "a")
    close(desk.store, "SR-1")
    age(desk.store, 366)
    before = utcnow() - KEEP
    found = desk.store.expired_raw(before, FINAL, 0)
    assert len(found.hashes) == 1
    desk.store.journal([arrival("9:9", b"a")], None)
    assert desk.store.purge_raw(found.hashes, before, FINAL, utcnow()) == 0
    assert desk.store.raw(found.hashes[0]) == b"a"


@pytest.mark.parametrize("url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_no_slice_makes_postgresql_read_every_case(store: Store) -> None:
    asked = sa.select(t.delivery.c.raw_sha256).where(*purge._free(purge.Rule(utcnow(), FINAL)))
    with store._engines.read() as conn:
        text = str(asked.compile(conn, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(conn.exec_driver_sql(f"EXPLAIN {text}").scalars())
    assert "Anti Join" in plan
    assert "SubPlan" not in plan


def test_the_journal_is_walked_in_slices(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "SLICE", 2)
    mails: list[Arrival] = [arrival(f"5:{uid}") for uid in range(5)]
    ids = [one.delivery.id for one in desk.store.journal(mails, None)]
    steps: list[int | None] = [0]
    while (last := steps[-1]) is not None:
        steps.append(desk.store.expired_raw(utcnow(), FINAL, last).last)
    assert steps == [0, ids[1], ids[3], ids[4], None]


async def test_the_timer_goes_round_until_it_is_stopped(desk: Desk) -> None:
    stop = asyncio.Event()
    asked: list[datetime] = []

    def now() -> datetime:
        asked.append(utcnow())
        stop.set()
        return asked[-1]

    writer = Writer()
    await Retention(desk.store, writer, lambda: KEEP, lambda: FINAL, now).run(stop)
    writer.close()
    assert len(asked) == 1


async def test_a_clock_ten_years_ahead_costs_no_mail_that_some_days_would_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    monkeypatch.setattr("mailcase.retention.emit", lambda event, **_: told.append(event))
    receive(desk, "a")
    close(desk.store, "SR-1")
    clock = [utcnow()]
    writer = Writer()
    for _ in range(2):  # and after a restart
        retention = Retention(desk.store, writer, lambda: timedelta(days=5), lambda: FINAL, lambda: clock[0])
        assert await retention.once() == 0
        clock[0] += timedelta(days=3652)
        assert [await retention.once() for _ in range(3)] == [0, 0, 0]
        assert Event.CLOCK_AHEAD in told
        told.clear()
        clock[0] -= timedelta(days=3652)
        assert await retention.once() == 0
    for _ in range(7):  # a clock that was right all the time is followed in the end
        clock[0] += timedelta(days=1)
        await retention.once()
    writer.close()
    with pytest.raises(Permanent, match="was removed on"):
        desk.store.raw(sha256(b"a").hexdigest())


def test_retention_follows_the_clock_back_at_once_and_forward_by_steps() -> None:
    now = utcnow()
    assert believed(now, None, FASTEST) == now
    assert believed(now, now + timedelta(days=9), FASTEST) == now
    assert believed(now, now - timedelta(seconds=EVERY), FASTEST) == now
    assert believed(now, now - timedelta(days=9), FASTEST) == now - timedelta(days=8)


KEPT: list[tuple[str, timedelta | None]] = [
    ("forever", None), ("365d", timedelta(days=365)), ("12h", timedelta(hours=12)),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "kept"), KEPT)
def test_the_setting_is_a_time_or_forever(setting: str, kept: timedelta | None) -> None:
    parse: Callable[[str], timedelta | None] = keep_for
    assert parse(setting) == kept

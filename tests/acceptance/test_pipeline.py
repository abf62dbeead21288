"""The seam on real parts: parser processes, a SQLite file, and a store that is busy for a while (P1, P4, R4)."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailcase.clock import utcnow
from mailcase.errors import Fenced, Unavailable
from mailcase.intake.reader import Waiting
from mailcase.message import Delivery
from mailcase.pipeline import Pipeline, under_way
from mailcase.ports import ROW_HELD, Journalled, Reading, Settled
from mailcase.recovery import MOST_AWAY, SLICE, Recovery
from mailcase.settling import MOST, Batcher
from tests import poison
from tests.contract.store_kit import mail
from tests.servers.letters import letter
from tests.servers.pipes import journal


async def decide(pipeline: Pipeline, raws: Sequence[bytes]) -> list[str]:
    rows = journal(pipeline, raws)
    await pipeline.submit(rows, raws)
    await pipeline.drained()
    return [str(one["outcome"]) for one in pipeline.store.message_list()]


@pytest.mark.parametrize("deadly", [poison.ABORT, poison.HANG], ids=["kills its process", "hangs"])
async def test_a_mail_that_cannot_be_read_is_shunted_and_the_others_are_decided(
    pipeline: Pipeline, deadly: bytes
) -> None:
    raws = [letter(1), deadly + b"\r\n" + letter(2), letter(3)]
    assert await decide(pipeline, raws) == ["created", "quarantined", "created"]
    (waiting,) = pipeline.store.quarantine_list()
    assert pipeline.store.raw(pipeline.store.delivery(waiting["id"]).sha256) == raws[1]


async def test_a_mail_that_a_rule_chokes_on_is_shunted_with_the_error(pipeline: Pipeline) -> None:
    raws = [letter(1), letter(2, subject="touchy"), letter(3)]
    assert await decide(pipeline, raws) == ["created", "quarantined", "created"]
    assert "a rule has a fault" in pipeline.store.quarantine_list()[0]["error"]


async def test_a_store_that_is_locked_is_waited_for(pipeline: Pipeline, tmp_path: Path) -> None:
    rows = journal(pipeline, [letter(1)])
    other = sqlite3.connect(tmp_path / "mailcase.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(pipeline.submit(rows, [letter(1)]))
    await asyncio.wait((task,), timeout=0.1)
    assert pipeline.store.undecided(10)
    other.execute("ROLLBACK")
    other.close()
    await task
    await pipeline.drained()
    assert [one["outcome"] for one in pipeline.store.message_list()] == ["created"]


async def test_what_the_journal_holds_undecided_is_taken_up(pipeline: Pipeline) -> None:
    journal(pipeline, [letter(number) for number in range(3)])
    recovery = Recovery(pipeline)
    assert await recovery.run() == 3
    await pipeline.drained()
    assert await recovery.run() == 0
    assert {one["outcome"] for one in pipeline.store.message_list()} == {"created"}


async def test_raw_bytes_that_are_gone_are_a_case_for_quarantine(pipeline: Pipeline, tmp_path: Path) -> None:
    journal(pipeline, [letter(1)])
    with sqlite3.connect(tmp_path / "mailcase.db") as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute("DELETE FROM raw")
    other.close()
    await Recovery(pipeline).run()
    await pipeline.drained()
    (waiting,) = pipeline.store.quarantine_list()
    assert waiting["error"]


async def test_an_orderly_stop_is_no_crash(pipeline: Pipeline) -> None:
    rows = journal(pipeline, [poison.HANG + b"\r\n" + letter(1), letter(2)])
    for _ in range(5):
        recovery = Recovery(pipeline)
        taking = asyncio.create_task(recovery.run())
        while not pipeline.in_flight and not taking.done():
            await asyncio.wait((taking,), timeout=0.01)
        taking.cancel()
        await pipeline.close()
        await recovery.give_back()
    assert all(pipeline.store.delivery(row.delivery.id).attempts == 0 for row in rows)
    assert not pipeline.store.quarantine_list()


async def test_that_the_store_went_away_is_no_mails_attempt(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = journal(pipeline, [letter(1)])
    recovery = Recovery(pipeline)
    with monkeypatch.context() as away:

        async def submit(*_: object, **__: object) -> list[Settled]:
            raise Unavailable("away")

        for name in ("submit", "submit_first"):
            away.setattr(Pipeline, name, submit)
        for _ in range(5):
            with pytest.raises(Unavailable):
                await recovery.run()
    assert pipeline.store.delivery(row.delivery.id).attempts == 1
    assert await recovery.run() == 1
    await pipeline.drained()
    assert {one["outcome"] for one in pipeline.store.message_list()} == {"created"}


async def test_what_is_taken_up_is_not_at_rest_and_counted_only_while_it_is_ours(pipeline: Pipeline) -> None:
    rows = journal(pipeline, [letter(number) for number in range(SLICE + 2)])
    at_rest: list[bool] = []
    counted = pipeline.store.count_attempt

    def count(ids: Sequence[int], by: int = 1) -> dict[int, int]:
        at_rest.append("support" not in pipeline.mailboxes or not pipeline.in_flight.issuperset(ids))
        return counted(ids, by)

    pipeline.store.count_attempt = count  # type: ignore[assignment]  # only looks on
    assert await Recovery(pipeline, lambda _: not at_rest).run() == SLICE
    await pipeline.drained()
    assert at_rest == [False]
    assert [pipeline.store.delivery(row.delivery.id).attempts for row in rows[SLICE:]] == [0, 0]
    assert not pipeline.mailboxes
    assert not pipeline.in_flight


async def test_mail_that_another_daemon_took_over_gets_its_attempt_back(pipeline: Pipeline) -> None:
    (row,) = journal(pipeline, [letter(1)])

    def fenced(*_: object) -> list[Settled]:
        raise Fenced("another daemon works support now", frozenset({"support"}))

    pipeline.store.settle = fenced  # type: ignore[method-assign,assignment]  # as a store that is shared
    recovery = Recovery(pipeline)
    assert await recovery.run() == 1
    await pipeline.drained()
    await recovery.give_back()
    assert pipeline.store.delivery(row.delivery.id).attempts == 0
    pipeline.store.count_attempt([row.delivery.id], -1)
    assert pipeline.store.delivery(row.delivery.id).attempts == 0


async def test_a_mail_whose_row_somebody_holds_waits_in_the_journal_and_is_not_given_up(pipeline: Pipeline) -> None:
    settle, holds = pipeline.store.settle, True

    def held(readings: Sequence[Reading], *more: Any) -> list[Settled]:
        each = [Settled(one.delivery.id, "", ROW_HELD, "", None, False, "a lock", transient=True) for one in readings]
        return each if holds else settle(readings, *more)

    pipeline.store.settle = held  # type: ignore[method-assign,assignment]  # as a store where somebody holds a row
    assert await decide(pipeline, [letter(1)]) == ["None"]
    recovery = Recovery(pipeline)
    for _ in range(5):
        assert await recovery.run() == 1
        await pipeline.drained()
    (row,) = pipeline.store.undecided(9)
    assert row.attempts == 0
    holds = False
    assert await recovery.run() == 1
    await pipeline.drained()
    assert [one["outcome"] for one in pipeline.store.message_list()] == ["created"]


async def test_a_mailbox_of_another_daemon_does_not_hold_up_the_others(pipeline: Pipeline) -> None:
    rows = journal(pipeline, [letter(number) for number in range(4)])
    theirs = {rows[0].delivery.id, rows[2].delivery.id}
    count, undecided = pipeline.store.count_attempt, pipeline.store.undecided

    def named(limit: int, after: int = 0) -> list[Journalled]:
        found = undecided(limit, after)
        return [
            replace(one, delivery=replace(one.delivery, mailbox="theirs")) if one.delivery.id in theirs else one
            for one in found
        ]

    def fenced(ids: Sequence[int], by: int = 1) -> dict[int, int]:
        if theirs & set(ids):
            raise Fenced("another daemon works theirs now", frozenset({"theirs"}))
        return count(ids, by)

    pipeline.store.undecided = named  # type: ignore[method-assign]  # as a store that is shared
    pipeline.store.count_attempt = fenced  # type: ignore[assignment]  # in the place of a method
    assert await Recovery(pipeline).run() == 2
    await pipeline.drained()
    assert [one["outcome"] for one in pipeline.store.message_list()] == [None, "created", None, "created"]


async def test_a_suspect_is_tried_alone(pipeline: Pipeline) -> None:
    rows = journal(pipeline, [letter(number) for number in range(3)])
    pipeline.store.count_attempt([row.delivery.id for row in rows])
    together: list[int] = []
    started = pipeline.reader.read_alone

    def watched(raw: bytes) -> Waiting:
        together.append(len(pipeline.in_flight))
        return started(raw)

    pipeline.reader.read_alone = watched  # type: ignore[method-assign]  # only looks on
    await Recovery(pipeline).run()
    assert together == [1, 1, 1]


async def test_a_recovery_that_is_told_to_stop_stops(pipeline: Pipeline) -> None:
    journal(pipeline, [letter(number) for number in range(3)])
    assert await Recovery(pipeline).run(lambda: False) == 0
    assert len(pipeline.store.undecided(10)) == 3


async def test_a_batch_is_as_large_as_what_waits_and_no_larger() -> None:
    sizes: list[int] = []

    async def commit(readings: Sequence[Reading]) -> list[Settled]:
        sizes.append(len(readings))
        await asyncio.sleep(0)
        return [Settled(one.delivery.id, "created", "", "", None, queued=False) for one in readings]

    batcher = Batcher(commit)
    one = Reading(Delivery(1, "support", "file", "", "k", None, None, utcnow()), mail("a"))
    await asyncio.gather(*(batcher.settle(one) for _ in range(2 * MOST + 1)))
    assert sizes == [MOST, MOST, 1]


async def test_a_commit_that_fails_tells_everybody_who_waits() -> None:
    async def commit(_readings: Sequence[Reading]) -> list[Settled]:
        raise RuntimeError("disk full")

    batcher = Batcher(commit)
    one = Reading(Delivery(1, "support", "file", "", "k", None, None, utcnow()), mail("a"))
    results = await asyncio.gather(batcher.settle(one), batcher.settle(one), return_exceptions=True)
    assert [str(error) for error in results] == ["disk full", "disk full"]


async def test_a_raw_mail_that_nobody_may_read_now_holds_up_no_other(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = journal(pipeline, [letter(number) for number in range(4)])
    raw = pipeline.store.raw

    def refused(sha256: str) -> bytes:
        if sha256 == rows[1].sha256:
            raise Unavailable("403: archived")
        return raw(sha256)

    with monkeypatch.context() as away:
        away.setattr(pipeline.store, "raw", refused)
        for _ in range(4):
            await Recovery(pipeline).run()
        await pipeline.drained()
    assert [one["outcome"] for one in pipeline.store.message_list()] == ["created", None, "created", "created"]
    assert pipeline.store.delivery(rows[1].delivery.id).attempts == 0
    assert await Recovery(pipeline).run() == 1


async def test_where_no_raw_mail_can_be_had_it_is_their_store_and_not_asked_for_each(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal(pipeline, [letter(number) for number in range(20)])
    asked: list[str] = []

    def away(sha256: str) -> bytes:
        asked.append(sha256)
        raise Unavailable("no answer")

    monkeypatch.setattr(pipeline.store, "raw", away)
    with pytest.raises(Unavailable):
        await Recovery(pipeline).run()
    assert len(asked) == MOST_AWAY + 1


async def test_mail_that_is_handed_in_to_any_daemon_keeps_no_mailbox_here(pipeline: Pipeline) -> None:
    (read,) = journal(pipeline, [letter(1)])
    handed = replace(read, delivery=replace(read.delivery, source="lmtp"))
    assert under_way([read, handed, handed]) == {"support": 1}

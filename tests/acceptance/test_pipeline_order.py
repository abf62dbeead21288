"""Mails are decided in the order of their arrival, and one that is hard to read holds nobody up (P4)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mailcase.intake.parse import read
from mailcase.intake.reader import Reader, ReadFailure, Waiting
from mailcase.pipeline import SLICE, Pipeline, read_or_slow
from tests import poison
from tests.servers.letters import letter
from tests.servers.pipes import journal


async def test_mails_of_one_slice_with_a_hanging_one_are_decided_before_it_is_given_up(pipeline: Pipeline) -> None:
    raws = [poison.HANG + b"\r\n" + letter(0), *(letter(number) for number in range(1, 20))]
    found: list[list[str | None]] = []
    quarantine = pipeline.store.quarantine

    def given_up(*args: Any, **facts: Any) -> str:  # in the thread that writes, behind what was decided until now
        found.append([one["outcome"] for one in pipeline.store.message_list()])
        return quarantine(*args, **facts)

    pipeline.store.quarantine = given_up  # type: ignore[assignment]  # only looks on
    await pipeline.submit(journal(pipeline, raws), raws)
    await pipeline.drained()
    assert found == [[None, *["created"] * 19]]
    assert pipeline.store.message_list()[0]["outcome"] == "quarantined"


async def test_mails_behind_a_hanging_slice_overtake_it(pipeline: Pipeline) -> None:
    raws = [poison.HANG + b"\r\n" + letter(0), *(letter(number) for number in range(1, 120))]
    rows = journal(pipeline, raws)
    settled = await pipeline.submit(rows, raws)
    assert {one.outcome for one in settled} <= {"created", "quarantined"}
    await pipeline.drained()
    outcomes = [one["outcome"] for one in pipeline.store.message_list()]
    assert (outcomes.count("created"), outcomes.count("quarantined")) == (119, 1)


class Slow(Reader):
    """Its mails are read when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.up = asyncio.Event()
        self.asked: list[list[Waiting]] = []

    async def ready(self) -> None:
        await self.up.wait()

    def read_each(self, raws: Sequence[bytes]) -> list[Waiting]:
        self.asked.append([asyncio.get_running_loop().create_future() for _ in raws])
        return self.asked[-1]

    def give(self, place: int, raws: Sequence[bytes]) -> None:
        for one, raw in zip(self.asked[place], raws, strict=True):
            one.set_result(read(raw))


async def test_that_the_parsers_have_yet_to_start_changes_no_order(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcase.pipeline.PATIENCE", 0.02)
    reader = pipeline.reader = Slow()
    raws = [letter(number) for number in range(SLICE + 1)]
    await pipeline.submit(journal(pipeline, raws), raws, patience=0.1)
    reader.give(1, raws[SLICE:])
    await asyncio.wait(tuple(pipeline._tasks), timeout=0.2)
    assert not any(one["outcome"] for one in pipeline.store.message_list())
    reader.give(0, raws[:SLICE])
    reader.up.set()
    await pipeline.drained()
    numbers = [int(str(one["case"]).removeprefix("SR-")) for one in pipeline.store.message_list()]
    assert numbers == sorted(numbers)


async def test_a_slice_is_waited_for_as_long_as_its_mails_are_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.pipeline.PATIENCE", 0.2)
    loop = asyncio.get_running_loop()
    mails: list[Waiting] = [loop.create_future() for _ in range(4)]
    for place, when in enumerate((0.1, 0.3, 0.5)):
        loop.call_later(when, mails[place].set_result, ReadFailure("", 1))
    await read_or_slow(mails)
    assert [one.done() for one in mails] == [True, True, True, False]


async def test_mail_behind_a_slow_slice_does_not_pile_up(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.pipeline.MOST_HELD", 0)
    raws = [poison.HANG + b"\r\n" + letter(0)]
    await pipeline.submit(journal(pipeline, raws), raws, patience=0.01)
    assert not pipeline.in_flight


async def test_mail_is_under_way_from_the_moment_when_it_is_handed_on(pipeline: Pipeline) -> None:
    """Before that is awaited: recovery must not find it in the journal and decide it beside."""
    raws = [letter(1)]
    rows = journal(pipeline, raws)
    work = pipeline.submit(rows, raws, patience=None)  # the parsers may take long to start
    assert pipeline.in_flight == {rows[0].delivery.id}
    assert [one.outcome for one in await work] == ["created"]
    assert not pipeline.in_flight

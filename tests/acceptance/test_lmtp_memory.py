"""LMTP holds no more mail than [intake] memory, and a mail for many mailboxes in one copy at a time (R10)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mailcase.errors import Transient, Unavailable
from mailcase.health.stages import REGISTRY
from mailcase.pipeline import Pipeline
from mailcase.ports import Arrival, Cursor, Journalled, Settled
from tests.servers.letters import letter
from tests.servers.lmtp_client import lmtp_client
from tests.servers.lmtp_hall import SALES, SUPPORT, open_hall
from tests.servers.ports import until


async def test_no_more_than_the_memory_is_taken_at_once(tmp_path: Path) -> None:
    part = b"Subject: x\r\n\r\n" + b"y" * 5_000_000
    async with open_hall(tmp_path, memory="9MB") as hall, lmtp_client(hall.port) as one, lmtp_client(hall.port) as two:
        await one.begin(SUPPORT)
        one.writer.write(part)
        await until(lambda: hall.server._budget.used > 4_900_000)  # the reader may keep 64 KB back
        assert (await two.hand_in(part + b"\r\n", SUPPORT))[0].startswith("452 4.3.1")
        assert (await one.content(b"\r\n", 1))[0].startswith("250 2.0.0")
        await until(lambda: not hall.server._budget.used)
        assert (await two.hand_in(part + b"\r\n", SUPPORT))[0].startswith("250 2.0.0")


async def test_a_mail_for_many_mailboxes_is_never_in_memory_more_often_than_the_budget_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = "".join(f'[[mailbox]]\nname = "b{n}"\naddress = "b{n}@x.example"\ngroup = "b{n}"\n' for n in range(6))
    raw = b"Subject: x\r\n\r\n" + b"y" * 3_000_000 + b"\r\n"
    found: list[tuple[str, int, int]] = []
    async with open_hall(tmp_path, memory="9MB", more=boxes) as hall, lmtp_client(hall.port) as client:
        journal, submit = hall.house.store.journal, hall.house.pipeline.submit

        def journalled(mails: Sequence[Arrival], cursor: Cursor | None) -> list[Journalled]:
            found.append(("journal", sum(len(one.raw) for one in mails), hall.server._budget.used))
            return journal(mails, cursor)

        async def submitted(_: object, rows: Any, raws: Sequence[bytes], **patience: Any) -> list[Settled]:
            settled = await submit(rows, raws, **patience)
            found.append(("decide", sum(len(one) for one in raws), hall.server._budget.used))
            return settled

        monkeypatch.setattr(hall.house.store, "journal", journalled)
        monkeypatch.setattr(Pipeline, "submit", submitted)
        assert await client.hand_in(raw, *(b"b%d@x.example" % n for n in range(6))) == ["250 2.0.0 taken"] * 6
        await until(lambda: not hall.server._budget.used)
        assert [one[1] for one in hall.outcomes()] == ["created"] * 6
        assert all(kept.endswith(raw) and kept.count(b"Delivered-To") == 1 for _, kept in hall.raws())
    assert [stage for stage, _, _ in found] == ["journal"] * 6 + ["decide"] * 6
    assert all(there <= counted <= 9_000_000 for _, there, counted in found), found


async def test_the_mailboxes_that_were_journalled_are_taken_and_only_the_others_are_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hall(tmp_path) as hall:
        journal = hall.house.store.journal

        def once(mails: Sequence[Arrival], cursor: Cursor | None) -> list[Journalled]:
            if mails[0].mailbox == "sales":
                raise Transient("the store is locked")
            return journal(mails, cursor)

        monkeypatch.setattr(hall.house.store, "journal", once)
        before = REGISTRY.counts("lmtp")
        async with lmtp_client(hall.port) as client:
            said = await client.hand_in(letter(1), SUPPORT, SALES, b"help@helpdesk.example")
            assert [one[:9] for one in said] == ["250 2.0.0", "451 4.3.0", "250 2.0.0"]
            counted = Counter(REGISTRY.counts("lmtp")) - Counter(before)
            assert counted == {("250",): 1, ("451",): 1}
            monkeypatch.undo()
            assert await client.hand_in(letter(1), SALES) == ["250 2.0.0 taken"]
        await until(lambda: [one[:2] for one in hall.outcomes()] == [("support", "created"), ("sales", "created")])


async def test_a_stop_does_not_wait_for_a_store_that_cannot_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcase.lmtp.server._SETTLE_WITHIN", 0.1)

    def gone(*_: object) -> None:
        raise Unavailable("the store does not answer")

    async with open_hall(tmp_path) as hall, lmtp_client(hall.port) as client:
        monkeypatch.setattr(hall.house.store, "settle", gone)
        assert await client.hand_in(letter(1), SUPPORT) == ["250 2.0.0 taken"]
        async with asyncio.timeout(10):
            await hall.server.stop()
            await until(lambda: not hall.server._budget.used)
        assert [one[1] for one in hall.outcomes()] == [None]  # the next start decides it

"""What a source writes down of how its mailbox fares: only mail that came to it counts as such."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from mailcase.intake.faring import Faring, no_limit
from tests.builders import NOW
from tests.contract.store_kit import arrival
from tests.servers.memory_journal import MemoryJournal


@pytest.mark.parametrize(
    ("over", "came"), [({}, NOW), ({"sent": True}, None), ({"backlog": True}, None)], ids=["new", "sent", "old"]
)
async def test_what_agents_sent_or_lay_there_before_is_no_mail_that_came(over: dict[str, Any], came: Any) -> None:
    async def at_once(work: Any, *args: Any) -> Any:
        return work(*args)

    journal = MemoryJournal()
    faring = Faring(journal, at_once, stop=asyncio.Event(), now=lambda: NOW, alarm=None, room=no_limit)
    await faring.in_store(journal.journal, [replace(arrival(), **over)], None)
    assert faring.state.last_mail == came

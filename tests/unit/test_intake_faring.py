"""What a source writes down of how its mailbox fares: only mail that came to it counts as such."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from mailcase.intake.faring import NAMED, Faring, no_limit
from mailcase.intake.state import Withheld
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


def test_what_the_server_keeps_back_is_named_since_the_first_look_until_a_comparison_gets_it() -> None:
    faring = Faring(
        MemoryJournal(), MemoryJournal().in_store, stop=asyncio.Event(), now=lambda: NOW, alarm=None, room=no_limit
    )
    faring.withheld("INBOX", {7}, compared=True)
    faring.withheld("Sent", set(), compared=True)
    faring.withheld("INBOX", {5}, compared=False)
    assert faring.state.withheld == Withheld(2, "INBOX UID 5, 7", NOW)
    faring.withheld("Sent", {2}, compared=True)
    faring.withheld("INBOX", {5}, compared=True)
    assert faring.state.withheld == Withheld(2, "INBOX UID 5; Sent UID 2", NOW)
    faring.withheld("INBOX", set(range(1, NAMED + 4)), compared=True)
    assert faring.state.withheld is not None
    assert (faring.state.withheld.mails, " and 3 more; Sent" in faring.state.withheld.named) == (NAMED + 4, True)
    faring.withheld("Sent", set(), compared=True)
    faring.withheld("INBOX", set(), compared=True)
    assert faring.state.withheld is None

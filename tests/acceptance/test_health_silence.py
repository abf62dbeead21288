"""A mailbox that falls silent, whose last mail another daemon took, or whose alarm is over: told as it is."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from mailcase.config import load
from mailcase.errors import Transient
from mailcase.house import open_house
from mailcase.reloading import Reloader
from mailcase.roster import Roster
from mailcase.sources import Sources
from mailcase.telling import facts_of
from tests.contract.store_kit import arrival
from tests.servers.bureau import HOUR, MINUTE, NOW, REFUSED, WELL, Bureau


async def test_a_mailbox_that_became_silent_is_told_until_mail_comes(bureau: Bureau) -> None:
    bureau.facts = replace(bureau.facts, silent_hours={"support": 72})
    bureau.mailboxes(support=replace(WELL, last_mail=NOW), sales=replace(WELL, last_mail=NOW))
    assert await bureau.look(71 * HOUR) == []
    assert await bureau.look(HOUR) == ["[mailcase] support: no mail comes any more"]
    bureau.restart()
    bureau.mailboxes(support=WELL, sales=WELL)
    assert await bureau.look(HOUR) == []
    bureau.mailboxes(support=replace(WELL, last_mail=bureau.now), sales=WELL)
    assert await bureau.look() == []
    assert await bureau.look(6 * MINUTE) == ["[mailcase] over: support: no mail comes any more"]


async def test_who_takes_a_mailbox_over_knows_when_its_last_mail_came(bureau: Bureau) -> None:
    bureau.mailboxes(support=replace(WELL, last_mail=NOW), sales=WELL)
    await bureau.look()
    bureau.mailboxes(sales=WELL)
    await bureau.look(MINUTE)
    other = replace(bureau, owner="other")
    other.mailboxes(support=replace(WELL, last_mail=NOW + HOUR))
    await other.look()
    bureau.mailboxes(support=WELL, sales=WELL)
    await bureau.look(2 * HOUR)
    assert bureau.keeper.pulse.view().situation.facts.mailboxes["support"].last_mail == NOW + HOUR


async def test_mail_that_another_daemon_took_by_lmtp_ends_the_silence(bureau: Bureau) -> None:
    bureau.facts = replace(bureau.facts, silent_hours={"support": 72})
    bureau.mailboxes(support=replace(WELL, last_mail=NOW), sales=WELL)
    assert await bureau.look(71 * HOUR) == []
    came = bureau.now + 30 * MINUTE
    bureau.store.journal([arrival(received_at=came, source="lmtp", folder="")], None)
    assert await bureau.look(HOUR) == []
    assert {one.mailbox: one.state.last_mail for one in bureau.store.health_told(bureau.now).mailboxes} == {
        "support": came, "sales": None,
    }  # fmt: skip
    assert await bureau.look(72 * HOUR) == ["[mailcase] support: no mail comes any more"]


async def test_the_last_mail_is_found_in_the_journal_where_no_daemon_told_of_it(bureau: Bureau) -> None:
    """After a restore, whose rows of mailboxes are gone."""
    bureau.store.journal([arrival(received_at=NOW - 200 * HOUR)], None)
    bureau.facts = replace(bureau.facts, silent_hours={"support": 72})
    bureau.mailboxes(support=WELL, sales=WELL)
    assert await bureau.look() == ["[mailcase] support: no mail comes any more"]
    told = {one.mailbox: one.state.last_mail for one in bureau.store.health_told(bureau.now).mailboxes}
    assert told == {"support": NOW - 200 * HOUR, "sales": None}


async def test_the_last_mail_is_kept_where_the_store_is_busy_for_a_moment(bureau: Bureau) -> None:
    def busy() -> NoReturn:
        raise Transient("locked")

    def last() -> datetime | None:
        return next(one.state.last_mail for one in bureau.store.health_told(bureau.now).mailboxes)

    bureau.mailboxes(support=replace(WELL, last_mail=NOW))
    await bureau.look()
    bureau.restart()
    bureau.mailboxes(support=WELL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bureau.store, "last_mails", busy)
        await bureau.look(MINUTE)
    assert last() == NOW
    await bureau.look(MINUTE)
    assert bureau.keeper.pulse.view().situation.facts.mailboxes["support"].last_mail == last() == NOW


async def test_an_alarm_that_is_over_is_known_as_such_until_it_closes(bureau: Bureau) -> None:
    async def over(*looks: timedelta) -> dict[str, datetime]:
        for after in looks:
            await bureau.look(after)
        return dict(bureau.store.health_told(bureau.now).daemons[0].facts.over)

    bureau.mailboxes(support=REFUSED)
    assert await over(MINUTE, MINUTE) == {}
    bureau.mailboxes(support=WELL)
    assert await over(MINUTE, MINUTE) == {"login_refused:support": NOW + 3 * MINUTE}
    bureau.mailboxes(support=replace(REFUSED, failed_at=NOW + 4 * MINUTE))
    assert await over(MINUTE, MINUTE) == {}
    bureau.mailboxes(support=WELL)
    assert await over(MINUTE, MINUTE) == {"login_refused:support": NOW + 7 * MINUTE}
    assert await over(4 * MINUTE, MINUTE) == {}
    assert bureau.store.open_alarms() == ()


async def test_how_long_a_mailbox_may_be_silent_is_a_fact_of_the_daemon(bureau: Bureau, tmp_path: Path) -> None:
    file = tmp_path / "mailcase.toml"
    file.write_text(file.read_text().replace('name = "sales"', 'name = "sales"\nsilent_hours = 96'))
    bureau.store.close()
    async with open_house(load(file, {}), sender="test") as house:
        facts = facts_of(house, Roster(house, Sources(house).make), Reloader(house, (), asyncio.Event(), {}), {})
    assert facts.silent_hours == {"sales": 96}

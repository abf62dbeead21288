"""Alarms and digest on a real store, with the real drain and a real SMTP server."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from mailcase.bench import Bench
from mailcase.errors import Permanent
from mailcase.health.situation import Facts
from mailcase.intake.parse import read
from mailcase.intake.state import MailboxState
from mailcase.life.admitting import Rules
from mailcase.life.entries import Kind
from mailcase.outbox.compose import Composer
from mailcase.ports import Reading
from tests.builders import make_delivery, make_snapshot
from tests.contract.store_kit import Clerk, Desk, arrival, mail
from tests.servers.bureau import DAY, HOUR, MINUTE, NOW, REFUSED, WELL, Bureau, box, bureau_of
from tests.servers.letters import bounce_of, letter
from tests.servers.smtp import SmtpSink


async def test_when_the_last_mail_came_is_known_after_a_restart(bureau: Bureau) -> None:
    bureau.mailboxes(support=replace(WELL, last_mail=NOW - HOUR, lag_s=1.5), sales=WELL)
    await bureau.look()
    bureau.restart()
    bureau.mailboxes(support=WELL, sales=WELL)
    await bureau.look(MINUTE)
    told = {one.mailbox: (one.state.last_mail, one.state.lag_s) for one in bureau.store.health_told(NOW).mailboxes}
    assert told == {"support": (NOW - HOUR, 1.5), "sales": (None, 0.0)}
    assert bureau.keeper.pulse.view().situation.facts.mailboxes["support"].last_mail == NOW - HOUR


async def test_a_condition_is_told_once_daily_and_when_it_is_over(bureau: Bureau) -> None:
    bureau.mailboxes(support=REFUSED)
    assert await bureau.look() == ["[mailcase] support: login refused"]
    assert await bureau.look(MINUTE) == []
    bureau.restart()
    bureau.mailboxes(support=MailboxState())  # not yet looked at
    await bureau.alarms.look()  # before the keeper's first look
    assert await bureau.look(10 * MINUTE) == []
    bureau.mailboxes(support=REFUSED)
    assert await bureau.look(22 * HOUR) == []
    assert await bureau.look(2 * HOUR) == ["[mailcase] still: support: login refused"]
    bureau.mailboxes(support=WELL)
    assert await bureau.look(HOUR) == []
    assert await bureau.look(4 * MINUTE) == []
    assert await bureau.look(2 * MINUTE) == ["[mailcase] over: support: login refused"]
    assert await bureau.look(2 * DAY) == []
    first = bureau.mail(0)
    assert (first["To"], first["From"]) == ("admin@people.example", "mailcase <support@helpdesk.example>")
    assert (first["Auto-Submitted"], bool(first["X-Auto-Response-Suppress"])) == ("auto-generated", True)
    text = first.get_content()
    for said in ("support: login refused", "since 2026-11-03 09:15 UTC", "535 no", "What to do: Correct user"):
        assert said in text


async def test_a_group_that_is_not_there_is_told_once_and_when_it_is(tmp_path: Path) -> None:
    with SmtpSink() as sink:
        group = '\nassignee_group = "First line"\n[mailbox.smtp]'
        bureau = bureau_of(tmp_path, sink, box(sink).replace("\n[mailbox.smtp]", group))
        bureau.mailboxes(support=WELL)
        assert await bureau.look() == ["[mailcase] support: cases go to nobody"]
        assert await bureau.look(HOUR) == []
        assert "there is no group First line" in bureau.mail(0).get_content()
        rules, ann = Rules(frozenset(), (), frozenset(), {}), "ann@helpdesk.example"
        bureau.store.person_add(Kind.AGENT, {"address": ann, "name": "Ann"}, rules, NOW)
        bureau.store.person_add(Kind.GROUP, {"name": "First line", "members": (ann,)}, rules, NOW)
        assert await bureau.look() == []
        assert await bureau.look(6 * MINUTE) == ["[mailcase] over: support: cases go to nobody"]
        bureau.store.close()


async def test_answers_that_come_back_are_told_once_they_are_many(bureau: Bureau) -> None:
    rules = Bench(bureau.built.policy, Composer(bureau.built.policy, bureau.built.templates))

    def receive(*raws: bytes) -> None:
        rows = bureau.store.journal([arrival(f"1:{crc32(raw)}", raw) for raw in raws], None)
        readings = [Reading(row.delivery, read(raw)) for row, raw in zip(rows, raws, strict=True)]
        bureau.store.settle(readings, rules, bureau.now)

    bureau.mailboxes(support=WELL)
    receive(*(letter(number, date=NOW) for number in range(11)))
    assert len(await bureau.look()) == 11
    acks = [bureau.mail(at) for at in range(11)]
    back = [bounce_of(one["Message-ID"], str(one["To"]), date=NOW) for one in acks]
    receive(*back[:9])
    assert await bureau.look(6 * MINUTE) == []  # too few to say anything
    receive(back[9])
    assert await bureau.look(6 * MINUTE) == ["[mailcase] support: many answers come back"]
    assert "10 of 11 automatic mails of the last 24 hours came back" in bureau.mail(11).get_content()
    other = replace(bureau, owner="other", facts=replace(bureau.facts, bounces_over=0.95))  # to it, it is not too much
    for _ in range(3):
        assert await bureau.look(6 * MINUTE) == []
        other.now = bureau.now
        assert await other.look() == []
    other.store.leave_health("me")  # it alone is left
    assert await other.look(MINUTE) == []
    assert await other.look(6 * MINUTE) == ["[mailcase] over: support: many answers come back"]
    other.store.leave_health("other")
    assert await bureau.look(7 * MINUTE) == ["[mailcase] support: many answers come back"]
    await bureau.look(DAY)
    assert await bureau.look(6 * MINUTE) == ["[mailcase] over: support: many answers come back"]


async def test_what_begins_together_is_one_mail_and_what_comes_and_goes_one_alarm(bureau: Bureau) -> None:
    bureau.mailboxes(support=REFUSED, sales=replace(REFUSED, trouble="folder_missing"))
    bureau.facts = replace(bureau.facts, config_error="mailcase.toml:3: no such key", config_error_at=NOW)
    assert await bureau.look() == ["[mailcase] 3 things need a person"]
    broken = replace(REFUSED, trouble="folder_missing")
    for state in (WELL, REFUSED, WELL, REFUSED):
        bureau.mailboxes(support=state, sales=broken)
        assert await bureau.look(4 * MINUTE) == []
    assert {one.word for one in bureau.store.open_alarms()} == {"login_refused", "folder_missing", "config_refused"}
    bureau.mailboxes(support=WELL, sales=WELL)
    bureau.facts = replace(bureau.facts, config_error="")
    assert [*await bureau.look(), *await bureau.look(5 * MINUTE)] == ["[mailcase] 3 things are over"]


async def test_an_alarm_of_a_mailbox_that_another_daemon_works_is_left_to_it(bureau: Bureau) -> None:
    bureau.mailboxes(support=REFUSED)
    await bureau.look()
    told = bureau.store.health_told(bureau.now)
    other = replace(told.daemons[0], owner="other")
    bureau.store.tell_health(other, [replace(told.mailboxes[0], owner="other")])
    bureau.mailboxes(sales=WELL)
    assert await bureau.look(MINUTE / 2) == []
    assert [one.mailbox for one in bureau.store.open_alarms()] == ["support"]
    bureau.store.leave_health("other")
    assert await bureau.look(MINUTE / 2) == []
    assert bureau.store.open_alarms() == ()


async def test_where_nobody_is_named_the_alarm_is_kept_and_told_once_somebody_is(tmp_path: Path) -> None:
    with SmtpSink() as sink:
        bureau = bureau_of(tmp_path, sink, box(sink))
        named, bureau.settings = (
            bureau.settings,
            bureau.settings.model_copy(update={"alarm": bureau.settings.alarm.model_copy(update={"to": ()})}),
        )
        bureau.mailboxes(support=REFUSED)
        assert await bureau.look() == []
        assert bureau.store.open_alarms()[0].told_at is None
        bureau.settings = named
        assert await bureau.look() == ["[mailcase] support: login refused"]
        bureau.store.close()


async def test_an_alarm_whose_own_relay_refuses_leaves_by_another_mailbox(tmp_path: Path) -> None:
    login = 'user = "u"\npassword = "wrong"'
    with SmtpSink("starttls", {"u": "right"}) as broken, SmtpSink() as sink:
        first = box(broken, login=f'{login}\nca_file = "{broken.ca_file}"', security="starttls")
        bureau = bureau_of(tmp_path, sink, first.replace("127.0.0.1", "localhost"), box(sink, "sales"))
        bureau.mailboxes(support=REFUSED)
        assert await bureau.look() == []
        (row,) = bureau.store.outbox_list()
        told = await bureau.look(MINUTE)
        assert told[0] == "[mailcase] support: login refused"
        assert bureau.mail(0)["Message-ID"] == row["message_id"]
        assert bureau.mail(0)["From"].addresses[0].addr_spec == "sales@helpdesk.example"
        # While the notice waited, its relay was a condition of its own; that one went the right way at once.
        assert told[1:] in ([], ["[mailcase] support: mail cannot be sent: login refused"])
        bureau.store.close()


async def test_an_alarm_that_comes_back_to_any_mailbox_makes_no_case(bureau: Bureau) -> None:
    bureau.mailboxes(support=REFUSED)
    await bureau.look()
    email = read(bureau.sink.mails[0].data)
    bench = Bench(bureau.built.policy, Composer(bureau.built.policy, bureau.built.templates))
    for mailbox in ("support", "sales"):
        delivery = make_delivery(mailbox=mailbox)
        decided = bench.decide(email, make_snapshot(email, lookup=bench.look(email, delivery)), delivery)
        assert (decided.outcome.value, decided.reason) == ("ignored", "own_mail")


async def test_the_digest_goes_out_once_a_day(bureau: Bureau) -> None:
    desk = Desk(bureau.store, Clerk())
    assert await bureau.look() == []  # the first day is only remembered
    desk.receive(mail("miss", subject="not for us"), now=bureau.now + MINUTE)
    bureau.store.quarantine(bureau.store.journal([arrival("9:9")], None)[0].delivery.id, "poison", bureau.now + MINUTE)
    bureau.facts = Facts()
    subjects = await bureau.look(DAY)
    assert "[mailcase] daily digest: 2 mails made no case" in subjects
    texts = [str(bureau.mail(at).get_content()) for at in range(len(bureau.sink.mails))]
    (text,) = (one for one in texts if "message accept" in one)
    assert "mailcase message accept 1" in text
    assert "mailcase quarantine retry 2" in text
    bureau.restart()
    assert await bureau.look(HOUR) == []
    assert [one for one in await bureau.look(DAY) if "digest" in one] == []


async def test_a_clock_ten_years_ahead_for_a_day_costs_no_ten_years_of_digests(bureau: Bureau) -> None:
    desk = Desk(bureau.store, Clerk())
    bureau.facts = Facts()
    await bureau.look()
    await bureau.look(3652 * DAY)
    await bureau.look(-3652 * DAY)  # remembered anew
    desk.receive(mail("miss", subject="not for us"), now=bureau.now + MINUTE)
    assert "[mailcase] daily digest: 1 mail made no case" in await bureau.look(DAY)


async def test_the_keeper_writes_when_something_changed_or_the_heartbeat_is_due(bureau: Bureau) -> None:
    calls: list[str] = []

    async def call(work: Any, *args: Any) -> Any:
        calls.append(work.__name__)
        return work(*args)

    bureau.call = call  # type: ignore[method-assign]  # counts what is written
    bureau.restart()
    bureau.mailboxes(support=WELL)
    for seconds in (0, 5, 5):
        bureau.now += timedelta(seconds=seconds)
        await bureau.keeper.look()
    assert calls == ["tell_health", "tidy_health"]
    bureau.mailboxes(support=REFUSED)
    await bureau.keeper.look()
    bureau.now += timedelta(seconds=15)
    await bureau.keeper.look()
    assert calls.count("tell_health") == 3
    stop = asyncio.Event()
    stop.set()
    await bureau.keeper.run(stop)
    assert bureau.store.health_told(bureau.now).daemons == ()


async def test_what_watches_goes_on_after_an_error_that_nobody_expected(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.mailboxes(support=REFUSED)

    async def broken(*_: object) -> None:
        raise Permanent("text fields cannot contain NUL")

    stop = asyncio.Event()
    stop.set()
    for part in (bureau.keeper, bureau.alarms, bureau.daily):
        with monkeypatch.context() as patch:
            patch.setattr(part, "_call", broken)
            with pytest.raises(Permanent):
                await part.look()
        await part.look()
    await bureau.drain().once()
    assert [one["kind"] for one in bureau.store.outbox_list()] == ["alarm"]
    assert bureau.store.health_told(NOW).daemons
    await bureau.keeper.run(stop)
    assert bureau.store.health_told(NOW).daemons == ()

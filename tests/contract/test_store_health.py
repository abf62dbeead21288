"""Health in the store: rows of daemons and mailboxes, what is counted, alarms told once, notices, the digest."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailcase.health.conditions import Condition
from mailcase.health.letters import Letter
from mailcase.health.notices import Notice, notices, way_out
from mailcase.health.situation import DaemonTold, Facts, MailboxTold, Returned, Unregistered
from mailcase.intake.state import MailboxState, Withheld
from mailcase.outbox.breaker import FLAG, WATCH_FLAG, Breaker
from mailcase.store import tables as t
from mailcase.store.alarms import AlarmChange
from mailcase.store.store import Store
from tests.builders import make_mailbox, make_policy
from tests.contract.store_kit import LATER, NOW, Desk, arrival, journalled, mail, settled_at_last, until_gone

MINUTE = timedelta(minutes=1)
POLICY = make_policy(make_mailbox(), make_mailbox(name="sales", address="sales@helpdesk.example", group="sales"))
KEPT_BACK = Withheld(2, "INBOX UID 5, 7", NOW)
ILL = MailboxState(
    trouble="login_refused", error="no", failing_since=NOW, failed_at=LATER, quota=0.93, withheld=KEPT_BACK
)
FACTS = Facts(
    mailboxes={"support": ILL},
    sources={"support": "imap:h:u"}, paused=frozenset({"sales"}), policy_hash="p1", config_error="line 3",
    config_error_at=NOW, restart_needed=("[http]",), disk_free=7, disk_low=True, token_expiry={"support": LATER},
    disk_low_since=NOW, by_token=frozenset({"imap:support"}), config="/etc/mailcase.toml",
    unheld={"sales": NOW}, clock_ahead_s=-3600.5, quota_over=0.8, bounces_over=0.2,
    silent_hours={"support": 72},
    holds=frozenset({"quarantine", "mail_bounces:support"}), over={"login_refused:support": LATER},
)  # fmt: skip


def daemon(owner: str = "me", seen: datetime = NOW, facts: Facts = FACTS) -> DaemonTold:
    return DaemonTold(owner, "host", 7, "0.1", NOW, seen, facts)


def box(name: str = "support", owner: str = "me") -> MailboxTold:
    return MailboxTold(name, owner, "imap:h:u", FACTS.mailboxes["support"], NOW)


def notice(kind: Any = "alarm", about: str = "x", mailbox: str = "support") -> Notice:
    chosen = POLICY.mailboxes[mailbox]
    letter = Letter("[mailcase] support: login refused", "what, since when")
    return notices(kind, letter, about, ["admin@people.example"], way_out(POLICY, chosen), chosen)[0]


def test_what_a_daemon_tells_is_what_status_reads(store: Store) -> None:
    store.tell_health(daemon(), [box()])
    store.tell_health(daemon(), [box()])
    told = store.health_told(NOW)
    assert told.daemons == (daemon(facts=replace(FACTS, mailboxes={})),)
    assert told.mailboxes == (box(),)


def test_a_text_that_a_database_would_refuse_ends_nobody(desk: Desk) -> None:
    bad, good, store = "b\0a\0d \udc80\x1b[1m\nline 2", "bad [1m\nline 2", desk.store
    state = MailboxState(error=bad, trouble="login_refused", failing_since=NOW)
    facts = replace(FACTS, config_error=bad, config=bad, sources={"support": bad})
    store.tell_health(daemon(facts=facts), [MailboxTold("support", "me", bad, state, NOW)])
    begin = [Condition("login_refused", NOW, bad, mailbox="support")]
    store.change_alarms(change(store, begin=begin, notices=[replace(notice(), text=bad)]), NOW)
    desk.receive(mail("a"))
    (alarm, ack) = store.due(NOW, 9)
    store.hold([ack.id], LATER, reason="smtp_refused", error=bad)
    store.postpone(alarm.id, LATER, reason="smtp_lost", error=bad)
    told = store.health_told(NOW)
    assert (told.daemons[0].facts.config_error, told.mailboxes[0].state.error) == (good, good)
    assert (told.alarms[0].text, alarm.text) == (good, good)
    assert {one["last_error"] for one in store.outbox_list()} == {good}


def test_what_is_gone_is_tidied_away_and_what_another_daemon_works_is_left(store: Store) -> None:
    store.tell_health(daemon("dead"), [box("old", "dead")])
    store.tell_health(daemon("other", LATER), [box("theirs", "other")])
    store.tell_health(daemon("me", LATER), [box("support"), box("removed")])
    held = [store.held_by_others(owner, now) for owner, now in (("me", LATER), ("other", LATER + MINUTE))]
    assert held == [FACTS.holds, frozenset()]  # what is held of the dead counts no more
    store.tidy_health("me", {"support"}, LATER)
    told = store.health_told(LATER)
    assert {one.owner for one in told.daemons} == {"me", "other"}
    assert {one.mailbox for one in told.mailboxes} == {"support", "theirs"}
    store.leave_health("me")
    assert [one.owner for one in store.health_told(LATER).daemons] == ["other"]


def test_an_empty_store_counts_nothing(store: Store) -> None:
    numbers = store.health_numbers()
    assert (numbers.undecided, numbers.quarantine, numbers.outbox, numbers.breaker_since) == (0, 0, {}, None)
    assert (store.unregistered(NOW), store.health_told(NOW).ended) == ((), {})


def test_journal_quarantine_outbox_and_breaker_are_counted(desk: Desk) -> None:
    store = desk.store
    desk.receive(mail("a"), mail("b"), mail("c"))
    first, second, third = store.due(NOW, 9)
    store.claim(first.id, "me", NOW)
    store.hold([second.id], LATER, reason="breaker")
    store.hold([third.id], LATER, reason="smtp_refused", error="535 no")
    journalled(store, 2, 100)
    store.quarantine(journalled(store, 1, 200)[0].delivery.id, "poison", LATER)
    store.set_flag(FLAG, NOW.isoformat())
    store.set_flag(WATCH_FLAG, Breaker(NOW, 50, NOW).to_text())
    found = store.health_numbers()
    assert (found.undecided, found.quarantine, found.quarantine_since) == (2, 1, LATER)
    assert found.undecided_since is not None
    assert (found.outbox, found.held, found.pending_since) == ({"sending": 1, "pending": 2}, 1, NOW)
    assert (found.held_of, found.waiting_of) == ({"support": 1}, {"support": 1})
    assert (found.relays["support"].reason, found.relays["support"].error) == ("smtp_refused", "535 no")
    assert (found.breaker_since, found.breaker_threshold) == (NOW, 50)


def test_what_came_back_of_the_automatic_mail_of_a_day_is_counted(desk: Desk) -> None:
    store, day = desk.store, timedelta(hours=24)
    desk.receive(*(mail(f"m{at}") for at in range(5)))
    desk.receive(mail("first"), now=NOW - day)
    assert store.returned(NOW) == {}
    sent = sorted(store.due(NOW, 9), key=lambda one: one.created_at)
    for one in sent:
        store.claim(one.id, "me", one.created_at + MINUTE)
    for one, state in zip(sent, ("sent", "sent", "sent", "sent", "failed", "uncertain"), strict=True):
        store.finish(one.id, state, LATER)
    with store._engines.write() as conn:  # as a report does
        conn.execute(sa.update(t.outbox).where(t.outbox.c.id.in_([one.id for one in sent[:2]])).values(state="bounced"))
    assert sent[0].created_at == NOW - day
    assert store.returned(NOW) == {"support": Returned(4, 2)}
    assert store.returned(NOW + 2 * MINUTE) == {"support": Returned(3, 1)}
    assert store.health_told(NOW).numbers.returned == store.returned(NOW)


def test_recipients_that_are_not_registered_are_counted_for_a_week(desk: Desk) -> None:
    store = desk.store
    desk.receive(*(mail(f"n{at}", subject="not for us") for at in range(3)))
    with store._engines.write() as conn:
        conn.execute(sa.update(t.delivery).values(mail_to="help@x.example, info@x.example"))
        conn.execute(sa.update(t.delivery).where(t.delivery.c.id == 1).values(mail_to="help@x.example"))
    (found,) = store.unregistered(NOW + MINUTE)
    assert found == Unregistered("support", 3, (("help@x.example", 3), ("info@x.example", 2)))
    assert store.unregistered(NOW + timedelta(days=7)) == ()


def test_the_newest_mail_of_each_mailbox_is_known_by_whomever_it_was_taken(store: Store) -> None:
    came = [
        arrival("1:1", received_at=NOW, source="lmtp"),
        arrival("1:2", received_at=NOW - MINUTE),
        arrival("1:3", received_at=NOW + MINUTE, sent=True),
        arrival("1:4", received_at=NOW + MINUTE, backlog=True),
        arrival("1:5", received_at=NOW + 9 * MINUTE),
        arrival("1:6", received_at=NOW - 9 * MINUTE, mailbox="sales"),
    ]
    store.journal(came, None)
    assert store.newest_mails(NOW - 5 * MINUTE, NOW + 5 * MINUTE) == {"support": NOW}
    assert store.newest_mail_of(["support", "sales", "other"]) == {
        "support": NOW + 9 * MINUTE, "sales": NOW - 9 * MINUTE,
    }  # fmt: skip


def test_what_is_asked_every_few_seconds_reads_indexes_alone(store: Store) -> None:
    """On SQLite, whose planner says it; PostgreSQL has the same indexes."""
    if store._engines.reader.dialect.name != "sqlite":
        return
    asked: list[str] = []
    with store._engines.read() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda *call: asked.append(call[2]))
        from mailcase.store import health, returned

        health.numbers(conn)
        health.unregistered(conn, NOW)
        health.newest_mails(conn, NOW, LATER)
        health.newest_mail_of(conn, ["support"])
        returned.returned(conn, NOW)
        plans = [
            row[3]
            for sql in list(asked)
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?")).all()
        ]
    assert len(plans) > 5
    assert [one for one in plans if one.startswith("SCAN")] == []
    at = plans.index("SEARCH delivery USING INDEX ix_delivery_mailbox (mailbox=?)")
    assert "ORDER BY" not in plans[at + 1]  # the index gives them in order: one row is read


def change(store: Store, **over: Any) -> AlarmChange:
    plain = AlarmChange(frozenset(one.id for one in store.open_alarms()), (), (), (), False, ())
    return replace(plain, **over)


def test_an_alarm_and_its_mail_stand_or_fall_together(store: Store) -> None:
    begin = [Condition("login_refused", NOW, "535", mailbox="support")]
    first = change(store, begin=begin, told_begin=True, notices=[notice()])
    assert store.change_alarms(first, LATER)
    (found,) = store.open_alarms()
    assert (found.key, found.word, found.mailbox, found.text) == (
        "login_refused:support", "login_refused", "support", "535",
    )  # fmt: skip
    assert (found.since, found.told_at) == (NOW, LATER)
    # another daemon that planned the same on the store as it was before
    assert not store.change_alarms(replace(first, notices=[notice(about="again")]), LATER)
    assert (len(store.open_alarms()), len(store.outbox_list())) == (1, 1)
    assert store.change_alarms(change(store, told=[found.id]), LATER + MINUTE)
    assert store.open_alarms()[0].told_at == LATER + MINUTE
    assert store.change_alarms(change(store, ended=[found.id]), LATER)
    assert store.open_alarms() == ()


def test_a_notice_is_a_mail_of_no_case_that_no_limit_counts(store: Store) -> None:
    assert [store.queue_notice(notice(), NOW) for _ in range(2)] == [True, False]
    (mail_,) = store.due(NOW, 9)
    assert (mail_.kind, mail_.case, mail_.automatic, mail_.to) == ("alarm", "", False, "admin@people.example")
    assert dict(mail_.headers)["Auto-Submitted"] == "auto-generated"
    (listed,) = store.outbox_list()
    assert (listed["case"], listed["state"], listed["message_id"]) == (None, "pending", mail_.message_id)
    store.claim(mail_.id, "me", NOW)
    counts = store.counts(LATER, 3600, 3600)
    assert (counts.total, counts.last_hour, store.busiest_hour(NOW + timedelta(hours=2))) == (0, 0, 0)
    for lock in store._engines._present.values():  # the daemon is gone (PostgreSQL)
        lock.close()
    until_gone(store, "me")
    assert settled_at_last(store, "other") == [(mail_.id, "pending")]
    store.finish(mail_.id, "sent", LATER)
    assert store.outbox_list()[0]["state"] == "sent"


def test_a_notice_that_waits_for_a_broken_relay_leaves_by_another(store: Store) -> None:
    store.queue_notice(notice(), NOW)
    before = store.due(NOW, 9)[0]
    way = way_out(POLICY, POLICY.mailboxes["sales"])
    assert store.reroute_notices(way, LATER) == 0
    store.postpone(before.id, LATER + MINUTE, reason="smtp_refused", error="535", tried=False)
    assert store.reroute_notices(way, LATER) == 1
    (after,) = store.due(LATER, 9)
    assert (after.mailbox, after.group, after.from_address) == ("sales", "sales", "sales@helpdesk.example")
    assert after.message_id == before.message_id
    assert after.headers != before.headers


def test_the_digest_tells_what_is_still_so_since_the_last_one(desk: Desk) -> None:
    store = desk.store
    desk.receive(mail("old", subject="not for us"), now=NOW - timedelta(hours=30))
    desk.receive(mail("good"), mail("junk", subject="junk"), mail("miss", subject="not for us"), now=NOW)
    desk.receive(mail("later", subject="not for us"), now=LATER)
    poison = journalled(store, 2, 500)
    store.quarantine(poison[0].delivery.id, "poison", NOW)
    store.quarantine(poison[1].delivery.id, "poison", NOW)
    store.quarantine_drop(poison[1].delivery.id, NOW, "ann")
    found = store.digest(NOW - timedelta(hours=1), NOW)
    assert found.counts == (
        ("support", "ignored", "recipient_not_registered", 1),
        ("support", "junk_case", "blacklisted", 1),
        ("support", "quarantined", "unreadable", 1),
    )
    assert [(one.id, one.outcome) for one in found.newest] == [(6, "quarantined"), (4, "ignored"), (3, "junk_case")]
    assert store.digest(NOW, LATER).counts == (("support", "ignored", "recipient_not_registered", 1),)
    assert store.digest(LATER, LATER + MINUTE).counts == ()


def test_two_daemons_make_one_digest_a_day(store: Store) -> None:
    assert store.queue_digest(None, "2026-11-03 …", [notice("digest")], NOW)
    assert not store.queue_digest(None, "2026-11-03 …", [notice("digest", "other")], NOW)
    assert store.get_flag("digest") == "2026-11-03 …"
    assert [row["kind"] for row in store.outbox_list()] == ["digest"]

"""What needs a person is a table; time is a parameter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.health.conditions import RULES, conditions, cure_of
from mailcase.health.plan import Plan, plan
from mailcase.health.proof import Proof
from mailcase.health.situation import AlarmTold, Facts, Numbers, Relay, Returned, Situation
from mailcase.intake.state import MailboxState, Withheld
from mailcase.life.named import Gone, Named
from tests.builders import NOW

MINUTE = timedelta(minutes=1)
WELL = MailboxState(last_look=NOW, connected=True)
KEPT_BACK = Withheld(2, "INBOX UID 5, 7", NOW - timedelta(hours=1))
SILENT = replace(WELL, last_mail=NOW - timedelta(hours=72))

GONE = tuple(
    Gone(
        Named(("mailbox", 0, "assignee_group"), "group", "First lne", mailbox), "there is no group First lne", "add it"
    )
    for mailbox in ("support", "", "")
)


def ill(trouble: Any, minutes: float, error: str = "it says no") -> MailboxState:
    """A mailbox that has been failing for so long."""
    return MailboxState(trouble=trouble, error=error, failing_since=NOW - minutes * MINUTE)


def situation(facts: Mapping[str, Any] | None = None, **numbers: Any) -> Situation:
    return Situation(NOW, Facts(**(facts or {})), Numbers(**numbers), "host")


def keys(now: Situation) -> list[str]:
    return [one.key for one in conditions(now)]


def box(state: MailboxState, **more: Any) -> dict[str, Any]:
    return {"mailboxes": {"support": state}, "sources": {"support": "imap:h:u"}, **more}


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (situation(), []),
        (situation(box(WELL)), []),
        (situation(box(ill("mailbox_unreachable", 4))), []),
        (situation(box(ill("mailbox_unreachable", 5))), ["mailbox_unreachable:support"]),
        (situation(box(ill("", 5))), ["mailbox_unreachable:support"]),
        (situation(box(ill("login_refused", 0))), ["login_refused:support"]),
        (situation(box(ill("token_ended", 0))), ["token_ended:support"]),
        (situation(box(ill("folder_missing", 0))), ["folder_missing:support"]),
        (situation(box(ill("folder_refused", 0))), ["folder_refused:support"]),
        (situation(box(ill("login_refused", 60), paused=frozenset({"support"}))), []),
        (situation(box(ill("store_busy", 60))), []),
        (situation(box(replace(WELL, quota=0.899))), []),
        (situation(box(replace(WELL, quota=0.9))), ["mailbox_full:support"]),
        (situation(box(replace(WELL, quota=0.9), quota_over=0.95)), []),
        (situation(box(replace(WELL, quota=1.2), paused=frozenset({"support"}))), []),
        (situation(box(replace(WELL, withheld=KEPT_BACK))), ["mail_withheld:support"]),
        (situation(box(replace(WELL, withheld=KEPT_BACK), paused=frozenset({"support"}))), []),
        (situation(box(ill("disk_low", 60), disk_low=True, disk_free=5 * 1024**2)), ["disk_low:host"]),
        (situation(box(SILENT)), []),
        (situation(box(SILENT, silent_hours={"sales": 1})), []),
        (situation(box(SILENT, silent_hours={"support": 73})), []),
        (situation(box(SILENT, silent_hours={"support": 72})), ["mailbox_silent:support"]),
        (situation(box(replace(SILENT, last_mail=None), silent_hours={"support": 1})), []),
        (situation(box(replace(SILENT, last_look=None), silent_hours={"support": 1})), []),
        (situation(box(replace(SILENT, trouble="disk_low"), silent_hours={"support": 1})), []),
        (situation(box(SILENT, silent_hours={"support": 72}, paused=frozenset({"support"}))), []),
        (situation({"unheld": {"support": NOW - 0.9 * MINUTE}}), []),
        (situation({"unheld": {"support": NOW - MINUTE}}), ["nobody_reads:support"]),
        (situation({"unheld": {"support": NOW - MINUTE}, "paused": frozenset({"support"})}), []),
        (situation({"config_error": "line 3"}), ["config_refused:host"]),
        (situation({"clock_ahead_s": 60.0}), []),
        (situation({"clock_ahead_s": -61.0}), ["clock_differs:host"]),
        (situation(gone=GONE), ["assignee_missing:support", "assignee_missing"]),
        (situation(returned={"support": Returned(9, 9)}), []),
        (situation(returned={"support": Returned(99, 10), "sales": Returned(100, 10)}), ["mail_bounces:support"]),
        (situation({"bounces_over": 1.0}, returned={"support": Returned(99, 99)}), []),
        (situation(quarantine=2), ["quarantine"]),
        (situation(breaker_since=NOW, breaker_threshold=50), ["breaker_open"]),
        (situation(relays={"a": Relay("smtp_refused", "535", NOW, 1)}), ["relay_refused:a"]),
        (situation(relays={"a": Relay("token_ended", "invalid_grant", NOW, 1)}), ["relay_refused:a"]),
        (situation(relays={"a": Relay("smtp_lost", "refused", NOW, 1)}), []),
        (situation(pending_since=NOW - 59 * MINUTE), []),
        (situation(pending_since=NOW - 60 * MINUTE), ["outbox_stuck"]),
        (situation(proof=Proof(NOW, 0.4, 35, 99, stuck=1, found={"quarantined": 1})), []),
        (situation(proof=Proof(NOW, 0.4, 35, 99, since=NOW, doubled=1, found={"mail_twice": 1})), ["store_unsound"]),
        (situation(audit_failing=(NOW - timedelta(hours=47), "busy")), []),
        (situation(audit_failing=(NOW - timedelta(hours=48), "busy")), ["store_unproven"]),
        (situation(undecided=1, undecided_since=NOW - 61 * MINUTE), ["undecided"]),
        (replace(situation(), store_since=NOW - MINUTE), []),
        (replace(situation(), store_since=NOW - 5 * MINUTE), ["store_unavailable:host"]),
    ],
)
def test_each_condition_begins_when_it_should(now: Situation, wanted: list[str]) -> None:
    assert keys(now) == wanted


def test_what_is_doubled_is_told_since_it_was_first_seen_with_the_first_of_it() -> None:
    proof = Proof(
        NOW, 0.4, 35, 99, since=NOW - MINUTE, doubled=7, stuck=1, found={"mail_twice": 7, "quarantined": 1},
        first=("mail twice: message 1, 2", "mail twice: message 3, 4"),
    )  # fmt: skip
    (found,) = conditions(situation(proof=proof))
    assert found.since == NOW - MINUTE
    assert found.detail.splitlines() == ["7 mail twice", *proof.first, "and 5 more"]


def test_the_disk_is_low_since_it_was() -> None:
    (found,) = conditions(situation({"disk_low": True, "disk_low_since": NOW - 9 * MINUTE}))
    assert found.since == NOW - 9 * MINUTE


def test_mail_of_several_mailboxes_that_does_not_leave_names_them() -> None:
    many = {f"box{number}": 1 for number in range(12)}
    held = situation(breaker_since=NOW, breaker_threshold=50, held=5, held_of={"support": 3, "sales": 2})
    stuck = situation(pending_since=NOW - 60 * MINUTE, outbox={"pending": 12}, waiting_of=many)
    (open_, waits) = (conditions(now)[0].detail for now in (held, stuck))
    assert open_ == "5 mails are held (support 3, sales 2); it opened at 50 automatic mails an hour"
    assert waits.startswith("12 mails wait (box0 1, ")
    assert waits.endswith("box9 1, 2 more mailboxes)")


def test_who_signs_in_with_tokens_is_not_told_to_correct_a_password() -> None:
    for word, login in (("login_refused", "imap:support"), ("relay_refused", "smtp:support")):
        with_password, with_token = cure_of(word, "support", {"imap:sales"}), cure_of(word, "support", {login})
        assert "password" in with_password
        assert "password" not in with_token
        assert cure_of(word, "sales", {login}) == with_password


def test_every_rule_tells_what_it_means_and_what_to_do() -> None:
    assert len({rule.word for rule in RULES}) == len(RULES)
    assert [rule.word for rule in RULES if not (rule.title and rule.means.endswith(".") and rule.cure)] == []


def alarm(key: str, *, told: timedelta | None = timedelta(0)) -> AlarmTold:
    word, _, mailbox = key.partition(":")
    told_at = None if told is None else NOW - told
    return AlarmTold(1, key, word, "" if mailbox == "host" else mailbox, "text", NOW, told_at)


REFUSED = box(ill("login_refused", 9))
OPEN, FULL = alarm("login_refused:support"), alarm("mailbox_full:support")
LONG_GONE = dict.fromkeys((OPEN.key, FULL.key, "quarantine"), NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("now", "is_open", "gone", "begun", "told", "reminded", "ended", "dropped"),
    [
        (situation(REFUSED), [], {}, 1, 0, 0, 0, 0),
        (situation(REFUSED), [OPEN], {}, 0, 0, 0, 0, 0),
        (situation(REFUSED), [alarm(OPEN.key, told=timedelta(hours=23))], {}, 0, 0, 0, 0, 0),
        (situation(REFUSED), [alarm(OPEN.key, told=timedelta(hours=24))], {}, 0, 0, 1, 0, 0),
        (situation(REFUSED), [alarm(OPEN.key, told=None)], {}, 0, 1, 0, 0, 0),
        # over: only once it was seen to be well, and for as long as [alarm] after
        (situation(box(WELL)), [OPEN], {}, 0, 0, 0, 0, 0),
        (situation(box(WELL)), [OPEN], {OPEN.key: NOW - MINUTE}, 0, 0, 0, 0, 0),
        (situation(box(WELL)), [OPEN], LONG_GONE, 0, 0, 0, 1, 0),
        (situation(box(MailboxState())), [OPEN], LONG_GONE, 0, 0, 0, 0, 0),
        (situation(box(ill("mailbox_unreachable", 1))), [OPEN], LONG_GONE, 0, 0, 0, 0, 0),
        # a share that hovers around its threshold is one alarm
        (situation(box(replace(WELL, quota=0.883))), [FULL], LONG_GONE, 0, 0, 0, 0, 0),
        (situation(box(replace(WELL, quota=0.881))), [FULL], LONG_GONE, 0, 0, 0, 1, 0),
        (situation(box(replace(WELL, quota=0.883), quota_over=0.95)), [FULL], LONG_GONE, 0, 0, 0, 1, 0),
        (situation(box(WELL)), [FULL], LONG_GONE, 0, 0, 0, 1, 0),
        # a person paused or took out the mailbox
        (situation({"paused": frozenset({"support"})}), [OPEN], {}, 0, 0, 0, 0, 1),
        (situation(), [OPEN], {}, 0, 0, 0, 0, 1),
        (situation(), [alarm("quarantine")], LONG_GONE, 0, 0, 0, 1, 0),
        (situation(quarantine=1), [alarm("quarantine")], LONG_GONE, 0, 0, 0, 0, 0),
        # another host's disk
        (situation(), [alarm("disk_low:other")], {"disk_low:other": NOW - timedelta(hours=1)}, 0, 0, 0, 0, 0),
    ],
)
def test_an_alarm_is_told_once_daily_and_when_it_is_over(
    now: Situation,
    is_open: list[AlarmTold],
    gone: dict[str, Any],
    begun: int,
    told: int,
    reminded: int,
    ended: int,
    dropped: int,
) -> None:
    step = plan(now, conditions(now), is_open, gone, told=True)
    counts = [len(part) for part in (step.begin, step.tell, step.remind, step.end, step.drop)]
    assert counts == [begun, told, reminded, ended, dropped]
    assert bool(step) == any(counts)


def test_where_nobody_is_to_be_told_the_alarm_is_still_kept() -> None:
    now = situation(REFUSED)
    assert len(plan(now, conditions(now), [], {}, told=False).begin) == 1
    assert plan(now, conditions(now), [alarm(OPEN.key, told=None)], {}, told=False) == Plan()

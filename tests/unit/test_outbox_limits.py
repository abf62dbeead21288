"""When a mail may leave: limits, breaker and back-off (K9, B13)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailcase.outbox.backoff import delay, next_attempt
from mailcase.outbox.breaker import Breaker
from mailcase.outbox.limits import Expire, Hold, Send, Verdict, is_near, judge
from mailcase.policy import Limit
from mailcase.ports import OutboxMail, SendCounts
from tests.builders import NOW, make_acknowledge

HOUR = timedelta(hours=1)
RULES = make_acknowledge(per_domain=Limit(10, HOUR), total=Limit(100, HOUR))
MAIL = OutboxMail(
    id=1,
    kind="registration",
    mailbox="support",
    group="default",
    case="SR-1",
    to="erin@visitor.example",
    to_name="",
    cc=(),
    subject="",
    text="",
    html="",
    headers=(),
    from_name="",
    from_address="support@helpdesk.example",
    message_id="<c1@helpdesk.example>",
    automatic=True,
    attempts=0,
    created_at=NOW,
    expires_at=NOW + 24 * HOUR,
)
IDLE = SendCounts(total=0, per_domain={}, last_hour=0)
FULL = replace(IDLE, total=100)
DOMAIN_FULL = replace(IDLE, per_domain={"visitor.example": 10})
SOON = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("counts", "later", "breaker_open", "verdict"),
    [
        (IDLE, 0 * HOUR, False, Send()),
        (FULL, 0 * HOUR, False, Hold(NOW + SOON, "total")),
        (DOMAIN_FULL, 0 * HOUR, False, Hold(NOW + SOON, "per_domain")),
        (FULL, 4 * HOUR - timedelta(minutes=2), False, Hold(NOW + 4 * HOUR, "total")),
        (FULL, 4 * HOUR, False, Expire("total")),
        (DOMAIN_FULL, 5 * HOUR, False, Expire("per_domain")),
        (IDLE, 5 * HOUR, False, Send()),
        (IDLE, 24 * HOUR, False, Expire("expired")),
        (IDLE, 0 * HOUR, True, Hold(NOW + SOON, "breaker")),
        (FULL, 5 * HOUR, True, Hold(NOW + 5 * HOUR + SOON, "breaker")),
        (IDLE, 24 * HOUR, True, Expire("expired")),
        (replace(IDLE, total=99, per_domain={"visitor.example": 9}), 0 * HOUR, False, Send()),
        (replace(IDLE, per_domain={"other.example": 10}), 0 * HOUR, False, Send()),
    ],
)
def test_a_limit_delays_up_to_four_hours_and_the_breaker_until_the_mail_expires(
    counts: SendCounts, later: timedelta, breaker_open: bool, verdict: Verdict
) -> None:
    assert judge(MAIL, counts, RULES, frozenset(), NOW + later, breaker_open=breaker_open) == verdict


def test_freemail_domains_are_exempt_from_the_domain_limit_only() -> None:
    freemail = frozenset({"visitor.example"})
    assert judge(MAIL, DOMAIN_FULL, RULES, freemail, NOW, breaker_open=False) == Send()
    assert judge(MAIL, FULL, RULES, freemail, NOW, breaker_open=False) == Hold(NOW + SOON, "total")


def test_an_international_domain_is_counted_by_its_a_label() -> None:
    counts = replace(IDLE, per_domain={"xn--bcher-kva.example": 10})
    mail = replace(MAIL, to="erin@B\u00fccher.example")
    assert judge(mail, counts, RULES, frozenset(), NOW, breaker_open=False) == Hold(NOW + SOON, "per_domain")


def test_a_persons_mail_is_never_limited_but_expires() -> None:
    reply = replace(MAIL, automatic=False, expires_at=NOW + 96 * HOUR)
    assert judge(reply, FULL, RULES, frozenset(), NOW + 90 * HOUR, breaker_open=True) == Send()
    assert judge(reply, FULL, RULES, frozenset(), NOW + 96 * HOUR, breaker_open=True) == Expire("expired")


@pytest.mark.parametrize(
    ("busiest", "last_hour", "opens"),
    [(0, 99, False), (0, 100, True), (19, 100, True), (30, 149, False), (30, 150, True)],
)
def test_the_breaker_opens_at_that_many_times_the_busiest_hour_but_never_below_total(
    busiest: int, last_hour: int, opens: bool
) -> None:
    counts = replace(IDLE, last_hour=last_hour)
    assert Breaker().next(counts, busiest, RULES, NOW, flag=False).is_open == opens


def test_the_breaker_closes_after_an_hour_below_the_count_that_opened_it() -> None:
    breaker = Breaker().next(replace(IDLE, last_hour=150), 30, RULES, NOW, flag=False)
    above, below = replace(IDLE, last_hour=151), replace(IDLE, last_hour=149)
    breaker = breaker.next(above, 900, RULES, NOW + HOUR, flag=True)
    breaker = breaker.next(below, 900, RULES, NOW + 2 * HOUR - SOON, flag=True)
    assert breaker.is_open
    assert not breaker.next(below, 900, RULES, NOW + 2 * HOUR, flag=True).is_open


def test_a_released_breaker_stays_closed_for_an_hour() -> None:
    storm = replace(IDLE, last_hour=500)
    breaker = Breaker().next(storm, 0, RULES, NOW, flag=False).next(storm, 0, RULES, NOW + SOON, flag=False)
    assert not breaker.is_open
    assert not breaker.next(storm, 0, RULES, NOW + HOUR, flag=False).is_open
    assert breaker.next(storm, 0, RULES, NOW + HOUR + SOON, flag=False).is_open


@pytest.mark.parametrize(
    "breaker", [Breaker(), Breaker(NOW, 150, NOW + HOUR), Breaker(released_at=NOW)], ids=["closed", "open", "released"]
)
def test_the_breaker_survives_a_restart(breaker: Breaker) -> None:
    assert Breaker.from_text(breaker.to_text()) == breaker


@pytest.mark.parametrize("text", [None, "", "x", "1 2 3 4", "1 - -"])
def test_an_unreadable_memory_is_a_closed_breaker(text: str | None) -> None:
    assert Breaker.from_text(text) == Breaker()


def test_the_table_of_delays() -> None:
    minutes = [delay(failures, 0.0) / timedelta(minutes=1) for failures in range(8)]
    assert minutes == [1, 1, 5, 15, 30, 60, 60, 60]


@pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 60.0), (0.5, 63.0), (0.999, 65.994)])
def test_jitter_adds_at_most_a_tenth(jitter: float, minutes: float) -> None:
    assert delay(5, jitter) / timedelta(minutes=1) == pytest.approx(minutes)


def test_no_attempt_is_planned_after_the_mail_expires() -> None:
    assert next_attempt(5, NOW, NOW + SOON, 0.0) == NOW + SOON
    assert next_attempt(1, NOW, NOW + HOUR, 0.0) == NOW + timedelta(minutes=1)
    assert next_attempt(1, NOW, NOW - HOUR, 0.0) == NOW


@pytest.mark.parametrize(
    ("total", "domain", "queued", "near"),
    [(0, 0, 0, False), (12, 1, 12, False), (13, 0, 0, True), (0, 2, 0, True), (0, 0, 13, True), (99, 9, 99, True)],
)
def test_near_a_limit_a_count_of_a_moment_ago_is_no_answer(total: int, domain: int, queued: int, near: bool) -> None:
    counts = SendCounts(total=total, per_domain={"visitor.example": domain}, last_hour=queued)
    assert is_near(MAIL, counts, RULES) is near


def test_far_below_a_large_limit_a_count_of_a_moment_ago_will_do() -> None:
    large = replace(RULES, total=Limit(100_000, HOUR), per_domain=Limit(100_000, HOUR))
    verdicts = [is_near(MAIL, replace(IDLE, total=total), large) for total in (12_500, 99_000, 99_500, 100_000)]
    assert verdicts == [False, False, True, True]


def test_what_agents_are_told_is_held_by_nothing_but_its_end() -> None:
    told = replace(MAIL, audience="agent")
    assert judge(told, FULL, RULES, frozenset(), NOW, breaker_open=True) == Send()
    assert judge(told, FULL, RULES, frozenset(), NOW + 24 * HOUR, breaker_open=False) == Expire("expired")


def test_a_limit_delays_from_the_moment_when_a_rules_delay_ends() -> None:
    late = replace(MAIL, expires_at=MAIL.expires_at + 8 * HOUR)
    due = NOW + 8 * HOUR
    assert judge(late, FULL, RULES, frozenset(), due, breaker_open=False) == Hold(due + SOON, "total")
    assert judge(late, FULL, RULES, frozenset(), due + 4 * HOUR, breaker_open=False) == Expire("total")

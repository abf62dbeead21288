"""Copies of a mail (`recipients = "all"`) against a real SMTP server: what a bad one costs (B13)."""

from datetime import timedelta

import pytest

from mailcase.policy import Limit
from tests.builders import make_acknowledge, make_policy
from tests.servers.outbox_desk import Desk, hang_briefly, settings
from tests.servers.smtp import SmtpSink

ERIN, CAROL, GRACE = "erin@visitor.example", "carol@partner.example", "grace@partner.example"


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


@pytest.mark.parametrize(
    ("bad", "answer"),
    [("perm", "550 5.1.1 no such user"), ("temp", "450 4.2.1 try again"), ("login", "530 5.7.0 authentication")],
)
async def test_a_copy_that_is_refused_costs_nobody_else_his_mail(
    desk: Desk, smtp_sink: SmtpSink, bad: str, answer: str
) -> None:
    row = desk.add(ERIN, cc=(CAROL, f"{bad}@partner.example", GRACE))
    await desk.once()
    await desk.once(hours=2)
    assert [mail.recipients for mail in smtp_sink.mails] == [(ERIN, CAROL, GRACE)]
    assert (row.state, row.reason, row.mail.attempts) == ("sent", "", 1)
    assert row.error.startswith(f"no copy to {bad}@partner.example: ")
    assert answer in row.error
    assert desk.words() == ["sent"]


@pytest.mark.parametrize("bad", ["closing", "hang"])
async def test_a_copy_that_ends_the_dialogue_costs_the_copies_alone(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    hang_briefly(monkeypatch)
    row = desk.add(ERIN, cc=(CAROL, f"{bad}@partner.example"))
    await desk.once()
    assert [mail.recipients for mail in smtp_sink.mails] == [(ERIN,)]
    assert (row.state, row.mail.attempts) == ("sent", 1)
    assert row.error.startswith(f"no copy to {bad}@partner.example: ")
    assert row.error.endswith("; sent without copies")


async def test_copies_go_nowhere_when_the_customer_is_refused(desk: Desk, smtp_sink: SmtpSink) -> None:
    rows = [desk.add(f"{to}@visitor.example", cc=(CAROL,)) for to in ("perm", "temp")]
    await desk.once()
    assert [(row.state, row.reason) for row in rows] == [("failed", "refused"), ("pending", "relay_busy")]
    assert smtp_sink.mails == []


async def test_a_refused_copy_and_a_refused_null_sender_still_make_one_mail(desk: Desk, smtp_sink: SmtpSink) -> None:
    smtp_sink.script.null_sender, smtp_sink.script.null_sender_at = "553 5.1.7 no null sender", "RCPT"
    row = desk.add(ERIN, cc=("perm@partner.example", CAROL))
    await desk.once()
    assert [mail.recipients for mail in smtp_sink.mails] == [(ERIN, CAROL)]
    assert (row.state, "perm@partner.example" in row.error) == ("sent", True)


@pytest.mark.parametrize(("bad", "state"), [("perm", "failed"), ("temp", "pending")])
async def test_an_agents_mail_goes_to_all_or_to_nobody(desk: Desk, smtp_sink: SmtpSink, bad: str, state: str) -> None:
    row = desk.add(ERIN, cc=(f"{bad}@partner.example",), automatic=False)
    await desk.once()
    assert (row.state, smtp_sink.mails) == (state, [])


async def test_copies_count_for_the_limits_within_one_look(desk: Desk, smtp_sink: SmtpSink) -> None:
    hour = timedelta(hours=1)
    desk.policy = make_policy(acknowledge=make_acknowledge(total=Limit(6, hour), per_domain=Limit(100, hour)))
    desk.outbox.busiest = 1000
    for number in range(5):
        desk.add(f"customer{number}@visitor.example", cc=(CAROL, GRACE))
    await desk.once()
    assert len(smtp_sink.mails) == 2
    assert desk.outbox.states() == ["sent"] * 2 + ["pending"] * 3

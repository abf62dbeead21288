"""One mail To a whole group against a real SMTP server: a member who is not taken now gets it later (L2)."""

import pytest

from tests.servers.outbox_desk import Desk, hang_briefly, settings
from tests.servers.smtp import SmtpSink

JANE, KIM = "jane@helpdesk.example", "kim@helpdesk.example"
LATE = "temp-once@helpdesk.example"


@pytest.fixture
def desk(smtp_sink: SmtpSink) -> Desk:
    return Desk({"support": settings(smtp_sink)})


@pytest.mark.parametrize("group", [(LATE, JANE, KIM), (JANE, LATE, KIM), (JANE, KIM, LATE)])
async def test_a_member_who_is_busy_gets_it_later_and_nobody_twice(
    desk: Desk, smtp_sink: SmtpSink, group: tuple[str, ...]
) -> None:
    row = desk.add(group[0], cc=group[1:], audience="agent")
    await desk.once()
    assert (row.state, row.reason, row.mail.still_to) == ("pending", "relay_busy", (LATE,))
    assert row.error.startswith(f"not yet to {LATE}: ")
    await desk.once(hours=1)
    assert [mail.recipients for mail in smtp_sink.mails] == [(JANE, KIM), (LATE,)]
    assert (row.state, desk.words()) == ("sent", ["send_postponed", "sent"])
    assert len({mail.data for mail in smtp_sink.mails}) == 1  # the same mail, To the whole group


@pytest.mark.parametrize("bad", ["closing@helpdesk.example", "hang@helpdesk.example"])
@pytest.mark.parametrize("first", [True, False])
async def test_a_member_who_ends_the_dialogue_costs_nobody_else_the_mail(
    desk: Desk, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, bad: str, first: bool
) -> None:
    hang_briefly(monkeypatch)
    group = (bad, JANE, KIM) if first else (JANE, bad, KIM)
    row = desk.add(group[0], cc=group[1:], audience="agent")
    await desk.once()
    assert [mail.recipients for mail in smtp_sink.mails] == [(JANE, KIM)]
    assert (row.state, row.mail.still_to) == ("pending", (bad,))


async def test_a_member_who_never_has_room_is_named_in_the_end(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("temp@helpdesk.example", cc=(JANE, KIM), audience="agent")
    await desk.once()
    await desk.once(hours=25)
    assert [mail.recipients for mail in smtp_sink.mails] == [(JANE, KIM)]
    assert (row.state, row.error) == ("sent", "not to temp@helpdesk.example: expired")


async def test_a_member_who_was_refused_is_named_to_the_end(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add(LATE, cc=("perm@helpdesk.example", JANE), audience="agent")
    await desk.once()
    refused, busy = row.error.split("\n")
    assert (refused[:29], busy[:14]) == ("not to perm@helpdesk.example:", "not yet to tem")
    await desk.once(hours=1)
    assert [mail.recipients for mail in smtp_sink.mails] == [(JANE,), (LATE,)]
    assert (row.state, row.error) == ("sent", refused)


async def test_a_group_that_is_busy_as_a_whole_is_tried_again_as_a_whole(desk: Desk, smtp_sink: SmtpSink) -> None:
    row = desk.add("temp@helpdesk.example", cc=("perm@helpdesk.example",), audience="agent")
    await desk.once()
    assert (row.state, row.reason, row.mail.still_to) == ("pending", "relay_busy", ())
    assert smtp_sink.mails == []


async def test_one_agent_at_whom_the_dialogue_ends_is_tried_again(desk: Desk) -> None:
    row = desk.add("closing@helpdesk.example", audience="agent")
    await desk.once()
    assert (row.state, row.reason, row.mail.still_to) == ("pending", "relay_busy", ())

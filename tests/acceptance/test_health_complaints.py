"""A complaint that was noted is told to the administrators once (reliability.md 3.2)."""

from dataclasses import replace
from typing import Any

from mailcase.decision import Decision, Outcome
from mailcase.health.alarms import Post
from mailcase.health.complaints import Complaints
from mailcase.message import Kind
from tests.contract.store_kit import Clerk, Desk, mail
from tests.servers.bureau import DAY, NOW, Bureau


class Office(Clerk):
    """Notes as a complaint what is called so."""

    def decide(self, email: Any, snapshot: Any, delivery: Any) -> Decision:
        made = super().decide(email, snapshot, delivery)
        noted = email.subject == "complaint"
        return replace(made, kind=Kind.COMPLAINT, outcome=Outcome.NOTED) if noted else made


def complaints(office: Bureau) -> Complaints:
    post = Post(lambda: office.settings, lambda: office.built.policy, lambda: office.built.smtp)
    return Complaints(office.store, office.call, office.keeper.pulse, post, lambda: office.now, office.woken)


async def test_a_complaint_is_told_once_also_over_restarts(bureau: Bureau) -> None:
    desk = Desk(bureau.store, Office(suppressed="off"))
    desk.receive(mail("a"))
    first = complaints(bureau)
    await first.look()  # before the keeper's first look
    await bureau.look()
    await first.look()
    assert await bureau.look() == []
    desk.receive(mail("b", "a", subject="complaint"), now=NOW)
    await first.look()
    await first.look()
    assert bureau.queued == 1
    assert await bureau.look() == ["[mailcase] complaint about SR-1"]
    assert "mailcase message show 2" in bureau.mail(0).get_content()
    bureau.restart()
    await bureau.keeper.look()
    await complaints(bureau).look()
    desk.receive(mail("c", "a", subject="complaint"), now=NOW)
    bureau.now += 2 * DAY  # too old to be told by a daemon that starts then
    await complaints(bureau).look()
    assert await bureau.look() == []

"""Complaints that were noted of late are found, however long ago they were journalled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mailcase.decision import Decision, Outcome
from mailcase.health.complaints import Complaint
from mailcase.message import Kind
from tests.contract.store_kit import LATER, NOW, Clerk, Desk, mail


class Office(Clerk):
    """Notes or ignores as a complaint what is called so."""

    def decide(self, email: Any, snapshot: Any, delivery: Any) -> Decision:
        made = super().decide(email, snapshot, delivery)
        if email.subject == "complaint":
            return replace(made, kind=Kind.COMPLAINT, outcome=Outcome.NOTED)
        return replace(made, kind=Kind.COMPLAINT) if email.subject == "not for us" else made


def test_the_complaints_of_a_day_that_are_on_a_case_are_told(desk: Desk) -> None:
    desk.clerk = Office()
    desk.receive(mail("a"), mail("old", "a", subject="complaint"))
    now = NOW + timedelta(days=1, minutes=1)
    desk.receive(mail("b", "a", subject="complaint"), mail("c", subject="not for us"), now=LATER)
    (found,) = desk.store.complaints(now)
    assert (found.mail, found.case, found.at) == (3, "SR-1", LATER)
    assert desk.store.complaints(LATER + timedelta(days=1)) == []


def test_no_more_than_twenty_a_day_are_told(desk: Desk) -> None:
    desk.clerk = Office()
    desk.receive(mail("a"), *(mail(f"m{n}", "a", subject="complaint") for n in range(25)))
    found = desk.store.complaints(LATER)
    assert [one.mail for one in found] == list(range(2, 22))
    assert all(isinstance(one, Complaint) for one in found)

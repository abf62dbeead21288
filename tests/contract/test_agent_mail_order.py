"""In which order a case's history tells what mails of one batch did; on both databases."""

import pytest

from mailcase.ports import Reading, Settled
from mailcase.store import tables as t
from mailcase.store.life.by_mail import tell_of_mail
from mailcase.store.store import Store
from mailcase.store.work import Conflict, Work
from tests.contract.agent_kit import ERIN, SAID, Case
from tests.contract.notice_kit import JANE, Bureau, letter


@pytest.fixture
def case(store: Store) -> Case:
    return Case(Bureau.of(store))


def history(case: Case) -> list[str]:
    """The events after the case was made and given to jane."""
    found = [one.event for one in case.found(t.case_event, t.case_event.c.case_id == case.running)]
    return found[found.index("created") + 1 :]


def test_an_agents_mail_stands_before_what_it_did(case: Case) -> None:
    before = len(history(case))
    case.answer(f"#priority high\n{SAID}")
    assert history(case)[before:] == ["mail", "replied", "priority"]


def batch(case: Case, *bodies: tuple[str, str, str]) -> list[Settled]:
    """Mails (name, sender, body) settled together; jane's answer her notice, Erin's the acknowledgement."""
    post = case.bureau.post
    readings: list[Reading] = []
    for name, sender, body in bodies:
        named = case.notice.message_id if sender == JANE else post.ours("SR-1")
        mail = letter(name, sender=sender, subject="Re: [SR-1]", body=body, In_Reply_To=named, date=case.date)
        readings.append(post.reading(mail))
    return case.bureau.store.settle(readings, post.bench, post.at)


def test_mails_of_one_batch_stand_in_their_order(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erin's mail reopens, jane's resolves again, Erin's next one reopens: each is told after what it found."""
    case.bureau.post.set("SR-1", "Resolved")
    before, tries, told = len(history(case)), list[int](), tell_of_mail

    def conflict(work: Work) -> None:
        if work.decision.reason == "agent_mail" and len(tries) < 2:
            tries.append(1)
            raise Conflict("changed")
        told(work)

    monkeypatch.setattr("mailcase.store.apply.tell_of_mail", conflict)
    settled = batch(
        case, ("again", ERIN, "It jams again."), ("done", JANE, "#resolve A new roller."), ("third", ERIN, "And again.")
    )
    assert [one.outcome for one in settled] == ["reopened", "linked", "reopened"], settled
    assert history(case)[before:] == ["mail", "reopened", "mail", "status", "mail", "reopened"]
    assert len(tries) == 2
    assert (case.events("status")[-1]["from"], case.row.status) == ("Reopened", "Reopened")

"""What counts as an agent's answer to the customer, in the list, the case and the report alike; on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.acting_kit import ROOT, Office, letter
from tests.contract.reading_kit import numbers
from tests.contract.store_kit import STATUSES

MINUTE = timedelta(minutes=1)
Act = Callable[[Office], Any]


@pytest.fixture
def office(store: Store) -> Office:
    """SR-1 of a customer's mail; a minute later."""
    made = Office(store)
    made.hire()
    made.receive(letter("a", subject="Printer jams", text="It jams."))
    made.now = NOW + MINUTE
    return made


def end(office: Office, kind: str, state: str, at: datetime) -> None:
    """What became of the mails of this rule that were queued then."""
    mine = (t.outbox.c.kind == kind, t.outbox.c.created_at == at)
    with office.store._engines.write() as conn:
        assert conn.execute(sa.update(t.outbox).where(*mine).values(state=state)).rowcount == 1


def answered(office: Office) -> datetime | None:
    """When the first answer went: `case show` and the report say the same."""
    shown: datetime | None = office.case()["first_response_at"]
    counted = office.store.case_facts(STATUSES, NOW - MINUTE, NOW + 90 * MINUTE).cases[0].first_response_at
    assert shown == counted
    return shown


def wait(text: str) -> Act:
    return lambda office: cases.wait(office.desk, "SR-1", ROOT, text)


def start(office: Office) -> None:
    cases.start(office.desk, "SR-1", office.ann())


def suspend(office: Office) -> None:
    cases.suspend(office.desk, "SR-1", ROOT, "the part is ordered")


def resolve(office: Office) -> None:
    cases.resolve(office.desk, "SR-1", ROOT, "A new roller.")


def reply(office: Office) -> None:
    cases.reply(office.desk, "SR-1", ROOT, "Switch it off.")


def close(office: Office) -> None:
    cases.close(office.desk, "SR-1", ROOT, "solved by phone")


#: An act, whether it says something to the customer, and whether the case still is one that waits for an answer.
ACTS: list[tuple[str, Act, bool, bool]] = [
    ("a reply", reply, True, False),
    ("a question", wait("Which model?"), True, False),
    ("a solution", resolve, True, False),
    ("waiting without a word", wait(""), False, True),
    ("who takes care of it", start, False, True),
    ("a reason of ours", suspend, False, True),
    ("an end", close, False, False),
]


@pytest.mark.parametrize(("act", "answers", "unanswered"), [one[1:] for one in ACTS], ids=[one[0] for one in ACTS])
def test_what_answers_a_customer(office: Office, act: Act, answers: bool, unanswered: bool) -> None:
    assert (answered(office), numbers(office.store, unanswered=True)) == (None, ["SR-1"])
    act(office)
    assert answered(office) == (office.now if answers else None)
    assert numbers(office.store, unanswered=True) == (["SR-1"] if unanswered else [])


@pytest.mark.parametrize("state", ["bounced", "failed", "expired", "suppressed"])
@pytest.mark.parametrize(
    ("act", "kind"), [(reply, "reply"), (wait("Which model?"), "waiting")], ids=["a reply", "a question"]
)
def test_what_did_not_reach_him_is_no_first_answer(office: Office, act: Act, kind: str, state: str) -> None:
    act(office)
    end(office, kind, state, office.now)
    assert (answered(office), numbers(office.store, unanswered=True)) == (None, ["SR-1"])
    office.now += MINUTE
    reply(office)
    assert (answered(office), numbers(office.store, unanswered=True)) == (office.now, [])


def test_a_resolved_case_waits_for_nobody(office: Office) -> None:
    """Also where the solution did not reach him: the bounce is told apart."""
    resolve(office)
    end(office, "resolved", "bounced", office.now)
    assert (answered(office), numbers(office.store, unanswered=True)) == (None, [])


def test_who_asks_again_after_a_question_waits(office: Office) -> None:
    wait("Which model?")(office)
    cases.resume(office.desk, "SR-1", ROOT)
    assert numbers(office.store, unanswered=True) == []
    office.now += MINUTE
    (settled,) = office.receive(letter("b", "a", subject="Re: Printer"))
    assert settled.outcome == "linked"
    assert numbers(office.store, unanswered=True) == ["SR-1"]

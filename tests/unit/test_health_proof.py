"""A look through the store as it is remembered, and when the next one is due; time is a parameter."""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from mailcase.errors import Unavailable
from mailcase.health import auditor
from mailcase.health.auditor import Auditor
from mailcase.health.proof import FAILING, FLAG, STUCK_AFTER, Proof, failing_of, proof_of, result
from mailcase.health.pulse import Pulse
from mailcase.health.situation import Facts, Numbers
from mailcase.soundness import RULES, Finding
from mailcase.store.ending import Ending
from tests.builders import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TWICE = Finding("mail_twice", NOW, "support", (1, 2), ("SR-1", "SR-2"), detail="<jane@private.example>")
CLEAN = Proof(NOW, 0.4, 35, 99)
UNSOUND = replace(CLEAN, since=NOW)


@pytest.mark.parametrize("proof", [CLEAN, proof_of([TWICE] * 7, NOW, 1.234, 35, 99, CLEAN)])
def test_it_comes_back_from_the_flag_as_it_was(proof: Proof) -> None:
    assert Proof.from_text(proof.to_text()) == proof
    for other in (None, "nonsense", "[]", "{}", '{"at": 5}', proof.to_text().replace("mails", "letters")):
        assert Proof.from_text(other) is None


def test_what_was_found_is_counted_and_the_first_of_it_named_by_its_ids() -> None:
    many = Finding("overdue", NOW, "sales", (), (), tuple(range(1, 9)))
    proof = proof_of([TWICE, *[many] * 6], NOW, 0.5, 3, 9, None)
    assert (proof.doubled, proof.stuck, proof.found) == (1, 6, {"mail_twice": 1, "overdue": 6})
    assert proof.first == (
        "mail twice: message 1, 2; case SR-1, SR-2", *["overdue: outbox 1, 2, 3, 4, 5, …"] * 4,
    )  # fmt: skip
    assert result(proof) == "1 doubled, 6 stuck (1 mail twice, 6 overdue)"
    assert result(proof_of([], NOW, 0.5, 3, 9, None)) == "0 doubled, 0 stuck"


def test_what_has_an_alarm_of_its_own_is_counted_and_gives_no_second_one() -> None:
    seen = {}
    for rule in RULES:
        proof = proof_of([Finding(rule.word, NOW, "support", (1,))], NOW, 0.5, 3, 9, None)
        seen[rule.word] = (proof.doubled + proof.stuck, bool(proof.since), bool(proof.first), bool(proof.untold))
    told = {"undecided", "quarantined"}
    assert seen == {rule.word: (1, *[rule.word not in told] * 3) for rule in RULES}


def test_it_is_unsound_since_the_first_look_in_a_row_that_found_anything() -> None:
    first = proof_of([TWICE], NOW, 0.5, 3, 9, CLEAN)
    second = proof_of([TWICE], NOW + HOUR, 0.5, 3, 9, first)
    cured = proof_of([], NOW + 2 * HOUR, 0.5, 3, 9, second)
    again = proof_of([TWICE], NOW + 3 * HOUR, 0.5, 3, 9, cured)
    assert [one.since for one in (first, second, cured, again)] == [NOW, NOW, None, NOW + 3 * HOUR]
    assert second.before == NOW


class Place:
    """A store as far as an auditor asks it, its pulse, and the clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.ours = True
        self.flags: dict[str, str] = {}
        self.looked: list[tuple[timedelta, int]] = []
        self.finds: list[Finding] = []
        self.error: Exception | None = None
        self.pulse = Pulse("host", lambda: 5 * MINUTE, NOW)
        self.auditor = Auditor(self, self.call, self.pulse, lambda: self.ours, lambda: self.now)  # type: ignore[arg-type]  # as much of a store

    async def call(self, work: Any, *args: Any) -> Any:
        return work(*args)

    def get_flag(self, name: str) -> str | None:
        return self.flags.get(name)

    def set_flag(self, name: str, value: str | None) -> None:
        self.flags.pop(name, None)
        if value is not None:
            self.flags[name] = value

    @property
    def failing(self) -> tuple[datetime, str] | None:
        return failing_of(self.flags.get(FAILING))

    def look_through(
        self, _: datetime, stuck_after: timedelta, seen: int, _ending: Ending
    ) -> tuple[list[Finding], int, int]:
        self.looked.append((stuck_after, seen))
        if self.error is not None:
            raise self.error
        return self.finds, 7, 99

    def due(self, after: timedelta = timedelta(0), last: Proof | None = None) -> bool:
        """Whether it is, so much later, as the keeper saw the newest look."""
        self.now += after
        self.pulse.looked(self.now, Facts(), Numbers(proof=last, audit_failing=self.failing), written=True)
        return self.auditor.is_due()

    async def look(self) -> Proof | None:
        await self.auditor.look(asyncio.Event())
        return Proof.from_text(self.flags.get(FLAG))


@pytest.fixture
def place() -> Place:
    return Place()


def test_the_first_look_is_some_minutes_after_the_start_whatever_was_proved_before(place: Place) -> None:
    assert not place.auditor.is_due()  # the keeper has not looked at all
    assert not place.due(4.9 * MINUTE)
    assert place.due(0.1 * MINUTE)
    assert place.due(timedelta(0), replace(CLEAN, at=NOW - MINUTE))
    assert not place.due(timedelta(0), CLEAN)  # by another daemon, meanwhile


@pytest.mark.parametrize(
    ("last", "wait"),
    [
        (CLEAN, DAY),
        (UNSOUND, 15 * MINUTE),
        (replace(UNSOUND, took_s=18.0), 30 * MINUTE),  # a hundred times as long as it took
        (replace(UNSOUND, took_s=9000.0), DAY),
    ],
)
def test_the_next_look_is_a_day_later_or_soon_while_something_is_found(
    place: Place, last: Proof, wait: timedelta
) -> None:
    assert not place.due(wait - MINUTE / 60, last)
    assert place.due(MINUTE / 60, last)
    place.ours = False
    assert not place.due(DAY, last)


def test_a_clock_that_was_ahead_puts_nothing_off(place: Place) -> None:
    assert place.due(6 * MINUTE, replace(CLEAN, at=NOW + 3652 * DAY))


async def test_what_was_found_is_remembered_and_what_came_since_counted(place: Place) -> None:
    first = await place.look()
    assert first is not None
    assert replace(first, took_s=0.4) == replace(CLEAN, mails=7)
    place.finds = [TWICE]
    place.now += DAY
    proof = await place.look()
    assert proof is not None
    assert (proof.before, proof.since, proof.doubled) == (NOW, NOW + DAY, 1)
    assert place.looked == [(STUCK_AFTER, 0), (STUCK_AFTER, 99)]


async def test_a_store_that_is_busy_only_postpones_it(place: Place) -> None:
    place.error = Unavailable("store: database is locked")
    with capture_logs() as logs:
        assert await place.look() is None
    assert [one["event"] for one in logs] == ["audit_postponed"]
    place.now += 10 * MINUTE
    assert not place.due(timedelta(0), None)
    assert place.due(5 * MINUTE, None)
    place.error = Unavailable("store: interrupted")
    assert await place.look() is None
    assert place.failing == (NOW, "store: interrupted")  # since the first of them
    place.auditor = Auditor(place, place.call, place.pulse, lambda: True, lambda: place.now)  # type: ignore[arg-type]  # as much of a store
    place.pulse.looked(place.now, Facts(), None, written=True)  # and knows nothing yet
    place.now += DAY
    assert await place.look() is None
    assert place.failing == (NOW, "store: interrupted")  # whoever started again meanwhile
    place.error = None
    assert await place.look()
    assert place.failing is None


async def test_a_look_that_does_not_end_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "LONGEST", 0.01)
    monkeypatch.setattr(auditor, "_END_EVERY", 0.01)
    tries = threading.Semaphore(0)

    class Slow(Ending):
        def end(self) -> None:
            tries.release()

    def look_through(*_: object) -> Any:
        for _turn in range(3):  # what is interrupted between two statements goes on
            assert tries.acquire(timeout=30)
        raise Unavailable("store: interrupted")

    monkeypatch.setattr(auditor, "Ending", Slow)
    monkeypatch.setattr(place, "look_through", look_through)
    monkeypatch.setattr(auditor, "SHARE", 10**9)  # a store that is too large for it is not looked at again and again
    assert await place.look() is None
    assert not place.due(DAY - MINUTE)
    assert place.due(MINUTE)

"""The real store with the real rules, and the model beside it: a step is done in both, and then they are compared."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from mailcase.bench import Bench
from mailcase.desk.desk import Desk
from mailcase.errors import Permanent
from mailcase.intake.addresses import key_of
from mailcase.life.case_state import Actor
from mailcase.store.life.acting import Done
from mailcase.store.store import Store
from tests.contract.life_machine.acts import Owed
from tests.contract.life_machine.look import Look, check, look, new_mail, nobody_wrongly, of_acts, states
from tests.contract.life_machine.mails import Came
from tests.contract.life_machine.model import Case, Mail, Model
from tests.contract.life_machine.people import AGENTS, actor, hire, rules
from tests.contract.life_machine.policy import AMONG_US, DELAYED, SOLVED
from tests.contract.post import Post

_LIVING = ("sent", "bounced")  # a mail that somebody may have


class Office(Post):
    """Composes with one bench."""

    @cached_property
    def bench(self) -> Bench:
        return super().bench


class World:
    """One store and its model; time goes on by `wait` and a minute a mail."""

    def __init__(self, store: Store) -> None:
        self.store, self.model = store, Model()
        self.post = Office(store, rules())
        self.desk = Desk(store, self.post.bench, lambda: self.post.at)
        hire(store)
        self.before = look(store)

    def wait(self, minutes: int) -> None:
        """The clock moves on."""
        self.post.at += timedelta(minutes=minutes)
        self.model.now = self.post.at

    def act(
        self,
        case: Case | None,
        by: str,
        real: Callable[[Desk, Actor], Done],
        model: Callable[[Done | None], Owed],
    ) -> None:
        """An act in both; what is refused wrote nothing, what is done raised the case's version."""
        held, said, done = of_acts(self.store), "", None
        try:
            done = real(self.desk, actor(by))
        except Permanent as error:
            said = str(error)
        owed = model(done)
        assert (owed is None) == (done is None), f"{by} on {case}: {said or done}; owed {owed}"
        if done is None:
            assert of_acts(self.store) == held, "what was refused left a trace"
            return
        was = self.before
        self.settle(owed or [], by)
        if case is not None:
            grown = self.before.cases[case.number].version > was.cases[case.number].version
            assert grown, f"an act on {case.number} did not raise its version"

    def deliver(
        self, raw: bytes, model: Callable[[Any], Came], by: str, changed: Mapping[int, str] | None = None
    ) -> Any:
        """A mail in both."""
        self.wait(0)
        settled = self.post.deliver(raw)
        self.wait(0)
        came = model(settled)
        assert (settled.outcome, settled.case) == (came.outcome, came.case)
        self.settle(came.owed, by, changed or {})
        return settled

    def again(self, raw: bytes) -> None:
        """The same mail once more: it is known, and nothing comes of it (B2)."""
        held = of_acts(self.store)
        assert self.post.deliver(raw).outcome == "duplicate"
        self.wait(0)
        assert of_acts(self.store) == held, "a mail that was known left a trace"

    def settle(self, owed: Sequence[Mail], by: str, changed: Mapping[int, str] | None = None) -> None:
        """Compare both after a step."""
        after = look(self.store)
        new = new_mail(self.before, after)
        want = Counter(owed)
        assert new == want, f"not owed: {[*(new - want).elements()]}; missing: {[*(want - new).elements()]}"
        assert states(self.before, after) == (changed or {})
        check(self.before, after)
        nobody_wrongly(new, self.model.active, AGENTS, by)
        told = [self.model.cases[one.case] for one in new if one.rule not in AMONG_US]
        quiet = [one.number for one in told if one.merged or one.junk]
        assert not quiet, f"of {quiet}, merged or junk, somebody was told"
        self._agree(after)
        self.before = after

    def _agree(self, after: Look) -> None:
        assert list(after.cases) == list(self.model.cases)
        for number, case in self.model.cases.items():
            row = after.cases[number]
            merged = after.numbers[row.merged_into_id] if row.merged_into_id else ""
            real: tuple[Any, ...] = (
                row.status, row.assignee, row.assignee_group, row.priority, row.category, row.support_level, merged,
                row.status_before, row.expected_at, row.first_response_at, after.followers[number],
                after.open_tasks[number],
            )  # fmt: skip
            model = (
                case.status, case.assignee, case.group, case.priority, case.category, case.level, case.merged,
                case.before, case.expected, case.responded, case.followers, case.tasks,
            )  # fmt: skip
            assert real == model, f"{number} is {real}, and should be {model}"

    def mail_to(self, audience: str, at: int) -> Any:
        """A mail of ours that its recipient has by now; None where there is none."""
        now = self.post.at
        rows = [
            one for one in self.before.outbox.values()
            if one.audience == audience and (one.state in _LIVING or self._is_due(one)) and one.message_id
        ]  # fmt: skip
        if not rows:
            return None
        row = rows[-1 - at % len(rows)]
        if row.state == "pending" and not self.send(row):
            return None
        assert now <= self.post.at
        return self.before.outbox[row.id]

    def _is_due(self, row: Any) -> bool:
        return bool(row.state == "pending" and row.next_attempt_at <= self.post.at)

    def send(self, row: Any) -> bool:
        """The drain takes one mail; one whose condition holds no longer is not sent, nor to who is disabled (L6)."""
        case = self.model.cases[self.before.numbers[row.case_id]]
        people = {row.to_key, *(key_of(one) for one in row.cc)}
        away = people & {*AGENTS} - self.model.active if row.audience == "agent" else set()
        gone = row.kind in DELAYED and (case.status != SOLVED or bool(case.merged) or case.customer != row.to_key)
        gone = gone or away == people
        if away and not gone:
            assert not self.store.claim(row.id, "machine", self.post.at), f"{row.kind} went to {away}"
        claimed = self.store.claim(row.id, "machine", self.post.at)
        assert claimed is not gone, f"{row.kind} of {case}"
        if claimed:
            self.store.finish(row.id, "sent", self.post.at)
        self.settle([], "", {row.id: "suppressed" if gone else "sent"})
        return claimed

    def drain(self) -> None:
        """All that is due."""
        due = [one.id for one in self.store.due(self.post.at, 1000)]
        assert due == sorted(one.id for one in self.before.outbox.values() if self._is_due(one))
        for row in due:
            self.send(self.before.outbox[row])

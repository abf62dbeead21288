"""The store's door for acts on cases: each one write transaction.

What makes a case by hand, or gives many an organization, is imported when it is asked for: a daemon is ready without.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailcase.life.case_state import Actor
from mailcase.policy import Policy
from mailcase.ports import Judge
from mailcase.store.again import again
from mailcase.store.engine import Engines
from mailcase.store.life import acting
from mailcase.store.life.acting import Done, Order
from mailcase.store.life.case_read import people
from mailcase.store.marks import before, outside
from mailcase.store.raw import RawPlace

if TYPE_CHECKING:
    from mailcase.store.life.creating import NewOrder

_PAUSE_S: Final = 0.05  # between two transactions of many: whoever waits to write gets his turn


@dataclass(frozen=True, slots=True)
class Given:
    """What became of cases without an organization, by mailbox."""

    organizations: Mapping[str, str]  # what those of each mailbox got
    cases: Mapping[str, int]  # how many those were
    left: Mapping[str, int]  # how many have none still


class ActingDoor:
    """What the store can do with cases by hand; `Store` is one."""

    _engines: Engines
    _raw: RawPlace

    @before(lambda store: store.keep_files)
    def act(self, order: Order, judge: Judge, kept: bool = False) -> Done:
        """Lock and read the case, ask the rule, write what it says, and queue the mails that it owes.

        `kept`: whether `keep_files` was called before.

        Raises:
            Refused: the rule does not allow it; the text says what is possible. Nothing was written.
            Permanent: there is no such case, message or customer's address.
        """
        if not kept:
            self.keep_files(order, judge)
        return self._act(order, judge)

    @outside
    def keep_files(self, order: Order, _judge: Judge) -> bool:
        """The first half of `act`: bytes of files that go outside of the store lie there durably (R1).

        Raises as `act` does what can be known before: bytes that no row names would lie there for ever.
        """
        if order.files:
            with self._engines.read() as conn:
                acting.ask(conn, order)
            self._raw.keep(self._engines, acting.kept_files(order.files))
        return True

    @before(lambda store: store.keep_new_files)
    def create_case(self, order: "NewOrder", judge: Judge, kept: bool = False) -> Done:
        """A case by hand; returns and raises as `act`."""
        if not kept:
            self.keep_new_files(order, judge)
        return self._create(order, judge)

    @outside
    def keep_new_files(self, order: "NewOrder", _judge: Judge) -> bool:
        """The first half of `create_case`, as `keep_files`."""
        from mailcase.store.life import creating

        if order.wanted.files:
            with self._engines.read() as conn:
                creating.ask(conn, order)
            self._raw.keep(self._engines, acting.kept_files(order.wanted.files))
        return True

    def give_organizations(
        self,
        actor: Actor,
        policy: Policy,
        now: datetime,
        mailbox: str = "",
        pause: Callable[[float], object] = time.sleep,
    ) -> Given:
        """Each case without an organization gets that of its mailbox (`mailbox`: of this one alone), some at a time.

        `pause` is called between two transactions, with seconds.

        Raises:
            Refused: who acts is no active admin, or there is no such organization. Nothing was written.
        """
        from mailcase.life.acts.organization import of_mailboxes
        from mailcase.store.life import organizations

        with self._engines.read() as conn:
            who = acting.current(actor, people(conn))
        wanted = of_mailboxes(who, policy, mailbox)
        given = {name: self._give_all(name, wanted[name], who.name, now, pause) for name in wanted}
        with self._engines.read() as conn:
            return Given(wanted, given, organizations.left(conn))

    def _give_all(
        self, mailbox: str, organization: str, actor: str, now: datetime, pause: Callable[[float], object]
    ) -> int:
        given = 0
        these = self._next_ones(mailbox, 0)
        while these:
            given += self._give(these, organization, actor, now)
            if these := self._next_ones(mailbox, these[-1]):
                pause(_PAUSE_S)
        return given

    def _next_ones(self, mailbox: str, after: int) -> Sequence[int]:
        """Looked for while others write: only giving them is a write."""
        from mailcase.store.life import organizations

        with self._engines.read() as conn:
            return organizations.next_ones(conn, mailbox, after)

    @again
    def _give(self, these: Sequence[int], organization: str, actor: str, now: datetime) -> int:
        from mailcase.store.life import organizations

        with self._engines.write() as conn:
            return organizations.give(conn, these, organization, actor, now)

    @again
    def _act(self, order: Order, judge: Judge) -> Done:
        with self._engines.write() as conn:
            return acting.act(conn, self._raw, judge, order)

    @again
    def _create(self, order: "NewOrder", judge: Judge) -> Done:
        from mailcase.store.life import creating

        with self._engines.write() as conn:
            return creating.create(conn, self._raw, judge, order)

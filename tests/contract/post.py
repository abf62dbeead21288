"""A store with the real core behind it: mails as bytes are journalled, read, decided and applied, here and now."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.cases.statuses import StatusTable
from mailcase.intake.parse import read
from mailcase.message import Wish
from mailcase.outbox.compose import Composer
from mailcase.outbox.templates import TemplateSet
from mailcase.policy import Policy
from mailcase.ports import Arrival, Reading, Settled
from mailcase.shipped import FOLDER
from mailcase.store.store import Store
from mailcase.template_files import load_templates
from tests.builders import NOW, make_mailbox, make_policy
from tests.servers.letters import DESK, letter

STATUSES = StatusTable()


@cache
def templates() -> TemplateSet:
    return load_templates(FOLDER / "templates")


def policy(**over: Any) -> Policy:
    """The shipped rules for one mailbox, or those given."""
    return make_policy(make_mailbox(from_name="Help desk"), **over)


@dataclass
class Post:
    """Delivers letters one after another, a minute apart."""

    store: Store
    rules: Policy = field(default_factory=policy)
    at: datetime = NOW
    _uids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def bench(self) -> Bench:
        return Bench(self.rules, Composer(self.rules, templates()))

    def deliver(self, raw: bytes, **over: Any) -> Settled:
        """Journal and decide one mail."""
        (settled,) = self.store.settle([self.reading(raw, **over)], self.bench, self.at)
        assert not settled.error, settled.error
        return settled

    def reading(self, raw: bytes, **over: Any) -> Reading:
        """Journal one, to be decided."""
        uid = next(self._uids)
        self.at += timedelta(minutes=1)
        plain = {"received_at": self.at, "raw": raw, **over}
        (row,) = self.store.journal([Arrival("support", "imap:host:user", "INBOX", f"1:{uid}", 1, uid, **plain)], None)
        return Reading(row.delivery, read(raw))

    def write(self, number: int | str, **over: Any) -> Settled:
        """A letter of customer `number`."""
        return self.deliver(letter(number, **{"date": self.at, **over}))

    def accept(self, delivery: int, case: int | None = None, actor: str = "agent@helpdesk.example") -> Settled:
        """`message accept`."""
        self.at += timedelta(minutes=1)
        row = self.store.delivery(delivery, Wish(accept=True, case=case, actor=actor))
        (settled,) = self.store.settle([Reading(row.delivery, read(self.store.raw(row.sha256)))], self.bench, self.at)
        return settled

    def set(self, number: str, status: str) -> None:
        """`case set`."""
        self.at += timedelta(minutes=1)
        self.store.set_case(number, self.at, "agent@helpdesk.example", status=status)

    def ours(self, case: str) -> str:
        """The Message-ID of our acknowledgement."""
        return next(str(one["message_id"]) for one in self.store.outbox_list() if one["case"] == case)

    def case(self, number: str) -> dict[str, Any]:
        """`case show`."""
        return self.store.case_show(number, STATUSES)

    def mails(self, number: str) -> list[str]:
        """Subjects of the mails that came in on a case, and `→` for ours."""
        return [one["subject"] if one["direction"] == "in" else "→" for one in self.case(number)["messages"]]


def dump(store: Store) -> dict[str, list[Any]]:
    """Every row of every table, to compare what a store holds."""
    from mailcase.store import tables as t

    with store._engines.read() as conn:
        return {
            table.name: sorted(map(repr, conn.execute(sa.select(table)).all())) for table in t.metadata.sorted_tables
        }


__all__ = ["DESK", "NOW", "STATUSES", "Post", "dump", "letter", "policy"]

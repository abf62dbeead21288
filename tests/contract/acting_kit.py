"""What the contract tests of acts share: a store with agents and a desk that decides by the real rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.desk.desk import Desk, operator
from mailcase.life.case_state import Actor
from mailcase.message import Email
from mailcase.outbox.compose import Composer
from mailcase.policy import Policy
from mailcase.ports import Reading, Settled
from mailcase.shipped import FOLDER
from mailcase.store import tables as t
from mailcase.store.store import Store
from mailcase.template_files import load_templates
from tests.builders import NOW, SUPPORT
from tests.contract.store_kit import STATUSES, arrival, mail
from tests.life_kit import ANN, BEN, EVA, life_policy

ROOT: Final = operator("root")
TEMPLATES: Final = load_templates(FOLDER / "templates")


def bench_of(policy: Policy) -> Bench:
    """The real judge."""
    return Bench(policy, Composer(policy, TEMPLATES))


@dataclass
class Office:
    """A store, its desk and a mailbox; the clock stands still unless `now` is set."""

    store: Store
    policy: Policy = field(default_factory=life_policy)
    now: Any = NOW
    uid: int = 0

    @property
    def desk(self) -> Desk:
        return Desk(self.store, bench_of(self.policy), lambda: self.now)

    def ann(self) -> Actor:
        return self.desk.agent(ANN)

    def receive(self, *emails: Email) -> list[Settled]:
        """Journalled and settled as one batch."""
        rows = self.store.journal([arrival(f"1:{self.uid + at}", received_at=self.now) for at in _upto(emails)], None)
        self.uid += len(emails)
        readings = [Reading(row.delivery, one) for row, one in zip(rows, emails, strict=True)]
        return self.store.settle(readings, bench_of(self.policy), self.now)

    def case(self, number: str = "SR-1") -> dict[str, Any]:
        return self.store.case_show(number, STATUSES)

    def events(self, number: str = "SR-1") -> list[str]:
        return [one["event"] for one in self.case(number)["events"]]

    def newest(self, number: str = "SR-1") -> dict[str, Any]:
        """The newest mail from outside that stands on the case."""
        found: dict[str, Any] = [one for one in self.case(number)["messages"] if one["direction"] == "in"][-1]
        return found

    def mails(self) -> list[tuple[str, str, str]]:
        """(rule, to, state) of each in the outbox, oldest first."""
        return [(one["kind"], one["to"], one["state"]) for one in self.store.outbox_list()]

    def row(self, number: str = "SR-1") -> Any:
        """The case's columns."""
        return self.rows(t.case, t.case.c.number == number)[0]

    def rows(self, table: sa.Table, *where: Any) -> Sequence[Any]:
        with self.store._engines.read() as conn:
            return conn.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)).all()

    def hire(self) -> None:
        """Ann and Ben in First line, Eva the admin."""
        plain = {"language": "", "timezone": "", "organizations": [], "active": True, "created_at": NOW}
        rows = [
            {**plain, "key": key, "address": key, "name": key[:3].title(), "role": role}
            for key, role in ((ANN, "agent"), (BEN, "agent"), (EVA, "admin"))
        ]
        with self.store._engines.write() as conn:
            conn.execute(sa.insert(t.agent), rows)
            groups = [{"name": name, "active": True, "created_at": NOW} for name in ("First line", "Second line")]
            conn.execute(sa.insert(t.agent_group), groups)
            ids = conn.execute(sa.select(t.agent.c.id).where(t.agent.c.key.in_((ANN, BEN)))).scalars()
            members = [{"of_group": "First line", "agent_id": one} for one in ids]
            conn.execute(sa.insert(t.agent_group_member), members)


def _upto(emails: Sequence[Email]) -> range:
    return range(1, len(emails) + 1)


def letter(name: str, *answers: str, **over: Any) -> Email:
    """A person's mail to support with the Message-ID <name@x> that answers the mails of these names."""
    return replace(mail(name, *answers, **over), headers=(("To", SUPPORT),))

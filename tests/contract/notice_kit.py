"""A support desk with agents for the tests of notices: people are rows, happenings are told, the outbox is read."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mailcase.life.happening import Happening, What
from mailcase.store import tables as t
from mailcase.store.life.notify import tell
from mailcase.store.store import Store
from tests.contract.post import NOW, Post, letter, policy

JANE, KIM, OTTO = "jane@helpdesk.example", "kim@helpdesk.example", "otto@helpdesk.example"


@dataclass
class Bureau:
    """A store, its post, and three agents: jane and kim in the group First line, otto alone."""

    store: Store
    post: Post

    @classmethod
    def of(cls, store: Store, **rules: Any) -> "Bureau":
        bureau = cls(store, Post(store, policy(**rules)))
        with bureau.writes() as conn:
            conn.execute(sa.insert(t.agent_group), [{"name": "First line", "active": True, "created_at": NOW}])
            for number, (address, name) in enumerate(((JANE, "Jane Roe"), (KIM, "Kim Lee"), (OTTO, "Otto Ohm")), 1):
                conn.execute(sa.insert(t.agent), [_agent(number, address, name)])
            conn.execute(sa.insert(t.agent_group_member), [_member(1), _member(2)])
        return bureau

    def writes(self) -> Any:
        return self.store._engines.write()

    def case(self, **values: Any) -> int:
        """A case of a first letter, with these columns set."""
        number = self.post.write("erin", subject="Printer jams").case
        running = int(str(number).removeprefix("SR-"))
        self.set(running, **values)
        return running

    def set(self, running: int, **values: Any) -> None:
        if values:
            with self.writes() as conn:
                conn.execute(sa.update(t.case).where(t.case.c.running == running).values(**values))

    def tell(self, what: What, running: int, version: int = 2, **over: Any) -> int:
        """What an act of jane did."""
        plain = {"by": JANE, "by_name": "Jane Roe", **over}
        happening = Happening(what, running, f"act:{running}:{version}", **plain)
        with self.writes() as conn:
            return tell(conn, self.post.bench, (happening,), self.post.at)

    def rows(self, *kinds: str) -> list[Any]:
        """Rows of the outbox, those of these rules."""
        with self.store._engines.read() as conn:
            rows = conn.execute(sa.select(t.outbox).order_by(t.outbox.c.id)).all()
        return [row for row in rows if not kinds or row.kind in kinds]

    def told(self, *kinds: str) -> list[tuple[str, str, str, str]]:
        """(rule, recipients, state, reason) of what is no acknowledgement."""
        rows = [row for row in self.rows(*kinds) if row.kind != "registration"]
        return [(row.kind, " ".join((row.to, *row.cc)), row.state, row.reason) for row in rows]


def _agent(number: int, address: str, name: str) -> dict[str, Any]:
    return {
        "id": number, "key": address, "address": address, "name": name, "language": "", "timezone": "",
        "role": "agent", "organizations": [], "active": True, "created_at": NOW,
    }  # fmt: skip


def _member(agent: int) -> dict[str, Any]:
    return {"of_group": "First line", "agent_id": agent}


__all__ = ["JANE", "KIM", "OTTO", "Bureau", "What", "letter"]

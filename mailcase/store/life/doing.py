"""One act while it is carried out: what its deeds share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.life.case_state import Actor
from mailcase.life.changes import Changes, Did
from mailcase.life.happening import Happening, What
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.raw import RawPlace

_C = t.case.c


@dataclass(slots=True)
class Doing:
    """The transaction of an act, and what becomes of it."""

    conn: Connection
    place: RawPlace | None  # None where no act brings files
    judge: Judge
    actor: Actor
    now: datetime
    running: int  # of the case that is acted on
    number: str
    version: int  # after the act
    happenings: list[Happening] = field(default_factory=list)
    made: str = ""  # number of a case that the act made
    task: int | None = None  # id of a task that the act made
    replies: list[int] = field(default_factory=list)  # messages to the customer
    events: list[str] = field(default_factory=list)  # of the history of the case that is acted on

    @property
    def key(self) -> str:
        """Names this act: what it happens to tell, it tells once."""
        return act_key(self.running, self.version)

    def history(self, events: Sequence[Did]) -> None:
        """Lines of this case's history, in order."""
        for one in events:
            self.event(self.running, one)

    def event(self, running: int, did: Did) -> None:
        """A line of the history of this or another case."""
        if running == self.running:
            self.events.append(did.event)
        row = {
            "case_id": running, "at": self.now, "event": did.event, "actor": self.actor.name, "delivery_id": None,
            "data": dict(did.data),
        }  # fmt: skip
        self.conn.execute(sa.insert(t.case_event), row)

    def happened(self, changes: Changes) -> None:
        """What the rules of notices are told."""
        said: dict[str, Any] = {"text": changes.text, "solution": str(changes.values.get("solution", ""))}
        self.tell(changes.happened, self.running, self.key, **said, given=changes.given, due_at=changes.due_at)
        if changes.moves:
            self.tell((What.CHANGED,), self.running, self.key, **said, also=changes.happened)

    def tell(self, whats: Sequence[What], running: int, key: str, **more: Any) -> None:
        """The same of any case; `more` are fields of a Happening."""
        name = self.actor.agent.name if self.actor.agent else ""
        self.happenings += [Happening(what, running, key, self.actor.name, name, **more) for what in whats]

    def change(self, running: int, values: Mapping[str, object]) -> None:
        """Columns of a case; its version tells mails under way that it changed."""
        set_ = sa.update(t.case).where(_C.running == running)
        self.conn.execute(set_.values(**values, updated_at=self.now, version=_C.version + 1))


def act_key(running: int, version: int) -> str:
    """The key of what an act on that case made happen."""
    return f"act:{running}:{version}"

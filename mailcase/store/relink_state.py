"""What a relinking changes, as it is and as it was: read, kept as JSON, put back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow

_D, _M, _C, _L, _H, _O = (
    t.delivery.c, t.message.c, t.case.c, t.case_message.c, t.delivery_outcome.c, t.outbox.c,
)  # fmt: skip
_DELIVERY: Final = (_D.outcome, _D.reason, _D.linked_by, _D.case_id, _D.sender_unverified)
_MESSAGE: Final = (_M.outcome, _M.reason, _M.sender_unverified)


@dataclass(frozen=True, slots=True)
class Place:
    """A mail with the delivery that decided it, and our own mails that answer it."""

    delivery_id: int
    message_pk: int
    group: str
    outcome: str
    case_id: int
    answers: tuple[int, ...]  # messages: they go where the mail goes, so that a reply to them does too

    @classmethod
    def of(cls, conn: Connection, row: AnyRow, group: str) -> Self:
        """From the delivery's row."""
        asked = sa.select(_O.message_pk).where(_O.delivery_id == row.id, _O.message_pk.is_not(None)).order_by(_O.id)
        answers = tuple(conn.execute(asked).scalars())
        return cls(row.id, row.message_pk, group, row.outcome, row.case_id, answers)

    @property
    def messages(self) -> tuple[int, ...]:
        """The mail and our answers to it."""
        return (self.message_pk, *self.answers)


def state_of(conn: Connection, place: Place) -> dict[str, Any]:
    """Current outcome and all links of the mail and of our answers to it; plain JSON."""
    delivery = conn.execute(sa.select(*_DELIVERY).where(_D.id == place.delivery_id)).mappings().one()
    message = conn.execute(sa.select(*_MESSAGE).where(_M.id == place.message_pk)).mappings().one()
    links = sa.select(t.case_message).where(_L.message_pk.in_(place.messages)).order_by(_L.message_pk, _L.case_id)
    last = sa.select(sa.func.max(_H.id)).where(_H.delivery_id == place.delivery_id)
    return {
        "delivery": dict(delivery),
        "message": dict(message),
        "links": [{**row, "at": row["at"].isoformat()} for row in conn.execute(links).mappings()],
        "outcome_id": conn.execute(last).scalar_one_or_none(),
    }


def put_back(conn: Connection, place: Place, state: Mapping[str, Any]) -> None:
    """Make outcome and links what they were."""
    conn.execute(sa.update(t.delivery).where(_D.id == place.delivery_id).values(**state["delivery"]))
    conn.execute(sa.update(t.message).where(_M.id == place.message_pk).values(**state["message"]))
    conn.execute(sa.delete(t.case_message).where(_L.message_pk.in_(place.messages)))
    conn.execute(sa.insert(t.case_message), link_rows(state["links"]))


def link_rows(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Kept links as rows."""
    return [{**one, "at": datetime.fromisoformat(one["at"])} for one in links]


def case_rows(conn: Connection, runnings: Sequence[int]) -> list[AnyRow]:
    """The cases in the order asked for, locked in one order everywhere."""
    columns = (_C.running, _C.number, _C.group_name, _C.merged_into_id, _C.status)
    statement = sa.select(*columns).where(_C.running.in_(runnings)).order_by(_C.running).with_for_update()
    found = {row.running: row for row in conn.execute(statement)}
    return [found[one] for one in runnings]


def record(
    conn: Connection,
    place: Place,
    line: Mapping[str, str],
    now: datetime,
    actor: str,
    like: int | None = None,
) -> None:
    """A line of the delivery's history: its current outcome, with who did it and the tests of before (P6).

    `like` is the history's row whose tests count again; None: the last one.
    """
    asked = sa.select(_H.trace, _H.policy_hash).where(_H.delivery_id == place.delivery_id)
    asked = asked.where(_H.id == like) if like is not None else asked.order_by(_H.id.desc()).limit(1)
    tests = conn.execute(asked).one_or_none()
    current = conn.execute(sa.select(_D.outcome, _D.reason, _D.case_id).where(_D.id == place.delivery_id)).one()
    earlier = list(tests.trace) if tests is not None else []
    row = {
        "delivery_id": place.delivery_id, "at": now, "outcome": current.outcome, "reason": current.reason,
        "case_id": current.case_id, "actor": actor, "policy_hash": tests.policy_hash if tests is not None else "",
        "trace": [dict(line), *earlier] if like is None else [*earlier, dict(line)],
    }  # fmt: skip
    conn.execute(sa.insert(t.delivery_outcome), row)

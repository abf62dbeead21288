"""What happened in a store since a moment, in order: mails that were decided, and what people did by hand (P6)."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.message import Delivery, Wish
from mailcase.store import tables as t
from mailcase.store.journal import delivery as journal_row
from mailcase.store.replay_acts import Act, acts_since

_D, _H, _C, _M, _R, _O, _W = (
    t.delivery.c, t.delivery_outcome.c, t.case.c, t.message.c, t.relink.c, t.outbox.c, t.raw.c,
)  # fmt: skip
#: Lines of a delivery's history that are no decisions.
_NO_DECISION: Final = ("retried",)
_BY_HAND: Final = ("dropped", "erased")  # reason words of outcomes that a person gave
MACHINE: Final = "mailcase"  # the actor of what nobody did by hand


@dataclass(frozen=True, slots=True)
class Decide:
    """A mail was decided, or decided again with a person's wish."""

    at: datetime
    delivery: Delivery
    sha256: str
    running: int | None  # of the case that it made: it gets that number again


@dataclass(frozen=True, slots=True)
class Moved:
    """A person put a mail on another case (`running`), or took that back (None)."""

    at: datetime
    delivery: int
    running: int | None
    actor: str


Step = Decide | Moved | Act


@dataclass(frozen=True, slots=True)
class Past:
    """The time since `since`."""

    since: datetime
    steps: tuple[Step, ...]  # in order
    deliveries: tuple[int, ...]  # that were decided in it
    given: dict[int, str]  # those that are not decided again and stay as they are, with why they cannot be, or ""
    given_messages: frozenset[int]  # theirs, with our answers
    failed: frozenset[int]  # deliveries whose acknowledgement could not be sent: it counts for no limit (K9)


def read_past(conn: Connection, since: datetime, mailboxes: Set[str]) -> Past:
    """Everything since then; `mailboxes` are those that the rules know."""
    rows = conn.execute(
        sa.select(_H.id, _H.delivery_id, _H.at, _H.outcome, _H.reason, _H.actor).where(_H.at >= since).order_by(_H.id)
    ).all()
    moved = list(_moves(conn, since))
    moves = {(one.at, one.delivery) for one in moved}
    known = _deliveries(conn, {row.delivery_id for row in rows})
    lines = [row for row in rows if row.delivery_id in known and (row.at, row.delivery_id) not in moves]
    given = _given(known, mailboxes)
    made = _made(conn, since)
    decided = [
        Decide(row.at, _delivery(conn, row), known[row.delivery_id].raw_sha256, made.get(row.delivery_id))
        for row in lines
        if row.delivery_id not in given and row.outcome not in _NO_DECISION and row.reason not in _BY_HAND
    ]
    by_hand = {row.delivery_id for row in lines if row.reason in _BY_HAND}
    given |= dict.fromkeys(by_hand, "")
    steps: list[Step] = [*decided, *acts_since(conn, since), *moved]
    steps.sort(key=lambda step: step.at)  # stable: the history's order
    return Past(
        since=since,
        steps=tuple(step for step in steps if not isinstance(step, Decide) or step.delivery.id not in by_hand),
        deliveries=tuple(sorted({row.delivery_id for row in lines})),
        given=given,
        given_messages=frozenset(_messages_of(conn, sorted(given))),
        failed=frozenset(_failed(conn, since)),
    )


def _moves(conn: Connection, since: datetime) -> Iterator[Moved]:
    joined = sa.join(t.relink, t.message, _M.id == _R.message_pk)
    columns = (_R.at, _R.undone_at, _R.actor, _R.after, _M.delivery_id)
    late = sa.or_(_R.at >= since, _R.undone_at >= since)
    for row in conn.execute(sa.select(*columns).select_from(joined).where(late).order_by(_R.id)):
        if row.at >= since:
            yield Moved(row.at, row.delivery_id, row.after["delivery"]["case_id"], row.actor)
        if row.undone_at is not None and row.undone_at >= since:
            yield Moved(row.undone_at, row.delivery_id, None, row.actor)


def _deliveries(conn: Connection, ids: Iterable[int]) -> dict[int, Any]:
    """Facts of the deliveries; mail below the baseline was never decided (B1)."""
    columns = (_D.id, _D.mailbox, _D.reason, _D.raw_sha256, _W.purged_at)
    statement = sa.select(*columns).select_from(sa.join(t.delivery, t.raw, _W.sha256 == _D.raw_sha256))
    rows = slices(sorted(ids), lambda some: conn.execute(statement.where(_D.id.in_(some))))
    return {row.id: row for row in rows if row.reason != "before_start"}


def _given(known: dict[int, Any], mailboxes: Set[str]) -> dict[int, str]:
    given: dict[int, str] = {}
    for one, row in known.items():
        if row.purged_at is not None:
            given[one] = f"its raw mail was removed on {row.purged_at:%Y-%m-%d}"
        elif row.mailbox not in mailboxes:
            given[one] = f"no mailbox is named {row.mailbox} there"
    return given


def _delivery(conn: Connection, row: Any) -> Delivery:
    """The delivery, with the wish of who decided it by hand."""
    if row.actor == MACHINE or row.outcome == "quarantined":
        return journal_row(conn, row.delivery_id, Wish()).delivery
    trace = conn.execute(sa.select(_H.trace).where(_H.id == row.id)).scalar_one()
    number = next((line["result"] for line in trace if line["test"] == "by hand"), None)
    case = conn.execute(sa.select(_C.running).where(_C.number == number)).scalar_one_or_none() if number else None
    return journal_row(conn, row.delivery_id, Wish(accept=True, case=case, actor=row.actor)).delivery


def _made(conn: Connection, since: datetime) -> dict[int, int]:
    """delivery -> running number of the case that its mail made since then."""
    joined = sa.join(t.case, t.message, _M.id == _C.origin_pk)
    statement = sa.select(_M.delivery_id, _C.running).select_from(joined).where(_C.created_at >= since)
    return {row.delivery_id: row.running for row in conn.execute(statement) if row.delivery_id is not None}


def _messages_of(conn: Connection, deliveries: Sequence[int]) -> Iterator[int]:
    """Messages that these deliveries brought, and our answers to them."""
    mails = slices(deliveries, lambda some: conn.execute(sa.select(_M.id).where(_M.delivery_id.in_(some))).scalars())
    yield from mails
    answers = sa.select(_O.message_pk).where(_O.message_pk.is_not(None))
    yield from slices(deliveries, lambda some: conn.execute(answers.where(_O.delivery_id.in_(some))).scalars())


def _failed(conn: Connection, since: datetime) -> Iterator[int]:
    statement = sa.select(_O.delivery_id).where(_O.state == "failed", _O.created_at >= since)
    yield from conn.execute(statement.where(_O.delivery_id.is_not(None))).scalars()


def slices(values: Sequence[int], ask: Callable[[Sequence[int]], Iterable[Any]]) -> Iterator[Any]:
    """The rows of many values, so many at a time."""
    for start in range(0, len(values), 500):
        yield from ask(values[start : start + 500])

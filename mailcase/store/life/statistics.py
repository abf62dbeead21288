"""What `mailcase report` counts: the cases and changes of its period, and what else is open as sums."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import Role, StatusTable
from mailcase.life.statistics import AGES, OPEN, Backlog, CaseFact, Facts, Move
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life.answers import first_answered
from mailcase.store.tables_cases import STATUS_LINES

_C, _E, _L = t.case.c, t.case_event.c, t.case_message.c
_FROM, _TO = _E.data["from"].as_string(), _E.data["to"].as_string()
#: Lines that say from what status to what; one without is another program's.
_MOVES: Final = (STATUS_LINES, sa.func.coalesce(_FROM, "") != "", sa.func.coalesce(_TO, "") != "")
_SOME: Final = 500  # cases of one statement


def facts(
    conn: Connection,
    statuses: StatusTable,
    since: datetime,
    until: datetime,
    organizations: tuple[str, ...] | None = None,
) -> Facts:
    """Cases made or changed in the period with their changes since its beginning, and sums of the others.

    Args:
        conn: a connection that reads.
        statuses: for the kinds; a status that the table lost counts as active.
        since: the beginning of the period.
        until: its end.
        organizations: only cases of these, (): without one; None: all.
    """
    return _Reading(conn, statuses, since, until, organizations).facts()


@dataclass
class _Reading:
    conn: Connection
    statuses: StatusTable
    since: datetime
    until: datetime
    organizations: tuple[str, ...] | None

    def facts(self) -> Facts:
        cases = tuple(map(self._case, self.conn.execute(self._in_the_period())))
        moves = (*self._moves(), *self._later([one.running for one in cases]))
        return Facts(cases, moves, tuple(self._backlog()), self._began())

    def _began(self) -> datetime | None:
        """When the first case of all was made; numbers are given out in that order, so that few rows are read."""
        first = sa.select(_C.created_at).where(*self._seen()).order_by(_C.running).limit(1)
        return self.conn.execute(first).scalar_one_or_none()

    def _seen(self) -> Iterator[sa.ColumnElement[bool]]:
        """Junk is none, nor are cases of organizations that are not looked at."""
        yield ~sa.exists().where(_L.case_id == _C.running, _L.how == "junk_case")
        if self.organizations is not None:
            yield _C.organization.in_(self.organizations or ("",))

    @cached_property
    def _changed(self) -> sa.Select[Any]:
        return sa.select(_E.case_id).where(STATUS_LINES, _E.at >= self.since, _E.at < self.until)

    def _in_the_period(self) -> sa.Select[Any]:
        """Two small sets, each found by an index of its own."""
        columns = (
            _C.running, _C.created_at, _C.status, _C.mailbox, _C.category, _C.assignee, _C.assignee_group,
            first_answered().label("first_response_at"),
        )  # fmt: skip
        made = sa.select(_C.running).where(_C.created_at >= self.since, _C.created_at < self.until)
        matters = _C.running.in_(sa.union(made, self._changed))
        which = (matters, _C.created_at < self.until, *self._seen())
        return sa.select(*columns).where(*which).order_by(_C.running)

    def _case(self, row: AnyRow) -> CaseFact:
        return CaseFact(
            running=row.running,
            created_at=row.created_at,
            kind=self.statuses.kind(row.status),
            canceled=self.statuses.find(row.status) is self.statuses.by_role(Role.CANCELED),
            mailbox=row.mailbox,
            category=row.category,
            assignee=row.assignee.lower(),
            group=row.assignee_group,
            first_response_at=row.first_response_at,
        )

    def _moves(self) -> Iterator[Move]:
        """Of the period."""
        joined = sa.join(t.case_event, t.case, _C.running == _E.case_id)
        lines = sa.select(_E.case_id, _E.at, _E.data).select_from(joined)
        inside = (_E.at >= self.since, _E.at < self.until, _C.created_at < self.until)
        yield from map(
            self._move, self.conn.execute(lines.where(*_MOVES, *inside, *self._seen()).order_by(_E.at, _E.id))
        )

    def _later(self, cases: Sequence[int]) -> Iterator[Move]:
        """Those after the period of cases that matter in it: what they were at its end."""
        lines = sa.select(_E.case_id, _E.at, _E.data).where(*_MOVES, _E.at >= self.until)
        for start in range(0, len(cases), _SOME):
            mine = lines.where(_E.case_id.in_(cases[start : start + _SOME]))
            yield from map(self._move, self.conn.execute(mine.order_by(_E.at, _E.id)))

    def _move(self, row: AnyRow) -> Move:
        kind = self.statuses.kind
        return Move(row.case_id, row.at, kind(str(row.data["from"])), kind(str(row.data["to"])))

    def _backlog(self) -> Iterator[Backlog]:
        """Sums of the cases that were open at the end, though neither made nor changed in the period.

        Open then is what is open now and was not set so since, and what is not open now but was.
        """
        names = set(self.conn.execute(sa.select(_C.status).distinct()).scalars())
        now_open = sorted(one for one in names if self._is_open(one))
        later = sa.select(_E.case_id).where(STATUS_LINES, _E.at >= self.until)
        for which in (
            (_C.status.in_(now_open),),
            (_C.status.in_(sorted(names - {*now_open})), _C.running.in_(later)),
        ):
            yield from self._sums(which)

    def _is_open(self, status: str) -> bool:
        return self.statuses.kind(status) in OPEN

    def _sums(self, which: Iterable[sa.ColumnElement[bool]]) -> Iterator[Backlog]:
        first = sa.select(_FROM).where(_E.case_id == _C.running, *_MOVES, _E.at >= self.until)
        then = first.order_by(_E.at, _E.id).limit(1).correlate(t.case).scalar_subquery()
        ages = [(_C.created_at > _before(self.until, under), at) for at, (_, under) in enumerate(AGES[:-1])]
        old = (_C.created_at < self.since, _C.running.not_in(self._changed), *which, *self._seen())
        columns = (
            _C.mailbox, _C.category, sa.func.lower(_C.assignee).label("assignee"), _C.assignee_group.label("group"),
            sa.func.coalesce(then, _C.status).label("status"), sa.case(*ages, else_=len(AGES) - 1).label("age"),
        )  # fmt: skip
        each = sa.select(*columns).where(*old).subquery()
        sums = sa.select(*each.c, sa.func.count().label("count")).group_by(*each.c)
        for row in self.conn.execute(sums.order_by(*each.c)).mappings():
            if self._is_open(row["status"]):
                yield Backlog(**{name: value for name, value in row.items() if name != "status"})


def _before(at: datetime, ago: timedelta) -> datetime:
    """So long before a moment, or the first there is."""
    first = datetime.min.replace(tzinfo=UTC)
    return at - ago if at - first > ago else first

"""Reading cases for a Snapshot, with what they were merged into and what followed them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.snapshot import CaseView
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.hot import Hot, is_in, padded, places

_MOST_FOLLOWERS = 50  # newest a case
_C = t.case.c
_R = t.case_relation.c
_P = t.case_participant.c
_A = t.contact_address.c
_VIEW = (
    _C.running, _C.number, _C.group_name, _C.status, _C.category, _C.title, _C.contact_id, _C.account_id,
    _C.merged_into_id, _C.assignee, _C.version, _C.created_at, _C.first_kind,
)  # fmt: skip


@lru_cache(maxsize=64)
def _cases(runnings: int, groups: int) -> Hot:
    return Hot(sa.select(*_VIEW).where(_running_in(_C.running, runnings), is_in(_C.group_name, "group", groups)))


@lru_cache(maxsize=64)
def _follow(runnings: int) -> Hot:
    found = sa.select(_R.other_id, _R.case_id).where(_running_in(_R.other_id, runnings), _R.relation == "follows")
    return Hot(found.order_by(_R.case_id.desc()))


@lru_cache(maxsize=64)
def _people(runnings: int) -> Hot:
    owners = sa.join(t.case, t.contact_address, _A.contact_id == _C.contact_id)
    both = sa.union_all(
        sa.select(_P.case_id, _P.key).where(_running_in(_P.case_id, runnings)),
        sa.select(_C.running, _A.key).select_from(owners).where(_running_in(_C.running, runnings)),
    )
    return Hot(both)


def _running_in(column: sa.ColumnElement[Any], count: int) -> sa.ColumnElement[bool]:
    return is_in(column, "running", count)


def load_cases(conn: Connection, groups: tuple[str, ...], wanted: Iterable[int]) -> dict[int, CaseView]:
    """The views of these running numbers in the groups and of all that merging and following leads to."""
    rows: dict[int, AnyRow] = {}
    followers: dict[int, tuple[int, ...]] = {}
    todo = set(wanted)
    asked: set[int] = set()
    while todo:
        asked |= todo
        found = {row.running: row for row in _named(conn, sorted(todo), groups)}
        rows |= found
        followers |= _followers(conn, sorted(found))
        todo = _led_to(found.values(), followers) - asked
    participants = _participants(conn, sorted(rows))
    return {
        running: _view(row, participants.get(running, frozenset()), _known(followers.get(running, ()), rows))
        for running, row in rows.items()
    }


def _named(conn: Connection, runnings: list[int], groups: tuple[str, ...]) -> list[AnyRow]:
    given = {**places("running", runnings), **places("group", groups)}
    return _cases(padded(len(runnings)), padded(len(groups))).run(conn, given)


def _led_to(rows: Iterable[AnyRow], followers: dict[int, tuple[int, ...]]) -> set[int]:
    merged = {row.merged_into_id for row in rows if row.merged_into_id is not None}
    return merged.union(*followers.values())


def _known(followers: tuple[int, ...], rows: dict[int, AnyRow]) -> tuple[int, ...]:
    return tuple(one for one in followers if one in rows)


def _followers(conn: Connection, runnings: list[int]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    if runnings:
        for closed, follower in _follow(padded(len(runnings))).run(conn, places("running", runnings)):
            found[closed] = (*found.get(closed, ()), follower)[:_MOST_FOLLOWERS]
    return found


def _participants(conn: Connection, runnings: list[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    if runnings:
        for running, key in _people(padded(len(runnings))).run(conn, places("running", runnings)):
            found.setdefault(running, set()).add(key)
    return {running: frozenset(keys) for running, keys in found.items()}


def _view(row: AnyRow, participants: frozenset[str], followers: tuple[int, ...]) -> CaseView:
    return CaseView(
        running=row.running, number=row.number, group=row.group_name, status=row.status, category=row.category,
        title=row.title, contact_id=row.contact_id, account_id=row.account_id, participants=participants,
        merged_into=row.merged_into_id, followers=followers, assignee=row.assignee, version=row.version,
        created_at=row.created_at, first_kind=row.first_kind,
    )  # fmt: skip

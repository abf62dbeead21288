"""What a case does not tell agents whose organizations are apart: the numbers of cases that are not theirs to see."""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t

_C = t.case.c
_ONE: Final = ("parent", "merged_into")
_MANY: Final = ("children", "merged_from")
_SLICE: Final = 500

Shown = dict[str, Any]


def veiled(conn: Connection, case: Shown, organizations: tuple[str, ...] | None) -> Shown:
    """The case as `case show` tells it, without what names cases of other organizations.

    `organizations`: those whose cases are seen, (): of none; None: all are, and nothing is asked.
    """
    if organizations is None:
        return case
    hidden = _others(conn, set(_named(case)), organizations)
    return {
        **case,
        **{key: None if case[key] in hidden else case[key] for key in _ONE},
        **{key: [one for one in case[key] if one not in hidden] for key in _MANY},
        "related": [one for one in case["related"] if one["number"] not in hidden],
        "messages": [_mail(one, hidden) for one in case["messages"]],
        "events": [{**one, "data": _data(one["data"] or {}, hidden)} for one in case["events"]],
    }


def _named(case: Shown) -> Iterator[str]:
    """Whatever may be the number of a case."""
    yield from (case[key] for key in _ONE if case[key])
    yield from (one for key in _MANY for one in case[key])
    yield from (one["number"] for one in case["related"])
    for mail in case["messages"]:
        yield from (one for one in (mail["case"], *mail["cases"]) if one)
    for event in case["events"]:
        yield from (one for one in (event["data"] or {}).values() if isinstance(one, str))


def _others(conn: Connection, named: set[str], organizations: tuple[str, ...]) -> set[str]:
    """Which of these are numbers of cases that are not seen."""
    hidden = sa.select(_C.number).where(_C.organization.not_in(organizations or ("",)))
    ordered, found = sorted(named), set[str]()
    for start in range(0, len(ordered), _SLICE):
        some = hidden.where(_C.number.in_(ordered[start : start + _SLICE]))
        found |= set(conn.execute(some).scalars())
    return found


def _mail(mail: Shown, hidden: set[str]) -> Shown:
    case = None if mail["case"] in hidden else mail["case"]
    return {**mail, "case": case, "cases": [one for one in mail["cases"] if one not in hidden]}


def _data(data: Shown, hidden: set[str]) -> Shown:
    return {key: "" if isinstance(value, str) and value in hidden else value for key, value in data.items()}

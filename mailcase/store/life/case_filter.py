"""`case list` with its filters: every one is a condition of one statement, and all of them must hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.cases.statuses import StatusKind, StatusTable
from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.life.answers import last_answered, last_asked
from mailcase.store.life.search import has_words
from mailcase.store.tables_cases import ASSIGNED

_C, _A, _AC = t.case.c, t.contact_address.c, t.account.c
_SOLVED: Final = StatusKind.RESOLVED
_MOST_NAMED: Final = 40
#: The orders of a list: the oldest first, the longest without a mail, the most urgent.
SORTS: Final = ("opened", "last-mail", "priority")
_S: Final = t.case.alias("spelled").c  # the same cases, for what they have of a column
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; None: all of them."""

    status: str | None = None  # a name of the status table, a former one too
    kind: StatusKind | None = None
    assignee: str | None = None  # an address key; "": nobody
    group: str | None = None  # of agents; "": none
    mailbox: str | None = None
    contact: str | None = None  # an address key
    account: str | None = None
    category: str | None = None
    unanswered: bool = False  # the customer wrote last, and the case is neither resolved nor final
    text: str | None = None  # words of title and description
    last: int | None = None  # only so many, the newest
    organizations: tuple[str, ...] | None = None  # of the agent who looks, (): the cases without one
    priority: str | None = None
    mine: str | None = None  # key of an agent: active cases of his, and of `mine_of` that nobody has; unanswered first
    mine_of: tuple[str, ...] = ()  # his groups
    sort: str = "opened"  # one of SORTS


def named(
    conn: Connection, wanted: CaseFilter, statuses: StatusTable, configured: Mapping[str, Sequence[str]]
) -> CaseFilter:
    """The same with each name as it is stored; upper and lower case may differ.

    Args:
        conn: a connection that reads.
        wanted: as somebody typed it.
        statuses: of the configuration.
        configured: what it names besides: mailbox, category, group.

    Raises:
        Permanent: something is named that neither a case nor the configuration has; the text says what there is.
    """
    given = {name: getattr(wanted, name) for name in _NAMES}
    found: dict[str, Any] = {
        name: _named(conn, name, value, configured.get(name, ())) for name, value in given.items() if value
    }
    if wanted.contact is not None and not _is_contact(conn, wanted.contact):
        raise Permanent(f"no contact has the address {wanted.contact}: `mailcase contact list` names all")
    if wanted.status is not None and statuses.find(wanted.status) is None:
        _one("status", wanted.status, [one.name for one in statuses.statuses])
    return replace(wanted, **found)


def _named(conn: Connection, what: str, value: str, configured: Sequence[str]) -> str:
    """The name as it is stored; all cases are looked through only where neither configuration nor people know it."""
    people, of_cases = _NAMES[what]
    known = {*configured, *(conn.execute(people).scalars() if people is not None else ())}
    if value in known:
        return value
    return _one(what, value, sorted({*known, *(one for one in conn.execute(of_cases).scalars() if one)}))


def _one(what: str, value: str, known: list[str]) -> str:
    if value in known:
        return value
    alike = [one for one in known if one.casefold() == value.casefold()]
    if len(alike) == 1:
        return alike[0]
    some = ", ".join(known[:_MOST_NAMED]) + (", …" if len(known) > _MOST_NAMED else "")
    raise Permanent(f"there is no {what} {value}; there are {some}" if known else f"there is no {what} yet")


#: Filters that name something: where people enter it, if anywhere, and all that cases have.
_NAMES: Final[dict[str, tuple[sa.Select[Any] | None, sa.Select[Any]]]] = {
    "assignee": (sa.select(t.agent.c.key), sa.select(sa.func.lower(_C.assignee)).distinct()),
    "group": (sa.select(t.agent_group.c.name), sa.select(_C.assignee_group).distinct()),
    "mailbox": (None, sa.select(_C.mailbox).distinct()),
    "category": (None, sa.select(_C.category).distinct()),
    "account": (None, sa.select(_AC.name)),
}


def _is_contact(conn: Connection, key: str) -> bool:
    return conn.execute(sa.select(_A.key).where(_A.key == key)).first() is not None


def conditions(wanted: CaseFilter, statuses: StatusTable, *, lite: bool) -> list[Condition]:
    """What must hold; names are as `named` gives them."""
    contacts = sa.select(_A.contact_id).where(_A.key == wanted.contact)
    accounts = sa.select(_AC.id).where(_AC.name == wanted.account).correlate(None)
    table: tuple[tuple[object, Callable[[], Condition]], ...] = (
        (wanted.status, lambda: _C.status.in_(_names_of(statuses, wanted.status))),
        (wanted.kind, lambda: _of_kind(statuses, wanted.kind)),
        (wanted.assignee, lambda: _of_agent(wanted.assignee or "")),
        (wanted.group, lambda: _C.assignee_group == wanted.group),
        (wanted.mailbox, lambda: _C.mailbox == wanted.mailbox),
        (wanted.category, lambda: _C.category == wanted.category),
        (wanted.contact, lambda: _C.contact_id.in_(contacts)),
        (wanted.account, lambda: _C.account_id.in_(accounts)),
        (wanted.unanswered or None, lambda: unanswered(statuses)),
        (wanted.text, lambda: has_words(wanted.text or "", lite=lite)),
        (wanted.priority, lambda: _C.priority == wanted.priority),
        (wanted.mine, lambda: _waits_for(statuses, wanted.mine or "", wanted.mine_of)),
        (wanted.organizations, lambda: _C.organization.in_(wanted.organizations or ("",))),
    )
    return [make() for value, make in table if value is not None]


def _names_of(statuses: StatusTable, status: str | None) -> tuple[str, ...]:
    found = statuses.find(status or "")
    return (found.name, *found.formerly) if found else (status or "",)


def _of_agent(key: str) -> Condition:
    """In whatever letters `case set` wrote him: those are found in the index of assignees, as the cases are."""
    if not key:
        return _C.assignee == ""
    spelled = sa.select(_S.assignee).where(sa.text("assignee <> ''"), sa.func.lower(_S.assignee) == key).distinct()
    return sa.and_(ASSIGNED, _C.assignee.in_(spelled))


def _waits_for(statuses: StatusTable, key: str, groups: Sequence[str]) -> Condition:
    """Active, and his, or nobody's in one of his groups."""
    free = sa.and_(_C.assignee == "", _C.assignee_group.in_(groups))
    return sa.and_(_of_kind(statuses, StatusKind.ACTIVE), sa.or_(_of_agent(key), free))


def _of_kind(statuses: StatusTable, kind: StatusKind | None) -> Condition:
    """A status that the configuration lost counts as active, as everywhere."""
    others = kind is StatusKind.ACTIVE
    names = [
        name
        for one in statuses.statuses
        if (one.kind is kind) is not others
        for name in (one.name, *one.formerly)
    ]  # fmt: skip
    return _with_other_status(names) if others else _C.status.in_(names)


def _with_other_status(names: Iterable[str]) -> Condition:
    """None of these: whatever else cases have is found in the index of statuses, and by it the cases."""
    return _C.status.in_(sa.select(_S.status).where(_S.status.not_in(sorted(names))).distinct())


def unanswered(statuses: StatusTable) -> Condition:
    """A person's last mail is newer than the last words of an agent to the customer, and the case is not solved."""
    asked, answered = last_asked(), last_answered()
    newer = sa.or_(answered.is_(None), asked > answered)
    solved = [name for one in statuses.statuses if one.kind is _SOLVED for name in (one.name, *one.formerly)]
    return sa.and_(_with_other_status({*statuses.final_names, *solved}), asked.is_not(None), newer)

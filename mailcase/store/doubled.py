"""Mail that the store holds twice, looked for beside what its unique rows forbid (`mailcase audit`, P2, P3).

Each question walks an index once, for names that occur twice, and reads the rows of those alone: on a store as it
should be, few or none.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.acknowledging import RULES
from mailcase.soundness import Finding
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.verdict import Outcome

_M, _D, _O, _C, _L = t.message.c, t.delivery.c, t.outbox.c, t.case.c, t.case_message.c
_MAKES: Final = (Outcome.CREATED.value, Outcome.FOLLOWED.value, Outcome.JUNK_CASE.value)
_AT_ONCE: Final = 500  # keys that one statement asks for
_SEVERAL: Final = sa.func.count() > 1

_IDS: Final = (
    sa.select(_M.group_name, _M.message_id)
    .where(_M.message_id.is_not(None))
    .group_by(_M.group_name, _M.message_id)
    .having(_SEVERAL)
    .subquery()
)
_CONTENTS: Final = (
    sa.select(_M.group_name, _M.fingerprint)
    .where(_M.fingerprint != "")  # "": ours, and what was erased
    .group_by(_M.group_name, _M.fingerprint)
    .having(_SEVERAL)
    .subquery()
)
_MAIL: Final = (
    _M.id, _M.group_name, _M.direction, _M.message_id, _M.date_key, _M.fingerprint, _M.delivery_id, _M.received_at,
)  # fmt: skip
_NAMED: Final = sa.select(*_MAIL).join(
    _IDS, sa.and_(_IDS.c.group_name == _M.group_name, _IDS.c.message_id == _M.message_id)
)
_NAMELESS: Final = (
    sa.select(*_MAIL)
    .join(_CONTENTS, sa.and_(_CONTENTS.c.group_name == _M.group_name, _CONTENTS.c.fingerprint == _M.fingerprint))
    .where(_M.message_id.is_(None))
)
_DELIVERED_AGAIN: Final = (
    sa.select(_D.message_pk).where(_D.message_pk.is_not(None)).group_by(_D.message_pk).having(_SEVERAL)
)
_MADE_SEVERAL: Final = (
    sa.select(_D.message_pk)
    .where(_D.message_pk.in_(_DELIVERED_AGAIN), _D.outcome.in_(_MAKES))
    .group_by(_D.message_pk)
    .having(sa.func.count(sa.distinct(_D.case_id)) > 1)
)
_MADE: Final = (
    sa.select(_D.message_pk, _D.id, _D.mailbox, _D.received_at, _D.message_id, _C.number)
    .join(t.case, _C.running == _D.case_id)
    .where(_D.outcome.in_(_MAKES))
)
_OFTEN_WRITTEN: Final = sa.select(_O.case_id).where(_O.case_id.is_not(None)).group_by(_O.case_id).having(_SEVERAL)
_ANSWER: Final = sa.and_(_O.kind.in_(RULES.values()), _O.state != "suppressed", _D.message_pk.is_not(None))
_ANSWERED_OFTEN: Final = (
    sa.select(sa.func.min(_O.case_id), sa.func.max(_O.case_id))
    .join(t.delivery, _D.id == _O.delivery_id)
    .where(_O.case_id.in_(_OFTEN_WRITTEN), _ANSWER)
    .group_by(_D.message_pk, _O.to_key)
    .having(_SEVERAL)
)
_ANSWERS: Final = (
    sa.select(_O.id, _O.to_key, _O.mailbox, _O.created_at, _D.message_pk, _D.id.label("delivery"), _C.number)
    .join(t.delivery, _D.id == _O.delivery_id)
    .join(t.case, _C.running == _O.case_id)
    .where(_ANSWER)
)


def doubled(conn: Connection) -> list[Finding]:
    """All of it, in the order of `soundness.RULES`."""
    return [*_mails(conn), *_cases(conn), *_answers(conn)]


def _mails(conn: Connection) -> Iterator[Finding]:
    """What B2 calls the same mail, under identities that differ."""
    found = [*_together(conn.execute(_NAMED), _same_name), *_together(conn.execute(_NAMELESS), _same_content)]
    pks = [row.id for rows in found for row in rows]
    cases, mailboxes = _cases_of(conn, pks), _mailboxes_of(conn, [row.delivery_id for rows in found for row in rows])
    for rows in found:
        deliveries = _known(row.delivery_id for row in rows)
        yield Finding(
            "mail_twice",
            max(row.received_at for row in rows),
            ", ".join(dict.fromkeys(mailboxes[one] for one in deliveries if one in mailboxes)),
            deliveries,
            tuple(dict.fromkeys(number for row in rows for number in cases[row.id])),
            detail=rows[0].message_id or "without Message-ID, with the same content",
        )


def _same_name(row: AnyRow) -> Hashable:
    """Message-ID and Date; where there is no Date the content decides (B2)."""
    content = "" if row.date_key else row.fingerprint
    return row.group_name, row.direction, row.message_id, row.date_key, content


def _same_content(row: AnyRow) -> Hashable:
    return row.group_name, row.direction, row.fingerprint


def _cases(conn: Connection) -> Iterator[Finding]:
    """Deliveries of one mail that each made another case."""
    pks = conn.execute(_MADE_SEVERAL).scalars().all()
    for rows in _together(_each(conn, _MADE, _D.message_pk, pks), lambda row: row.message_pk):
        yield Finding(
            "cases_twice",
            max(row.received_at for row in rows),
            ", ".join(dict.fromkeys(row.mailbox for row in rows)),
            tuple(row.id for row in rows),
            tuple(dict.fromkeys(row.number for row in rows)),
            detail=rows[0].message_id or "",
        )


def _answers(conn: Connection) -> Iterator[Finding]:
    """Acknowledgements of one mail to one address; what was kept back is none."""
    cases = _known(case for row in conn.execute(_ANSWERED_OFTEN) for case in row)
    for rows in _together(_each(conn, _ANSWERS, _O.case_id, cases), lambda row: (row.message_pk, row.to_key)):
        yield Finding(
            "answered_twice",
            max(row.created_at for row in rows),
            ", ".join(dict.fromkeys(row.mailbox for row in rows)),
            _known(row.delivery for row in rows),
            tuple(dict.fromkeys(row.number for row in rows)),
            tuple(row.id for row in rows),
            rows[0].to_key,
        )


def _together(rows: Iterable[AnyRow], key: Callable[[AnyRow], Hashable]) -> list[list[AnyRow]]:
    """Those that share a key with another one, the oldest first."""
    by_key: dict[Hashable, list[AnyRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: one.id):
        by_key[key(row)].append(row)
    return [same for same in by_key.values() if len(same) > 1]


def _known(ids: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one for one in ids if one is not None))


def _cases_of(conn: Connection, pks: Sequence[int]) -> dict[int, list[str]]:
    """The cases on which each of these messages stands."""
    asked = sa.select(_L.message_pk, _C.number).join(t.case, _C.running == _L.case_id).order_by(_C.running)
    found: dict[int, list[str]] = defaultdict(list)
    for row in _each(conn, asked, _L.message_pk, pks):
        found[row.message_pk].append(row.number)
    return found


def _mailboxes_of(conn: Connection, ids: Sequence[int | None]) -> dict[int, str]:
    return {row.id: row.mailbox for row in _each(conn, sa.select(_D.id, _D.mailbox), _D.id, _known(ids))}


def _each(
    conn: Connection, asked: sa.Select[Any], column: sa.ColumnElement[Any], values: Collection[int]
) -> Iterator[AnyRow]:
    """The rows of these values, a few hundred a statement."""
    wanted = list(values)
    for start in range(0, len(wanted), _AT_ONCE):
        yield from conn.execute(asked.where(column.in_(wanted[start : start + _AT_ONCE])))

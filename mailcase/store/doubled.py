"""Mail that the store holds twice, looked for beside what its unique rows forbid (`mailcase audit`, P2, P3).

Each question walks an index once, for names that occur twice, and reads the rows of those alone: on a store as it
should be, few or none. Answers are asked of the time since when they are told (`doubled_answers`).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.soundness import Finding
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.doubled_answers import answers
from mailcase.store.doubled_rows import SEVERAL, each, known, together
from mailcase.verdict import Outcome

_M, _D, _H, _C, _L = t.message.c, t.delivery.c, t.delivery_outcome.c, t.case.c, t.case_message.c
#: Outcomes that make a case, and the links of the mails that made one.
_MAKES: Final = (Outcome.CREATED.value, Outcome.FOLLOWED.value, Outcome.JUNK_CASE.value)

_IDS: Final = (
    sa.select(_M.group_name, _M.message_id)
    .where(_M.message_id.is_not(None))
    .group_by(_M.group_name, _M.message_id)
    .having(SEVERAL)
    .subquery()
)
_CONTENTS: Final = (
    sa.select(_M.group_name, _M.fingerprint)
    .where(_M.fingerprint != "")  # "": ours, and what was erased
    .group_by(_M.group_name, _M.fingerprint)
    .having(SEVERAL)
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
    sa.select(_D.message_pk).where(_D.message_pk.is_not(None)).group_by(_D.message_pk).having(SEVERAL).subquery()
)
_DECIDED_AGAIN: Final = sa.select(_H.delivery_id).group_by(_H.delivery_id).having(SEVERAL).subquery()
_ON_SEVERAL: Final = sa.select(_L.message_pk).group_by(_L.message_pk).having(SEVERAL).subquery()
#: Which mail made which case, wherever it is written: `case.origin_pk` is unique and names one of them alone.
_MADE: Final = sa.union(
    sa.select(_D.message_pk, _D.case_id)
    .join(_DELIVERED_AGAIN, _DELIVERED_AGAIN.c.message_pk == _D.message_pk)
    # Not by the index of outcomes: most mails have one of these.
    .where(_D.case_id.is_not(None), sa.func.coalesce(_D.outcome, "").in_(_MAKES)),
    sa.select(_D.message_pk, _H.case_id)
    .join(_DECIDED_AGAIN, _DECIDED_AGAIN.c.delivery_id == _H.delivery_id)
    .join(t.delivery, _D.id == _H.delivery_id)
    .where(_D.message_pk.is_not(None), _H.case_id.is_not(None), _H.outcome.in_(_MAKES)),
    sa.select(_L.message_pk, _L.case_id)
    .join(_ON_SEVERAL, _ON_SEVERAL.c.message_pk == _L.message_pk)
    .where(_L.how.in_(_MAKES)),
).cte("made")
_OF_SEVERAL: Final = sa.select(_MADE.c.message_pk).group_by(_MADE.c.message_pk).having(SEVERAL)
_MADE_SEVERAL: Final = (
    sa.select(_MADE.c.message_pk, _MADE.c.case_id)
    .where(_MADE.c.message_pk.in_(_OF_SEVERAL))
    .order_by(_MADE.c.message_pk, _MADE.c.case_id)
)
_IS_ITS: Final = sa.and_(_D.message_pk == _M.id, sa.func.coalesce(_D.outcome, "") != Outcome.DUPLICATE.value)
_MAKERS: Final = (
    sa.select(
        _M.id.label("message_pk"), _M.message_id, _D.id, _D.mailbox,
        sa.func.coalesce(_D.received_at, _M.received_at).label("received_at"),
    )
    .select_from(sa.outerjoin(t.message, t.delivery, _IS_ITS))
    .order_by(_M.id, _D.id)
)  # fmt: skip
_MERGED: Final = sa.select(_C.running, _C.merged_into_id).where(_C.merged_into_id.is_not(None))


def doubled(conn: Connection, start: datetime) -> list[Finding]:
    """All of it, in the order of `soundness.RULES`; what cannot be undone, since `start` alone."""
    made = _made_several(conn)
    return [*_mails(conn, start), *_cases(conn, made), *answers(conn, start, made)]


def _made_several(conn: Connection) -> dict[int, list[int]]:
    """Mail -> the cases that it made, of those that made several."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in conn.execute(_MADE_SEVERAL):
        found[row.message_pk].append(row.case_id)
    return found


def _mails(conn: Connection, start: datetime) -> Iterator[Finding]:
    """What B2 calls the same mail, under identities that differ."""
    found = [*together(conn.execute(_NAMED), _same_name), *together(conn.execute(_NAMELESS), _same_content)]
    cases = _cases_of(conn, [row.id for rows in found for row in rows])
    ends = _ends(conn, {running for of_one in cases.values() for running in of_one})
    mailboxes = _mailboxes_of(conn, [row.delivery_id for rows in found for row in rows])
    for rows in found:
        numbers = {running: number for row in rows for running, number in cases[row.id].items()}
        at, deliveries = max(row.received_at for row in rows), known(row.delivery_id for row in rows)
        if _is_settled(numbers, ends, is_old=at < start):
            continue
        yield Finding(
            "mail_twice",
            at,
            ", ".join(dict.fromkeys(mailboxes[one] for one in deliveries if one in mailboxes)),
            deliveries,
            tuple(numbers.values()),
            detail=rows[0].message_id or "without Message-ID, with the same content",
        )


def _is_settled(cases: Mapping[int, str], ends: Mapping[int, int], *, is_old: bool) -> bool:
    """Their cases were merged; where it never was more than one, there is nothing that anybody could do."""
    return is_old if len(cases) < 2 else len({ends[one] for one in cases}) == 1


def _same_name(row: AnyRow) -> Hashable:
    """Message-ID and Date; where there is no Date the content decides (B2)."""
    content = "" if row.date_key else row.fingerprint
    return row.group_name, row.direction, row.message_id, row.date_key, content


def _same_content(row: AnyRow) -> Hashable:
    return row.group_name, row.direction, row.fingerprint


def _cases(conn: Connection, made: Mapping[int, Sequence[int]]) -> Iterator[Finding]:
    """Mails that made several cases which lead to several to this day."""
    ends = _ends(conn, {one for cases in made.values() for one in cases})
    apart = [pk for pk, cases in made.items() if len({ends[one] for one in cases}) > 1]
    numbers = _numbers(conn, {one for pk in apart for one in made[pk]})
    deliveries: dict[int, list[AnyRow]] = defaultdict(list)
    for row in each(conn, _MAKERS, _M.id, apart):
        deliveries[row.message_pk].append(row)
    for pk in apart:
        rows = deliveries[pk]
        yield Finding(
            "cases_twice",
            max(row.received_at for row in rows),
            ", ".join(dict.fromkeys(row.mailbox for row in rows if row.mailbox)),
            known(row.id for row in rows),
            tuple(numbers[one] for one in made[pk]),
            detail=rows[0].message_id or "",
        )


def _ends(conn: Connection, cases: set[int]) -> dict[int, int]:
    """Case -> where it leads by now, through a chain of merged ones."""
    into: dict[int, int] = {}
    new = cases
    while new:
        found = {row.running: row.merged_into_id for row in each(conn, _MERGED, _C.running, new)}
        into |= found
        new = {one for one in found.values() if one not in into}
    return {one: _end(into, one) for one in cases}


def _end(into: Mapping[int, int], case: int) -> int:
    """The last of the chain; a circle, which nobody should have made, ends where it began to repeat itself."""
    seen = {case}
    while case in into and into[case] not in seen:
        case = into[case]
        seen.add(case)
    return case


def _numbers(conn: Connection, cases: set[int]) -> dict[int, str]:
    return {row.running: row.number for row in each(conn, sa.select(_C.running, _C.number), _C.running, cases)}


def _cases_of(conn: Connection, pks: Sequence[int]) -> dict[int, dict[int, str]]:
    """The cases on which each of these messages stands, with their numbers."""
    asked = sa.select(_L.message_pk, _C.running, _C.number).join(t.case, _C.running == _L.case_id).order_by(_C.running)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for row in each(conn, asked, _L.message_pk, pks):
        found[row.message_pk][row.running] = row.number
    return found


def _mailboxes_of(conn: Connection, ids: Sequence[int | None]) -> dict[int, str]:
    return {row.id: row.mailbox for row in each(conn, sa.select(_D.id, _D.mailbox), _D.id, known(ids))}

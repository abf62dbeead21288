"""Acknowledgements that one mail got twice (R3): by the mail, whatever cases it made, since when they are told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.acknowledging import RULES
from mailcase.soundness import Finding
from mailcase.store import tables as t
from mailcase.store.doubled_rows import SEVERAL, each, known, together

_D, _O, _C = t.delivery.c, t.outbox.c, t.case.c
_ANSWER: Final = sa.and_(_O.kind.in_(RULES.values()), _O.state != "suppressed", _D.message_pk.is_not(None))
# Read by the index of automatic mail over time: rows of the whole store are never compared with each other.
_OF_LATE: Final = (
    sa.select(sa.func.min(_O.case_id), sa.func.max(_O.case_id))
    .join(t.delivery, _D.id == _O.delivery_id)
    .where(_O.automatic == sa.true(), _O.created_at >= sa.bindparam("start"), _ANSWER)
    .group_by(_D.message_pk, _O.to_key)
    .having(SEVERAL)
)
_ANSWERS: Final = (
    sa.select(_O.id, _O.to_key, _O.mailbox, _O.created_at, _D.message_pk, _D.id.label("delivery"), _C.number)
    .join(t.delivery, _D.id == _O.delivery_id)
    .join(t.case, _C.running == _O.case_id)
    .where(_ANSWER)
)


def answers(conn: Connection, start: datetime, made: Mapping[int, Sequence[int]]) -> Iterator[Finding]:
    """Acknowledgements of one mail to one address, the last of them since `start`; what was kept back is none.

    Args:
        made: mail -> its cases, of mails that made several: their first answers may be older than `start`.
    """
    of_late = (case for row in conn.execute(_OF_LATE, {"start": start}) for case in row)
    cases = known([*of_late, *(case for several in made.values() for case in several)])
    for rows in together(each(conn, _ANSWERS, _O.case_id, cases), lambda row: (row.message_pk, row.to_key)):
        if (at := max(row.created_at for row in rows)) < start:
            continue
        yield Finding(
            "answered_twice",
            at,
            ", ".join(dict.fromkeys(row.mailbox for row in rows)),
            known(row.delivery for row in rows),
            tuple(dict.fromkeys(row.number for row in rows)),
            tuple(row.id for row in rows),
            rows[0].to_key,
        )

"""Retention of raw mail: the bytes go, hashes, ids, texts and the journal stay (B2, `[retention] raw`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.life.erasure import files_named
from mailcase.store.life.outgoing import to_be_sent
from mailcase.store.raw import RawPlace

SLICE: Final = 5000  # deliveries looked at in one short read
_D, _R, _C, _L = t.delivery.c, t.raw.c, t.case.c, t.case_message.c


@dataclass(frozen=True, slots=True)
class Rule:
    """What was taken in, and whose case was closed, before then may go."""

    before: datetime
    final: tuple[str, ...]  # statuses of kind final, former names too


@dataclass(frozen=True, slots=True)
class Slice:
    """Raw mails that may go, and the last delivery looked at; None: there are no more."""

    hashes: tuple[str, ...]
    last: int | None


def expired(conn: Connection, before: datetime, final: Collection[str], after: int) -> Slice:
    """Look at the next deliveries behind `after`.

    The rows of `raw` are asked last and by their key: in SQLite, to look at one is to walk through its mail.
    """
    last = _last(conn, after)
    if last is None:
        return Slice((), None)
    mine = sa.and_(_D.id > after, _D.id <= last)
    free = sa.select(_D.raw_sha256).where(mine, *_free(Rule(before, tuple(final)))).distinct()
    hashes = conn.execute(free).scalars().all()
    there: list[str] = []
    for start in range(0, len(hashes), 500):
        kept = sa.select(_R.sha256).where(_R.sha256.in_(hashes[start : start + 500]), _R.purged_at.is_(None))
        there.extend(conn.execute(kept).scalars())
    return Slice(tuple(sorted(there)), last)


def _last(conn: Connection, after: int) -> int | None:
    ids = sa.select(_D.id).where(_D.id > after).order_by(_D.id).limit(SLICE).subquery()
    last: int | None = conn.execute(sa.select(sa.func.max(ids.c.id))).scalar_one()
    return last


def purge(conn: Connection, place: RawPlace, hashes: Sequence[str], rule: Rule, now: datetime) -> int:
    """Lock the rows, ask again whether any delivery or file of a case holds them, and remove the bytes of the rest."""
    locked = sa.select(_R.sha256).where(_R.sha256.in_(sorted(hashes))).order_by(_R.sha256).with_for_update()
    mine = list(conn.execute(locked).scalars())
    of_them = sa.select(_D.id, _D.raw_sha256).where(_D.raw_sha256.in_(mine))
    not_needing = set(conn.execute(of_them.where(*_free(rule)).with_only_columns(_D.id)).scalars())
    free = set(mine) - {row.raw_sha256 for row in conn.execute(of_them) if row.id not in not_needing}
    free -= files_named(conn, mine) | (to_be_sent(conn) if free else set())
    return place.remove(conn, sorted(free), now) if free else 0


def _free(rule: Rule) -> tuple[sa.ColumnElement[bool], ...]:
    """What must be true of a delivery that does not need its raw mail any more.

    It needs it while it is undecided or in quarantine, and so long after it came; with a case, so long after the
    last change of every case that its message stands in, and as long as one of them is not closed.

    A list of NOT EXISTS, not the opposite of one OR: PostgreSQL would read every case for each slice.
    """
    needed = sa.or_(_C.status.not_in(rule.final), _C.updated_at > rule.before)
    acted_on = sa.select(_C.running).where(_C.running == _D.case_id, needed)
    linked = sa.select(_L.case_id).join_from(t.case_message, t.case, _C.running == _L.case_id)
    return (
        _D.outcome.is_not(None),
        _D.outcome != "quarantined",
        _D.journalled_at <= rule.before,
        ~sa.exists(acted_on),
        ~sa.exists(linked.where(_L.message_pk == _D.message_pk, needed)),
    )

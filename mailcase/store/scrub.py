"""Histories without a person: every word of his in traces, events and kept links is overwritten."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.person import Person, chunked

_D, _L, _H, _E, _R = t.delivery.c, t.case_message.c, t.delivery_outcome.c, t.case_event.c, t.relink.c
GONE: Final = "erased"  # what stands in a history instead


def scrub_histories(conn: Connection, person: Person, words: Sequence[str]) -> None:
    """His own mails' traces lose all evidence; whatever else on these cases names him loses the name."""
    own = set(person.deliveries)
    linked = sorted(set(chunked(conn, _L.message_pk, _L.case_id, person.all_cases)))
    others = set(chunked(conn, _D.id, _D.message_pk, linked)) - own
    _traces(conn, sorted(own), words, all_of_it=True)
    _traces(conn, sorted(others), words, all_of_it=False)
    _rows(conn, t.case_event, _E.data, _E.case_id, person.all_cases, words)
    _rows(conn, t.relink, _R.before, _R.message_pk, linked, words)
    _rows(conn, t.relink, _R.after, _R.message_pk, linked, words)


def scrubbed(value: Any, words: Sequence[str]) -> Any:
    """The same value, without the entries of lists and with other texts in place of those that hold a word."""
    if isinstance(value, dict):
        return {key: scrubbed(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [scrubbed(one, words) for one in value if not _holds(one, words)]
    return GONE if _holds(value, words) else value


def without(text: str, words: Sequence[str]) -> str:
    """The same text, with other lines in place of those that hold a word."""
    return "\n".join(GONE if _holds(line, words) else line for line in text.split("\n"))


def _holds(value: Any, words: Sequence[str]) -> bool:
    return isinstance(value, str) and any(one.casefold() in value.casefold() for one in words)


def _traces(conn: Connection, deliveries: Sequence[int], words: Sequence[str], *, all_of_it: bool) -> None:
    for start in range(0, len(deliveries), 500):
        some = _H.delivery_id.in_(deliveries[start : start + 500])
        for row in conn.execute(sa.select(_H.id, _H.trace).where(some)).all():
            left = [{**scrubbed(line, words), **({"evidence": GONE} if all_of_it else {})} for line in row.trace]
            if left != row.trace:
                conn.execute(sa.update(t.delivery_outcome).where(_H.id == row.id).values(trace=left))


def _rows(conn: Connection, table: sa.Table, column: Any, of: Any, values: Sequence[int], words: Sequence[str]) -> None:
    """One JSON column of the rows with these values."""
    for start in range(0, len(values), 500):
        some = of.in_(values[start : start + 500])
        for row in conn.execute(sa.select(table.c.id, column.label("data")).where(some)).all():
            left = scrubbed(row.data, words)
            if left != row.data:
                conn.execute(sa.update(table).where(table.c.id == row.id).values({column: left}))

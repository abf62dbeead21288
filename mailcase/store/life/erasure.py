"""What agents left on a person's cases: overwritten for `contact forget`, given out for `contact export`."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, is_sqlite
from mailcase.store.edit import get_flag, set_flag
from mailcase.store.person import Person, chunked, mentions
from mailcase.store.scrub import GONE

_C, _E, _T, _F, _O, _M, _D = (
    t.case.c, t.case_event.c, t.case_task.c, t.case_file.c, t.outbox.c, t.message.c, t.delivery.c,
)  # fmt: skip
#: What somebody wrote, in the data of an event: text of the case, as its description is.
TEXTS: Final = frozenset({
    "text", "title", "result", "name", "subject", "description", "solution", "question", "reason", "from_reason",
    "article", "from_title", "from_description",
})  # fmt: skip
#: What an agent was told of a case, in the outbox and as a message.
_TOLD: Final[dict[str, Any]] = {"subject": "", "text": "", "html": "", "headers": []}
_WAITING: Final = ("pending", "sending")
#: What stands in `case_file.type` of a file that was erased: no real type is without a slash.
ERASED_FILE: Final = GONE
#: Flag: the index of words has some that were erased.
WORDS: Final = "erased_words"
_PAGES: Final = 500  # of the index, a step
_SOME: Final = 2  # rows changed by a step that did something: the command itself counts as one


def erase_work(conn: Connection, person: Person) -> None:
    """Overwrite notes, tasks, names of files and what agents were told; the files' bytes are the caller's."""
    _events(conn, person.cases)
    _each(conn, sa.update(t.case_task).values(title=GONE, result=""), _T.case_id, person.cases)
    gone = sa.update(t.case_file).values(name=GONE, type=ERASED_FILE)
    _each(conn, gone, _F.case_id, person.cases)
    _each(conn, gone, _F.message_pk, person.messages)
    _told_agents(conn, person)


def note_words(conn: Connection) -> None:
    """Note that the index of words still has some that no case has any more: `forget_words` is to come.

    SQLite's index only notes that a word is gone (its `secure-delete` came with 3.42) until its parts are merged.
    PostgreSQL's is made anew by `compact`.
    """
    if is_sqlite(conn):
        set_flag(conn, WORDS, "all")


def forget_words(conn: Connection) -> bool:
    """One step of writing the index of words anew without those, some 2 MB; returns whether there is another one.

    Steps, since all of a large index takes seconds in which nobody else could write (https://sqlite.org/fts5.html,
    the merge command: a negative number begins, a step that changes nothing was the last).
    """
    begun = get_flag(conn, WORDS)
    if begun is None:
        return False
    before = _changes(conn)
    pages = -_PAGES if begun == "all" else _PAGES
    conn.execute(sa.text("INSERT INTO case_search(case_search, rank) VALUES ('merge', :pages)"), {"pages": pages})
    more = _changes(conn) - before >= _SOME
    set_flag(conn, WORDS, "rest" if more else None)
    return more


def _changes(conn: Connection) -> int:
    return int(conn.execute(sa.text("SELECT total_changes()")).scalar_one())


def files_of_erased() -> sa.Select[Any]:
    """Hashes of erased files that neither a mail nor a file of another case has."""
    other = t.case_file.alias()
    living = sa.exists().where(other.c.sha256 == _F.sha256, other.c.type != ERASED_FILE)
    mail = sa.exists().where(_D.raw_sha256 == _F.sha256)
    return sa.select(_F.sha256).where(_F.type == ERASED_FILE, ~living, ~mail)


def files_named(conn: Connection, hashes: Sequence[str]) -> set[str]:
    """Those of the hashes that are a file of a case: retention and erasure of mail leave them."""
    there = sa.select(_F.sha256).where(_F.type != ERASED_FILE)
    found: set[str] = set()
    _some(hashes, lambda some: found.update(conn.execute(there.where(_F.sha256.in_(some))).scalars()))
    return found


def export_work(conn: Connection, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Keys notes, tasks and files: what stands on the person's cases besides mail."""
    events = (_C.number.label("case"), _E.at, _E.event, _E.data)
    tasks = (_C.number.label("case"), _T.title, _T.state, _T.result, _T.due_at, _T.created_at, _T.ended_at)
    files = (_F.id, _C.number.label("case"), _F.name, _F.type, _F.size, _F.sha256, _F.at)
    return {
        "notes": [row for row in _of(conn, t.case_event, events, person) if TEXTS & row["data"].keys()],
        "tasks": _of(conn, t.case_task, tasks, person),
        "files": [row for row in _of(conn, t.case_file, files, person) if row["type"] != ERASED_FILE],
    }


def _of(conn: Connection, table: sa.Table, columns: Sequence[Any], person: Person) -> list[dict[str, Any]]:
    joined = sa.join(table, t.case, _C.running == table.c.case_id)
    found: list[dict[str, Any]] = []

    def read(some: Sequence[Any]) -> None:
        wanted = sa.select(*columns).select_from(joined).where(table.c.case_id.in_(some))
        found.extend(dict(row) for row in conn.execute(wanted.order_by(table.c.id)).mappings())

    _some(person.cases, read)
    return found


def _events(conn: Connection, cases: Sequence[int]) -> None:
    for row in _rows(conn, sa.select(_E.id, _E.data), _E.case_id, cases):
        if TEXTS & row.data.keys():
            left = {key: GONE if key in TEXTS and value else value for key, value in row.data.items()}
            conn.execute(sa.update(t.case_event).where(_E.id == row.id).values(data=left))


def _told_agents(conn: Connection, person: Person) -> None:
    """Notices to agents repeat titles and what the customer wrote; what still waits is not sent.

    On another one's case: those that left, since they may quote him, and of those that wait the ones that name him.
    """
    ids: list[int] = []
    columns = (_O.id, _O.case_id, _O.state, _O.subject, _O.text, _O.html)
    mine = sa.select(*columns).where(_O.audience == "agent")
    for row in _rows(conn, mine, _O.case_id, person.all_cases):
        others = row.case_id not in person.cases and row.state in _WAITING
        if not others or mentions((row.subject, row.text, row.html), person.keys):
            ids.append(row.id)
    messages = [pk for pk in chunked(conn, _O.message_pk, _O.id, ids) if pk is not None]
    stopped = {"state": "suppressed", "reason": "erased", "next_attempt_at": None}
    _each(conn, sa.update(t.outbox).where(_O.state.in_(_WAITING)).values(stopped), _O.id, ids)
    mark = sa.literal("erased:") + sa.cast(_O.id, sa.String)  # the key names the customer's mail by its Message-ID
    _each(conn, sa.update(t.outbox).values(**_TOLD, files=[], dedup=mark), _O.id, ids)
    _each(conn, sa.update(t.message).values(**_TOLD, new_text="", html_clean=""), _M.id, messages)


def _rows(conn: Connection, statement: sa.Select[Any], column: Any, values: Sequence[Any]) -> list[AnyRow]:
    found: list[AnyRow] = []
    _some(values, lambda some: found.extend(conn.execute(statement.where(column.in_(some)))))
    return found


def _each(conn: Connection, statement: sa.Update, column: Any, values: Sequence[Any]) -> None:
    _some(values, lambda some: conn.execute(statement.where(column.in_(some))))


def _some(values: Sequence[Any], work: Callable[[Sequence[Any]], object]) -> None:
    """Do the work for so many values at a time."""
    for start in range(0, len(values), 500):
        work(values[start : start + 500])

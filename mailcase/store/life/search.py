"""Cases by their words: full text over title and description, in FTS5 or PostgreSQL's own search.

What somebody types is words and never a query: each is quoted for FTS5, and given to functions of PostgreSQL
that know no operators.
"""

import re
import unicodedata
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow, is_sqlite

_C, _L = t.case.c, t.case_message.c
_MOST_ASKED: Final = 40  # words that one search looks for; FTS5 nests no deeper than 256
_MOST_ALIKE: Final = 60  # words of a case by which others are like it: title first
_SHORTEST: Final = 3  # letters of a word that says what a case is about
_MOST_RANKED: Final = 2000  # PostgreSQL reads each text again to rank it: the newest of those that have a word
_SHOWN: Final = (_C.number, _C.title, _C.status, _C.assignee, _C.closed_at, _C.solution)
_LONGEST_PIECE: Final = 100  # characters between blanks: to put marks in Unicode's order takes a square of time
_PIECE: Final = re.compile(rf"\S{{1,{_LONGEST_PIECE}}}")
_WORD: Final = re.compile(r"[^\W_]+")
_SEARCH: Final = sa.table("case_search", sa.column("rowid"), sa.column("case_search"))
#: The same expression as that of the index ix_case_search: another one would not use it.
_INDEXED: Final = (
    """to_tsvector('simple', translate(left("case".title || ' ' || "case".description, 100000), """
    """'-./:@_+&<>', '          '))"""
)
_VECTOR: Final[sa.ColumnElement[Any]] = sa.literal_column(_INDEXED)
#: For the order alone: the title counts most.
_WEIGHED: Final[sa.ColumnElement[Any]] = sa.literal_column(
    f"""setweight(to_tsvector('simple', "case".title), 'A') || {_INDEXED}"""
)
#: A word of the title says more than one of the description (bm25 has a weight a column).
_NEAR: Final = sa.func.bm25(sa.literal_column("case_search"), 4.0, 1.0)


Alike = tuple[sa.ColumnElement[bool], ...]


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in order, each once."""
    found = _WORD.findall(_PIECE.sub(_composed, text))
    return tuple({one.lower(): one for one in reversed(found)}.values())[::-1]


def _composed(piece: re.Match[str]) -> str:
    """Letters with their marks as one, as both indexes have them."""
    return unicodedata.normalize("NFC", piece[0])


def has_words(text: str, *, lite: bool) -> sa.ColumnElement[bool]:
    """Whether title and description have every word of the text, upper and lower case alike.

    Raises:
        Permanent: it has no word, or too many.
    """
    words = words_of(text)
    if not words:
        raise Permanent(f"{text!r} has no word to look for")
    if len(words) > _MOST_ASKED:
        raise Permanent(f"these are {len(words)} words to look for; at most {_MOST_ASKED} go")
    if lite:
        return _C.running.in_(sa.select(_SEARCH.c.rowid).where(_matches(words, " ")))
    return _VECTOR.bool_op("@@")(_query(words, "&&"))


def similar(
    conn: Connection, running: int, limit: int, organizations: tuple[str, ...] | None = None
) -> list[dict[str, Any]]:
    """Cases of the same mailbox group and category whose words are nearest, the nearest first.

    Args:
        conn: a connection that reads.
        running: the case; itself, merged ones and junk are left out.
        limit: how many at most.
        organizations: only cases of these, (): of none; None: all.

    Returns:
        number, title, status, assignee, closed_at, solution and `nearness`, which counts within one answer
        alone: the greater the nearer.

    Raises:
        Permanent: there is no such case.
    """
    own = conn.execute(sa.select(t.case).where(_C.running == running)).one_or_none()
    if own is None:
        raise Permanent(f"there is no case with the running number {running}")
    words = _telling(own)
    if not words:
        return []
    alike = _alike(own, organizations)
    found = _by_bm25(words, alike) if is_sqlite(conn) else _by_rank(words, alike)
    nearest = found.order_by(sa.desc("nearness"), _C.running.desc()).limit(limit)
    return [dict(row) for row in conn.execute(nearest).mappings()]


def _telling(own: AnyRow) -> tuple[str, ...]:
    """The words that a case is about."""
    all_of_them = words_of(f"{own.title} {own.description}")
    return tuple(one for one in all_of_them if len(one) >= _SHORTEST)[:_MOST_ALIKE]


def _by_bm25(words: tuple[str, ...], alike: Alike) -> sa.Select[Any]:
    """SQLite; its bm25 is the smaller the nearer."""
    joined = sa.join(_SEARCH, t.case, _C.running == _SEARCH.c.rowid)
    found = sa.select(*_SHOWN, (-_NEAR).label("nearness")).select_from(joined)
    return found.where(_matches(words, " OR "), *alike)


def _by_rank(words: tuple[str, ...], alike: Alike) -> sa.Select[Any]:
    """PostgreSQL; ts_rank is the greater the nearer, 1: long texts gain nothing by their length."""
    query = _query(words, "||")
    with_a_word = sa.select(_C.running).where(_VECTOR.bool_op("@@")(query), *alike)
    newest = with_a_word.order_by(_C.running.desc()).limit(_MOST_RANKED)
    found = sa.select(*_SHOWN, sa.func.ts_rank(_WEIGHED, query, 1).label("nearness"))
    return found.where(_C.running.in_(newest))


def _alike(own: AnyRow, organizations: tuple[str, ...] | None) -> Alike:
    """Which cases are compared at all."""
    seen = () if organizations is None else (_C.organization.in_(organizations or ("",)),)
    junk = sa.exists().where(_L.case_id == _C.running, _L.how == "junk_case")
    same = (_C.group_name == own.group_name, _C.category == own.category, _C.running != own.running)
    return (*same, *seen, _C.merged_into_id.is_(None), ~junk)


def _matches(words: tuple[str, ...], between: str) -> sa.ColumnElement[bool]:
    """FTS5: each word is a phrase in quotes, in which nothing but a quote means anything; words have none."""
    asked = between.join(f'"{one}"' for one in words)
    return _SEARCH.c.case_search.bool_op("MATCH")(asked)


def _query(words: tuple[str, ...], between: str) -> sa.ColumnElement[Any]:
    """PostgreSQL: a tsquery of plain words."""
    each = [sa.func.plainto_tsquery(sa.literal_column("'simple'"), one) for one in words]
    whole: sa.ColumnElement[Any] = each[0]
    for one in each[1:]:
        whole = whole.op(between)(one)
    return whole

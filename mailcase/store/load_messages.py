"""Reading stored messages for a Snapshot: the same mail, the mails it names, the mails that cite it.

Each id gets its own branch with its own limit, because one constant id may stand in a million mails.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.snapshot import KnownMessage, Lookup
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.hot import Hot, is_in, padded, places
from mailcase.verdict import OWN_MAIL

MOST_CITERS = 64  # newest a look-up; those of the same sender get as many on top
_MOST_SAME = 64
_M = t.message.c
_C = t.citation.c
_L = t.case_message.c
_A = t.message_alias.c
_KNOWN = (
    _M.id, _M.group_name, _M.message_id, _M.direction, _M.automatic, _M.identity, _M.date_key, _M.fingerprint,
    _M.sender_key, _M.participants, _M.account_id, _M.received_at, _M.outcome, _M.reason, _M.erased,
    _M.beginning, _M.delivery_id,
)  # fmt: skip
_HAS_BEGINNING = _M.beginning != sa.literal_column("''")  # as in the index, which few messages are in
Links = Mapping[int, tuple[AnyRow, ...]]  # message -> its rows of _linked


@dataclass(frozen=True, slots=True)
class Messages:
    """What was found, by the three questions of a Lookup."""

    same: tuple[KnownMessage, ...]
    named: Mapping[str, tuple[KnownMessage, ...]]
    citing: Mapping[str, tuple[KnownMessage, ...]]

    def cases(self) -> set[int]:
        """Running numbers of every case that one of them is linked to."""
        lists = (self.same, *self.named.values(), *self.citing.values())
        return {case for messages in lists for message in messages for case in message.cases}


def load_messages(conn: Connection, lookup: Lookup) -> Messages:
    """Two statements; one more for ids that no stored mail has, and one for the links if anything was found."""
    ids = lookup.named_ids
    wanted_ids = frozenset(ids)
    groups = padded(len(lookup.groups))
    counts = (padded(len(one)) for one in (_identities(lookup), lookup.beginnings))
    found = _known_statement(padded(len(ids)), groups, *counts)
    rows = found.run(conn, _known_parameters(lookup, ids))
    wanted = _to_cite(lookup, rows)
    cited: list[Any] = []
    if wanted:
        cited = _citing_statement(padded(len(wanted)), groups).run(conn, _citing_parameters(lookup, wanted))
    renamed = _renamed(conn, lookup, rows)
    links = _links(conn, {row.id for row in (*rows, *cited, *renamed)})
    stored = ((row.message_id, row) for row in rows if row.message_id in wanted_ids)
    return Messages(
        same=tuple(_same(row, links, lookup) for row in rows if _is_same(row, lookup)),
        named=_by_id((*stored, *((row.msgid, row) for row in renamed)), lookup, links),
        citing=_by_id(((row.cited, row) for row in cited), lookup, links),
    )


def _renamed(conn: Connection, lookup: Lookup, rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """Mails of ours to which a relay gave an id that no stored mail has; our own that came back is none."""
    stored = {row.message_id for row in rows if row.reason != OWN_MAIL}
    unknown = [one for one in lookup.named_ids if one not in stored]
    if not unknown:
        return []
    asked = _renamed_statement(padded(len(unknown)), padded(len(lookup.groups)))
    return asked.run(conn, {**places("group", lookup.groups), **places("id", unknown)})


@lru_cache(maxsize=64)
def _renamed_statement(ids: int, groups: int) -> Hot:
    joined = sa.join(t.message_alias, t.message, _A.message_pk == _M.id)
    asked = (is_in(_A.group_name, "group", groups), is_in(_A.msgid, "id", ids))
    return Hot(sa.select(_A.msgid, *_KNOWN).select_from(joined).where(*asked).order_by(_M.id.desc()))


def _to_cite(lookup: Lookup, rows: Sequence[AnyRow]) -> tuple[str, ...]:
    """Its own id (late parents), and the ids that no stored message has (siblings, B7.2)."""
    stored = {row.message_id for row in rows}
    own = (lookup.message_id,) if lookup.message_id else ()
    return (*own, *(one for one in lookup.thread_ids if one not in stored and one not in own))


def _is_same(row: AnyRow, lookup: Lookup) -> bool:
    if row.group_name != lookup.group:
        return False
    return (
        row.identity in _identities(lookup)
        or row.fingerprint == lookup.fingerprint
        or (row.beginning != "" and row.beginning in lookup.beginnings)
        or (row.message_id is not None and row.message_id == lookup.message_id)
    )


def _identities(lookup: Lookup) -> tuple[str, ...]:
    """How this mail is stored: received, sent, or erased."""
    return f"in:{lookup.identity}", f"out:{lookup.identity}", *lookup.erased_identities


def _by_id(pairs: Iterable[tuple[str, AnyRow]], lookup: Lookup, links: Links) -> dict[str, tuple[KnownMessage, ...]]:
    """Grouped by id, in the rows' order (newest first), without the mail itself when it is decided again."""
    found: dict[str, tuple[KnownMessage, ...]] = {}
    own = _identities(lookup)
    for msgid, row in pairs:
        if row.group_name != lookup.group or row.identity not in own:
            found[msgid] = (*found.get(msgid, ()), _known(row, links))
    return found


def _same(row: AnyRow, links: Links, lookup: Lookup) -> KnownMessage:
    """A mail that was erased is known again by its keyed digest alone."""
    known = _known(row, links)
    return replace(known, identity=lookup.identity) if row.identity in lookup.erased_identities else known


def _known(row: AnyRow, links: Links) -> KnownMessage:
    mine = links.get(row.id, ())
    return KnownMessage(
        pk=row.id, message_id=row.message_id or "", direction=row.direction, automatic=row.automatic,
        identity=row.identity.partition(":")[2], date_key=row.date_key, fingerprint=row.fingerprint,
        sender_key=row.sender_key, participants=frozenset(row.participants), account_id=row.account_id,
        cases=tuple(one.case_id for one in mine), received_at=row.received_at, outcome=row.outcome, reason=row.reason,
        erased=row.erased, beginning=row.beginning, delivery=row.delivery_id,
        by_hand=any(one.linked_by == "manual" for one in mine),
        to_agents=any(one.how == "notified" for one in mine),
    )  # fmt: skip


def _links(conn: Connection, pks: set[int]) -> Links:
    links: dict[int, tuple[AnyRow, ...]] = {}
    if pks:
        for row in _linked(padded(len(pks))).run(conn, places("pk", sorted(pks))):
            links[row.message_pk] = (*links.get(row.message_pk, ()), row)
    return links


@lru_cache(maxsize=64)
def _linked(pks: int) -> Hot:
    found = sa.select(_L.message_pk, _L.case_id, _L.linked_by, _L.how).where(is_in(_L.message_pk, "pk", pks))
    return Hot(found.order_by(_L.message_pk, _L.at, _L.case_id))


def _known_parameters(lookup: Lookup, ids: Sequence[str]) -> dict[str, Any]:
    return {
        "of_group": lookup.group, **places("group", lookup.groups), **places("identity", _identities(lookup)),
        "own_id": lookup.message_id, "of_fingerprint": lookup.fingerprint, **places("id", ids),
        **places("beginning", lookup.beginnings),
    }  # fmt: skip


@lru_cache(maxsize=64)
def _known_statement(ids: int, groups: int, identities: int, beginnings: int) -> Hot:
    def newest(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        inner = sa.select(_M.id).where(*where).order_by(_M.id.desc()).limit(_MOST_SAME).subquery()
        return sa.select(inner.c.id)

    of_group = _M.group_name == sa.bindparam("of_group")
    in_groups = is_in(_M.group_name, "group", groups)
    branches = [
        sa.select(_M.id).where(of_group, is_in(_M.identity, "identity", identities)),
        newest(of_group, _M.message_id == sa.bindparam("own_id")),
        newest(of_group, _M.fingerprint == sa.bindparam("of_fingerprint")),
        *([newest(of_group, _HAS_BEGINNING, is_in(_M.beginning, "beginning", beginnings))] if beginnings else []),
        *(newest(in_groups, _M.message_id == sa.bindparam(f"id_{at}")) for at in range(ids)),
    ]
    return Hot(sa.select(*_KNOWN).where(_M.id.in_(sa.union_all(*branches))).order_by(_M.id.desc()))


def _citing_parameters(lookup: Lookup, ids: Sequence[str]) -> dict[str, Any]:
    return {**places("group", lookup.groups), "of_sender": lookup.sender_key, **places("id", ids)}


@lru_cache(maxsize=64)
def _citing_statement(ids: int, groups: int) -> Hot:
    in_groups = is_in(_C.group_name, "group", groups)

    def newest(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        inner = sa.select(_C.cited, _C.message_pk).where(in_groups, *where)
        limited = inner.order_by(_C.received_at.desc()).limit(MOST_CITERS).subquery()
        return sa.select(limited.c.cited, limited.c.message_pk)

    named = [_C.cited == sa.bindparam(f"id_{at}") for at in range(ids)]
    same_sender = _C.sender_key == sa.bindparam("of_sender")
    pairs = sa.union(*(newest(one) for one in named), *(newest(one, same_sender) for one in named)).subquery()
    joined = sa.join(pairs, t.message, pairs.c.message_pk == _M.id)
    return Hot(sa.select(pairs.c.cited, *_KNOWN).select_from(joined).order_by(_M.id.desc()))

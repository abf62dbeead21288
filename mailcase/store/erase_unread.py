"""Mail that erasure finds in the journal alone: what was never parsed for good, and bytes of what was erased."""

import email.errors
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.store import tables as t
from mailcase.store.life.erasure import files_named, files_of_erased
from mailcase.store.scrub import GONE

_D, _R, _H, _M = t.delivery.c, t.raw.c, t.delivery_outcome.c, t.message.c
_HEADERS: Final = ("From", "Sender", "Reply-To", "Return-Path")
_HEAD: Final = 65536  # bytes that are looked at
_MOST_UNDECIDED: Final = 1000  # mails that wait are only counted: a first connection may bring any number
_GONE: Final[dict[str, Any]] = {
    "outcome": "ignored", "reason": "erased", "error": "", "mail_from": None, "mail_to": None, "subject": None,
    "message_id": None, "date": None,
}  # fmt: skip


def unread(conn: Connection) -> list[Any]:
    """(id, raw_sha256, outcome) of mails without a message row whose bytes are there, oldest first.

    All that lie in quarantine or were dropped from it; of those that wait for their decision the first thousand.
    """
    joined = sa.join(t.delivery, t.raw, _R.sha256 == _D.raw_sha256)
    mine = (_D.message_pk.is_(None), _R.purged_at.is_(None), _D.reason != "before_start")
    wanted = sa.select(_D.id, _D.raw_sha256, _D.outcome).select_from(joined).where(*mine).order_by(_D.id)
    decided = conn.execute(wanted.where(_D.outcome.is_not(None))).all()
    waits = conn.execute(wanted.where(_D.outcome.is_(None)).limit(_MOST_UNDECIDED)).all()
    return sorted((*decided, *waits), key=lambda row: row.id)


def left_of_erased(conn: Connection, deliveries: Collection[int] | None) -> set[str]:
    """Hashes of erased mail and files, or of these deliveries of it, whose bytes are still there."""
    joined = sa.join(t.message, t.delivery, _D.message_pk == _M.id)
    by_message = sa.select(_D.raw_sha256).select_from(joined).where(_M.erased.is_(True))
    by_delivery = sa.select(_D.raw_sha256).where(_D.reason == "erased")
    if deliveries is not None:
        by_message, by_delivery = (one.where(_D.id.in_(deliveries)) for one in (by_message, by_delivery))
    files = [files_of_erased()] if deliveries is None else []
    erased = sa.union(by_message, by_delivery, *files).subquery()
    there = sa.select(_R.sha256).where(_R.sha256.in_(sa.select(erased.c.raw_sha256)), _R.purged_at.is_(None))
    return set(conn.execute(there).scalars())


def decided(conn: Connection, hashes: Sequence[str]) -> list[str]:
    """Those of which no delivery waits for its decision, and no case has a file: these need the bytes."""
    waits = sa.select(_D.raw_sha256).where(_D.raw_sha256.in_(hashes), _D.outcome.is_(None))
    needed = {*conn.execute(waits).scalars(), *files_named(conn, hashes)}
    return [one for one in hashes if one not in needed]


def written_by(raw: bytes) -> Iterator[str]:
    """Address keys in the headers that name a sender, as far as the standard library reads them."""
    try:
        headers = BytesHeaderParser().parsebytes(raw[:_HEAD])
        values = [str(value) for name in _HEADERS for value in headers.get_all(name, [])]
    except (email.errors.MessageError, ValueError, LookupError):  # it lies in quarantine for a reason
        return
    yield from (key_of(address) for _, address in getaddresses(values) if "@" in address)


def give_up(conn: Connection, deliveries: Sequence[int], now: datetime, actor: str) -> None:
    """What lay in quarantine is ignored as `erased`, without a word of it."""
    for one in deliveries:
        conn.execute(sa.update(t.delivery).where(_D.id == one).values(**_GONE, decided_at=now))
        conn.execute(sa.update(t.delivery_outcome).where(_H.delivery_id == one).values(trace=[]))
        row = {
            "delivery_id": one, "at": now, "outcome": "ignored", "reason": "erased", "case_id": None,
            "actor": actor, "policy_hash": "", "trace": [{"test": "process", "result": GONE, "evidence": GONE}],
        }  # fmt: skip
        conn.execute(sa.insert(t.delivery_outcome), row)

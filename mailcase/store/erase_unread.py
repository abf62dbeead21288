"""Mail that was never parsed for good (undecided, in quarantine, dropped): whose is it, by its raw headers?"""

import email.errors
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.addresses import key_of
from mailcase.store import tables as t
from mailcase.store.scrub import GONE

_D, _R, _H = t.delivery.c, t.raw.c, t.delivery_outcome.c
_HEADERS: Final = ("From", "Sender", "Reply-To", "Return-Path")
_HEAD: Final = 65536  # bytes that are looked at
_GONE: Final[dict[str, Any]] = {
    "outcome": "ignored", "reason": "erased", "error": "", "mail_from": None, "mail_to": None, "subject": None,
    "message_id": None, "date": None,
}  # fmt: skip


def unread(conn: Connection) -> list[Any]:
    """(id, raw_sha256, outcome) of mails without a message row whose bytes are there, oldest first."""
    joined = sa.join(t.delivery, t.raw, _R.sha256 == _D.raw_sha256)
    statement = sa.select(_D.id, _D.raw_sha256, _D.outcome).select_from(joined)
    mine = (_D.message_pk.is_(None), _R.purged_at.is_(None), _D.reason != "before_start")
    return list(conn.execute(statement.where(*mine).order_by(_D.id)))


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

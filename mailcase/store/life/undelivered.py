"""An agent's mail that will not leave: its row ends, the case says so, and whoever has the case is told (L6)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.intake.texts import clean_text
from mailcase.life.happened import LONGEST_TEXT
from mailcase.life.happening import Happening, What
from mailcase.outbox.lines import cut
from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life.answers import first_answered
from mailcase.store.life.notify import tell
from mailcase.store.outbox_state import finish

_O, _C, _E = t.outbox.c, t.case.c, t.case_event.c


@dataclass(frozen=True, slots=True)
class End:
    """How a row ends."""

    state: str  # failed, expired
    reason: str
    error: str
    owner: str = ""  # as in outbox_state.finish


def give_up(conn: Connection, judge: Judge, row: int, end: End, now: datetime) -> None:
    """End the row and, if it was still open, write it into the case's history and tell its people; once an end."""
    if not finish(conn, row, end.state, now, end.reason, end.error, end.owner):
        return
    columns = (_O.case_id, _O.message_pk, _O.to)
    mail = conn.execute(sa.select(*columns).where(_O.id == row)).one()
    if mail.case_id is None:
        return
    said = clean_text(end.error) or end.reason
    data = {"recipient": mail.to, "status": end.reason, "diagnostic": said, "message": mail.message_pk}
    event = {"case_id": mail.case_id, "at": now, "event": "undeliverable", "actor": "mailcase", "delivery_id": None}
    conn.execute(sa.insert(t.case_event), {**event, "data": data})
    # What did not leave was no answer: the first that did is the first response, if there is one.
    answered = sa.update(t.case).where(_C.running == mail.case_id).values(first_response_at=first_answered())
    conn.execute(answered)
    told = cut(f"{mail.to} {end.reason} {said}", LONGEST_TEXT)
    key = f"outbox:{row}:{now.isoformat()}"
    happening = Happening(What.UNDELIVERABLE, mail.case_id, key, text=told, before=_writer(conn, mail))
    tell(conn, judge, (happening,), now)


def _writer(conn: Connection, mail: AnyRow) -> str:
    """The agent who wrote it: he is told where nobody has the case."""
    replies = sa.select(_E.actor, _E.data).where(_E.case_id == mail.case_id, _E.event == "replied")
    return next((one.actor for one in conn.execute(replies) if one.data.get("message") == mail.message_pk), "")

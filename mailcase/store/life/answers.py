"""When the customer of a case wrote, and when an agent answered, as SQL of a case's row."""

from typing import Any, Final

import sqlalchemy as sa

from mailcase.store import tables as t
from mailcase.verdict import BY_AGENT

_C, _L, _M, _D, _O, _E = (
    t.case.c, t.case_message.c, t.message.c, t.delivery.c, t.outbox.c, t.case_event.c,
)  # fmt: skip
#: An agent's mail that did not reach the customer answers nothing.
_NOT_SENT: Final = ("suppressed", "failed", "expired", "bounced")
#: By the server's date of what came, so that a reply from the sent folder stands where it was written.
_AT: Final = sa.func.coalesce(_D.received_at, _M.received_at)
_JOINED: Final = sa.join(t.case_message, t.message, _M.id == _L.message_pk).outerjoin(
    t.delivery, _D.id == _M.delivery_id
)
_NO_ANSWER: Final = sa.exists().where(
    _O.message_pk == _M.id, sa.or_(_O.audience != "customer", _O.state.in_(_NOT_SENT))
)  # fmt: skip
#: Acts whose notice carries an agent's words, and where their history keeps them.
_SAY: Final = {"wait": "text", "resolve": "solution"}
#: The notice of such an act: it was made at the same moment, since an act and its mails are one transaction.
_HAS_WORDS: Final = sa.exists().where(
    _E.case_id == _L.case_id, _E.event == "status", _E.at == _M.received_at,
    sa.or_(*(sa.and_(_E.data["act"].as_string() == act, _E.data[key].as_string() != "") for act, key in _SAY.items())),
)  # fmt: skip


def last_asked() -> sa.ScalarSelect[Any]:
    """When the last mail of a person came who is no agent at work, null where there is none."""
    return _mails(sa.func.max(_AT), _M.direction == "in", _M.kind == "person", _M.reason.not_in(BY_AGENT))


def last_answered() -> sa.ScalarSelect[Any]:
    """When the last words of an agent went to the customer, null where there are none: a mail or a notice with them."""
    return _mails(sa.func.max(_AT), *_of_agents())


def first_answered() -> sa.ScalarSelect[Any]:
    """When the first of them went, whether an act or a mail program (B16) sent them.

    Asked of the mails and not of the case's `first_response_at`: what came back was no response.
    """
    return _mails(sa.func.min(_AT), *_of_agents())


def _of_agents() -> tuple[sa.ColumnElement[bool], ...]:
    return _M.direction == "out", sa.or_(_M.automatic.is_(False), _HAS_WORDS), ~_NO_ANSWER


def _mails(what: Any, *which: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    found = sa.select(what).select_from(_JOINED).where(_L.case_id == _C.running, *which)
    return found.correlate(t.case).scalar_subquery()

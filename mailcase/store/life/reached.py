"""Where the customer of a case is written to: the address he, or a person for him, used last, as SQL."""

from typing import Any, Final

import sqlalchemy as sa

from mailcase.store import tables as t

_C, _AD, _M, _L, _P = t.case.c, t.contact_address.c, t.message.c, t.case_message.c, t.case_participant.c
#: Kinds of mail that somebody wrote: reports and away notes are answered by nobody.
WRITTEN: Final = ("person", "notification", "list", "bulk")
_MAILS: Final = sa.join(t.case_message, t.message, _M.id == _L.message_pk).join(
    t.contact_address, _AD.key == _M.sender_key
)

_WRITTEN_IN: Final = (_M.direction == "in", _M.kind.in_(WRITTEN), _M.erased.is_(False))


def wrote_here(case: Any, contact: Any, *columns: Any) -> sa.Select[Any]:
    """Of his newest mail on this case, verified before not verified."""
    newest = _wrote(contact, *columns).where(_L.case_id == case)
    return newest.order_by(_L.verified.desc(), _M.id.desc()).limit(1)


def anybody_wrote_here(case: Any, *columns: Any) -> sa.Select[Any]:
    """Of the newest verified mail on this case; none of an agent: his names notices, which prove that it is he."""
    mails = sa.join(t.case_message, t.message, _M.id == _L.message_pk)
    written = sa.select(*columns).select_from(mails).where(_L.case_id == case, _L.verified.is_(True))
    ours = sa.exists().where(t.agent.c.key == _M.sender_key)
    return written.where(*_WRITTEN_IN, ~ours).order_by(_M.id.desc()).limit(1)


def named(case: Any, contact: Any, *columns: Any) -> sa.Select[Any]:
    """Of his address among the people of the case: a person named it when he made the case by hand."""
    people = sa.join(t.case_participant, t.contact_address, _AD.key == _P.key)
    found = sa.select(*columns).select_from(people).where(_P.case_id == case, _AD.contact_id == contact)
    return found.order_by(_AD.address).limit(1)


def wrote_anywhere(contact: Any, *columns: Any) -> sa.Select[Any]:
    """Of his newest mail on any case, as far as it is certain that it was he."""
    return _wrote(contact, *columns).where(_L.verified.is_(True)).order_by(_M.id.desc()).limit(1)


def first_of(contact: Any, *columns: Any) -> sa.Select[Any]:
    """Of his first address, by its text."""
    return sa.select(*columns).where(_AD.contact_id == contact).order_by(_AD.address).limit(1)


def address_of_case() -> sa.ColumnElement[str]:
    """The address as a column of a case's row; null where it has no contact."""
    case, contact, what = _C.running, _C.contact_id, _AD.address
    ways = (
        wrote_here(case, contact, what).where(_L.verified.is_(True)),
        named(case, contact, what),
        wrote_here(case, contact, what),
        wrote_anywhere(contact, what),
        first_of(contact, what),
    )
    return sa.func.coalesce(*(one.correlate(t.case).scalar_subquery() for one in ways))


def _wrote(contact: Any, *columns: Any) -> sa.Select[Any]:
    his = sa.select(*columns).select_from(_MAILS).where(_AD.contact_id == contact)
    return his.where(*_WRITTEN_IN)

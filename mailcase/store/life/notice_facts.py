"""What the notice rules know of a case: read in the transaction in which something happened to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.errors import Permanent
from mailcase.life.notice import LastMail, NoticeFacts, Thread
from mailcase.life.people import Agent, Person
from mailcase.store import tables as t
from mailcase.store.dialect import AnyRow
from mailcase.store.life import reached
from mailcase.store.life.people import active_members, agent_by_key
from mailcase.store.life.standing import by_suspending

_C, _CO, _AD, _M, _L = t.case.c, t.contact.c, t.contact_address.c, t.message.c, t.case_message.c
_F, _S = t.case_follower.c, t.suppression.c
_LONGEST_TEXT: Final = 20_000  # characters of the customer's last mail
_MOST_OTHERS: Final = 50
_JUNK = sa.exists().where(_L.case_id == _C.running, _L.how == "junk_case")
#: Nobody knows for certain that the mail which made the case is whose it says; of another contact, a person knows.
_DOUBTED = sa.exists().where(
    _L.case_id == _C.running, _L.how.in_(("created", "followed")), _L.verified.is_(False), _M.id == _L.message_pk,
    _M.contact_id == _C.contact_id,
)  # fmt: skip
_READ = (
    t.case, _CO.name.label("who"), _CO.language, _CO.timezone, _JUNK.label("junk"), _DOUBTED.label("doubted"),
    by_suspending().label("suspended"),
)  # fmt: skip
_CASE = (
    sa.select(*_READ)
    .select_from(sa.outerjoin(t.case, t.contact, _CO.id == _C.contact_id))
    .where(_C.running == sa.bindparam("of_case"))
)
_AS_THEY_ARE: Final = ("support_level", "expected_at", "solution", "article")
_OF_CASE: Final[Any] = sa.bindparam("of_case")
_OF_CONTACT: Final[Any] = sa.bindparam("of_contact")
_LAST = reached.wrote_here(
    _OF_CASE, _OF_CONTACT, _M.id, _M.message_id, _M.references, _M.subject, _M.new_text, _M.text, _M.sender_name,
    _M.date, _M.received_at, _M.recipients, _L.verified, _AD.key, _AD.address,
)  # fmt: skip
_BEFORE = reached.anybody_wrote_here(_OF_CASE, _M.message_id, _M.references, _M.subject)
_NAMED = reached.named(_OF_CASE, _OF_CONTACT, _AD.key, _AD.address)
_ELSEWHERE = reached.wrote_anywhere(_OF_CONTACT, _AD.key, _AD.address)
_ANY_ADDRESS = reached.first_of(_OF_CONTACT, _AD.key, _AD.address)


def notice_facts(conn: Connection, running: int, now: datetime) -> NoticeFacts:
    """The case as the transaction has made it; Permanent where there is none."""
    case = conn.execute(_CASE, {"of_case": running}).one_or_none()
    if case is None:
        raise Permanent(f"there is no case {running} to tell anybody of")
    mail, customer, named = _customer(conn, case)
    assignee = agent_by_key(conn, case.assignee) if case.assignee else None
    members = tuple(active_members(conn, case.assignee_group)) if case.assignee_group else ()
    followers = _followers(conn, running)
    last = _last(mail) if mail is not None else None
    told = (customer, *(last.others if last else ()), assignee, *members, *followers)
    return NoticeFacts(
        running=running,
        number=case.number,
        title=case.title,
        status=case.status,
        category=case.category,
        priority=case.priority,
        group=case.group_name,
        mailbox=case.mailbox,
        created_at=case.created_at,
        **{name: getattr(case, name) for name in _AS_THEY_ARE},
        first_kind=case.first_kind,
        junk=bool(case.junk),
        contact_id=case.contact_id,
        account_id=case.account_id,
        customer=customer,
        unverified=bool(case.doubted) if mail is None or named else not mail.verified,
        assignee=assignee,
        assigned_to=case.assignee,
        assignee_group=case.assignee_group,
        organization=case.organization,
        members=members,
        followers=followers,
        last=last,
        others_thread=_thread(conn, running) if mail is None and customer is not None else None,
        suppressed=suppressed(conn, (one.key for one in told if one is not None), now),
        suspended=bool(case.suspended),
    )


def suppressed(conn: Connection, keys: Iterable[str], now: datetime) -> frozenset[str]:
    """Which of these get no automatic mail now."""
    lasting = sa.or_(_S.until.is_(None), _S.until > now)
    return frozenset(conn.execute(sa.select(_S.key).where(_S.key.in_(sorted(set(keys))), lasting)).scalars())


def _customer(conn: Connection, case: AnyRow) -> tuple[AnyRow | None, Person | None, bool]:
    """His last mail here, verified before not verified, the contact at the address that he is reached at, and
    whether that is one of the case's people though the mail is not verified: then it does not silence him.
    """
    if case.contact_id is None:
        return None, None, False
    asked = {"of_case": case.running, "of_contact": case.contact_id}
    mail = conn.execute(_LAST, asked).one_or_none()
    named = None if mail is not None and mail.verified else _named(conn, asked)
    place = named or mail or _usual(conn, asked)
    if place is None:
        return None, None, False
    person = Person(place.key, place.address, case.who, case.language, case.timezone)
    return mail, person, named is not None


def _named(conn: Connection, asked: dict[str, int]) -> AnyRow | None:
    """A mail that nobody vouches for does not take the place of the address that a person named."""
    return conn.execute(_NAMED, asked).one_or_none()


def _usual(conn: Connection, asked: dict[str, int]) -> AnyRow | None:
    """Where he wrote from last on any case; of who never wrote, the first by name."""
    of = {"of_contact": asked["of_contact"]}
    return conn.execute(_ELSEWHERE, of).one_or_none() or conn.execute(_ANY_ADDRESS, of).one_or_none()


def _last(mail: AnyRow) -> LastMail:
    return LastMail(
        message_pk=mail.id,
        message_id=mail.message_id,
        references=tuple(mail.references),
        subject=mail.subject,
        text=(mail.new_text or mail.text)[:_LONGEST_TEXT],
        sender=mail.sender_name or mail.address,
        at=mail.date or mail.received_at,
        others=tuple(_others(mail.recipients)) if mail.verified else (),
        verified=bool(mail.verified),
    )


def _thread(conn: Connection, running: int) -> Thread | None:
    """Of the newest mail of somebody else, so that who had a copy of it sees one thread; nothing of it is quoted."""
    row = conn.execute(_BEFORE, {"of_case": running}).one_or_none()
    return Thread(row.message_id, tuple(row.references), row.subject) if row is not None else None


def _others(recipients: Sequence[dict[str, Any]]) -> Iterable[Person]:
    """The To and Cc of his mail, ours among them: the engine knows which those are."""
    named = (one for one in recipients if one["field"] in ("to", "cc") and one["key"])
    return [Person(one["key"], one["address"], one["name"]) for one in named][:_MOST_OTHERS]


def _followers(conn: Connection, running: int) -> tuple[Agent, ...]:
    keys = conn.execute(sa.select(_F.key).where(_F.case_id == running).order_by(_F.at, _F.key)).scalars().all()
    found = (agent_by_key(conn, key) for key in keys)
    return tuple(one for one in found if one is not None)

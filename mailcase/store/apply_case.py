"""Handlers of the actions that make and change cases."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mailcase.actions import (
    CreateCase,
    LinkMessage,
    NewContact,
    NoteOnCase,
    RelateCases,
    ReopenCase,
    ShowMessage,
    WithdrawCase,
)
from mailcase.cases.statuses import StatusKind
from mailcase.errors import Permanent
from mailcase.life.follows import follows
from mailcase.ports import CaseFacts
from mailcase.store import tables as t
from mailcase.store.dialect import insert_new, is_sqlite, new_statement
from mailcase.store.hot import Hot
from mailcase.store.life.assign import Assigned, assigned_event, chosen
from mailcase.store.life.case_life import NOTE
from mailcase.store.life.case_read import status_since
from mailcase.store.numbers import next_running
from mailcase.store.work import Conflict, Work

_C, _L = t.case.c, t.case_message.c
_A = t.contact_address.c
_CONTACT_OF = Hot(sa.select(_A.contact_id).where(_A.key == sa.bindparam("key")))
_D = t.account_domain.c
_ACCOUNT_OF = Hot(sa.select(_D.account_id).where(_D.domain == sa.bindparam("of_domain")))
_INSERT_CONTACT = Hot(sa.insert(t.contact).returning(t.contact.c.id))
_INSERT_ADDRESS = Hot(sa.insert(t.contact_address))
_INSERT_CASE = Hot(sa.insert(t.case))
_TOUCH = Hot(
    sa.update(t.case)
    .where(_C.running == sa.bindparam("of_case"), _C.version == sa.bindparam("of_version"))
    .values(updated_at=sa.bindparam("to_now"))
)
_MADE_BY = sa.select(
    _C.running, _C.number, _C.status, _C.created_at, _C.first_kind, _C.assignee, _C.assignee_group
).where(_C.origin_pk == sa.bindparam("of_message"))
_FIELDS = (
    "title", "description", "status", "priority", "category", "organization", "assignee_group", "closing_reason",
)  # fmt: skip
# By whether it is SQLite.
LINK = {lite: Hot(new_statement(t.case_message, ("case_id", "message_pk"), lite=lite)) for lite in (True, False)}
_JOIN = {lite: Hot(new_statement(t.case_participant, lite=lite)) for lite in (True, False)}
_QUIET = ("shown", "noted")  # links that do not count as a change of the case


def resolve_contact(work: Work, wanted: int | NewContact | None) -> int | None:
    """The contact's id; a new one is made unless the address has one by then (B11)."""
    if not isinstance(wanted, NewContact):
        return wanted
    found = _CONTACT_OF.run(work.conn, {"key": wanted.key})
    if found:
        return int(found[0].contact_id)
    row = {
        "name": wanted.name, "language": "", "timezone": "", "active": True,
        "account_id": wanted.account_id or _owner(work, wanted.account_domain), "created_at": work.now,
    }  # fmt: skip
    made = int(_INSERT_CONTACT.run(work.conn, row)[0].id)
    # A conflict here is another first mail that was quicker: this one is decided again.
    address = {"key": wanted.key, "address": wanted.address, "contact_id": made}
    _INSERT_ADDRESS.run(work.conn, address)
    return made


def _owner(work: Work, domain: str) -> int | None:
    """The account of a domain; "" is nobody's."""
    found = _ACCOUNT_OF.run(work.conn, {"of_domain": domain}) if domain else []
    return int(found[0].account_id) if found else None


def account_of(work: Work) -> int | None:
    """The account of the mail's contact, where the decision could not know either."""
    mine = sa.select(t.contact.c.account_id).where(t.contact.c.id == work.contact_id)
    found: int | None = work.conn.execute(mine).scalar_one_or_none()
    return found


def create_case(work: Work, action: CreateCase) -> None:
    """A new case with the next number; a mail that made one before gets that one again (P2)."""
    if work.message_known:
        made = work.conn.execute(_MADE_BY, {"of_message": work.pk}).one_or_none()
        if made is not None:
            _take_again(work, action, made)
            return
    running = next_running(work.conn)
    number = work.judge.number(running)
    work.assignee = _picked(work, action)
    row = {
        "running": running, "number": number, "group_name": action.group, "mailbox": action.mailbox,
        **{name: getattr(action, name) for name in _FIELDS}, "source": action.source, "assignee": work.assignee,
        "contact_id": work.contact_id, "account_id": work.account_id, "origin_pk": work.pk,
        "first_kind": work.decision.kind.value, "created_at": work.now, "updated_at": work.now, "version": 1,
        "support_level": 0, "expected_at": None, "first_response_at": None, "article": "", "solution": "",
        **_follows(work, action),
    }  # fmt: skip
    _INSERT_CASE.run(work.conn, row)
    work.created = _facts(work, action, running, number, action.status, work.now)
    work.event(running, "created", {"mailbox": action.mailbox, "message_id": work.email.message_id})
    if action.assignment is not None:
        placed = Assigned(work.assignee, action.assignee_group)
        work.event(running, "assigned", assigned_event(action.assignment, placed, ""))


def _follows(work: Work, action: CreateCase) -> dict[str, object]:
    return follows(StatusKind.FINAL if action.ended else StatusKind.ACTIVE, work.now)


def _picked(work: Work, action: CreateCase) -> str:
    """The agent whom the assignment rule names or picks; "" for nobody."""
    if action.assignment is None:
        return ""
    return chosen(work.conn, action.assignment, action.organization)


def _take_again(work: Work, action: CreateCase, made: Any) -> None:
    """The case that this mail made: a junk case is taken out of the junk, any other stays as it is."""
    was_junk = sa.select(t.case_message.c.how).where(
        t.case_message.c.case_id == made.running, t.case_message.c.message_pk == work.pk
    )
    status = made.status
    if work.conn.execute(was_junk).scalar_one_or_none() == "junk_case":
        status = action.status
        values = {name: getattr(action, name) for name in _FIELDS}
        work.assignee = made.assignee or _picked(work, action)
        people = {
            "contact_id": work.contact_id, "account_id": work.account_id, "assignee": work.assignee,
            "updated_at": work.now, **_follows(work, action),
        }  # fmt: skip
        changed = sa.update(t.case).where(_C.running == made.running)
        work.conn.execute(changed.values(**values, **people, version=_C.version + 1))
        work.conn.execute(
            sa.update(t.case_message)
            .where(t.case_message.c.case_id == made.running, t.case_message.c.message_pk == work.pk)
            .values(how="created", at=work.now)
        )
        work.event(made.running, "accepted", {"from": made.status, "to": status})
        _placed_again(work, action, made)
    work.created = _facts(work, action, made.running, made.number, status, made.created_at)


def _placed_again(work: Work, action: CreateCase, made: Any) -> None:
    """The line of an assignment rule that gave the case to somebody; whom a person named keeps it."""
    placed = Assigned(work.assignee, action.assignee_group)
    if action.assignment is not None and placed != Assigned(made.assignee, made.assignee_group):
        data = assigned_event(action.assignment, placed, made.assignee_group)
        work.event(made.running, "assigned", {**data, "from": made.assignee})


def _facts(work: Work, action: CreateCase, running: int, number: str, status: str, created_at: datetime) -> CaseFacts:
    followed = next(
        (one.other for one in work.decision.actions if isinstance(one, RelateCases) and one.relation == "follows"), None
    )
    return CaseFacts(
        number=number, running=running, title=action.title, status=status, category=action.category,
        priority=action.priority, created_at=created_at, followed_number=work.number(followed) or "",
    )  # fmt: skip


def link_message(work: Work, action: LinkMessage) -> None:
    """At most one link a pair; a case that changed since it was read is a Conflict."""
    running = work.case(action.case)
    if work.created is None or running != work.created.running:
        if action.how not in _QUIET:
            _touch(work, running)
        data = {"how": action.how, "linked_by": action.linked_by, "verified": action.verified}
        work.event(running, "mail", {**data, "message_id": work.email.message_id, "message": work.pk})
    row = {
        "case_id": running, "message_pk": work.pk, "how": action.how, "linked_by": action.linked_by,
        "verified": action.verified, "at": work.now,
    }  # fmt: skip
    LINK[is_sqlite(work.conn)].run(work.conn, row)
    if work.message_known:
        _is_no_note(work, running, action.how)
    if action.verified:
        _join(work, running, work.lookup.participant_keys)


def _is_no_note(work: Work, running: int, how: str) -> None:
    """A mail that is decided again was a note at most by the earlier decision."""
    on_it = (_L.case_id == running, _L.message_pk == work.pk, _L.how == NOTE)
    work.conn.execute(sa.update(t.case_message).where(*on_it).values(how=how))


def _join(work: Work, running: int, keys: frozenset[str]) -> None:
    """These are people of the case from now on (B8)."""
    if keys:
        people = [{"case_id": running, "key": key} for key in sorted(keys)]
        _JOIN[is_sqlite(work.conn)].many(work.conn, people)


def show_message(work: Work, action: ShowMessage) -> None:
    """An agent's mail that stood on no case joins the history, with those it was written to."""
    running = work.case(action.case)
    link = {
        "case_id": running, "message_pk": action.message_pk, "how": "sent", "linked_by": "thread",
        "verified": bool(action.participants), "at": work.now,
    }  # fmt: skip
    LINK[is_sqlite(work.conn)].run(work.conn, link)
    work.event(running, "mail", {"how": "sent", "linked_by": "thread", "message": action.message_pk})
    _join(work, running, action.participants)


def withdraw_case(work: Work, action: WithdrawCase) -> None:
    """Cancel it and take its mail off, if nobody else's is on it (ours is nobody's) and nobody changed the case."""
    on_it = t.case_message.c.case_id == action.case
    somebodys = sa.not_(sa.and_(t.message.c.direction == "out", t.message.c.automatic.is_(True)))
    mails = sa.select(t.message.c.id).join(t.case_message, t.case_message.c.message_pk == t.message.c.id)
    if list(work.conn.execute(mails.where(on_it, somebodys)).scalars()) != [action.message_pk]:
        return
    values = {
        "status": action.to_status, "closing_reason": action.closing_reason, "updated_at": work.now,
        "version": action.version + 1, **follows(StatusKind.FINAL, work.now),
    }  # fmt: skip
    changed = sa.update(t.case).where(_C.running == action.case, _C.version == action.version)
    if work.conn.execute(changed.values(values)).rowcount != 1:
        raise Conflict
    its_own = t.case_message.c.message_pk == action.message_pk
    work.conn.execute(sa.delete(t.case_message).where(on_it, its_own))
    data = {"from": action.from_status, "to": action.to_status, "message": action.message_pk}
    work.event(action.case, "withdrawn", {**data, "message_id": work.email.message_id})


def _touch(work: Work, running: int) -> None:
    version = work.version(running)
    if version is None:
        raise Permanent(f"case {running} was not read before it was linked")
    where = {"of_case": running, "of_version": version, "to_now": work.now}
    if _TOUCH.count(work.conn, where) != 1:
        raise Conflict


def reopen_case(work: Work, action: ReopenCase) -> None:
    """Set the reopened status, if the case is still as it was read (B9)."""
    waited, former = _waited(work, action), _cleared(work, action)
    values: dict[str, Any] = {
        "status": action.to_status, "updated_at": work.now, "version": action.version + 1,
        **follows(StatusKind.ACTIVE, work.now),
    }  # fmt: skip
    if action.clear_assignee:
        values["assignee"] = ""
    changed = sa.update(t.case).where(_C.running == action.case, _C.version == action.version)
    if work.conn.execute(changed.values(values)).rowcount != 1:
        raise Conflict
    work.versions[action.case] = action.version + 1
    data = {"from": action.from_status, "to": action.to_status, "assignee_cleared": bool(former)}
    named = {"from_assignee": former} if former else {}
    work.event(action.case, "reopened", {**data, **named, **waited})


def _cleared(work: Work, action: ReopenCase) -> str:
    """Whom the mail takes the case from; "" where it stays with him, or was nobody's."""
    if not action.clear_assignee:
        return ""
    its = sa.select(_C.assignee).where(_C.running == action.case)
    return str(work.conn.execute(its).scalar_one_or_none() or "")


def _waited(work: Work, action: ReopenCase) -> dict[str, object]:
    """How long a paused status that the mail ends had lasted (L7)."""
    since = status_since(work.conn, action.case) if action.paused else None
    return {"waited_s": max(0, round((work.now - since).total_seconds()))} if since is not None else {}


def note_on_case(work: Work, action: NoteOnCase) -> None:
    """An event of the core's own words."""
    work.event(work.case(action.case), action.event, action.data)


def relate_cases(work: Work, action: RelateCases) -> None:
    """A relation, once."""
    row = {
        "case_id": work.case(action.case), "other_id": work.case(action.other), "relation": action.relation,
        "at": work.now,
    }  # fmt: skip
    work.conn.execute(insert_new(work.conn, t.case_relation), row)

"""Acts on two cases: merge, split, parent and child, relate. A merged case leads to where it was merged into (B7)."""

from mailcase.cases.fields import cut, title
from mailcase.cases.statuses import Role, StatusKind
from mailcase.life.acts.limits import line, words
from mailcase.life.acts.progress import status_values
from mailcase.life.acts.table import must
from mailcase.life.acts.telling import waited
from mailcase.life.asked import Asked
from mailcase.life.case_state import CaseState
from mailcase.life.changes import Changes, Did, Relate, SplitOff, TakeAlong, TellOther
from mailcase.life.happening import What
from mailcase.life.refused import Refused

#: What a case that is split off has of the one it came from.
_CARRIED = ("group", "mailbox", "priority", "category", "source", "contact_id", "account_id", "assignee_group")


def merge(asked: Asked) -> Changes:
    """This case (the secondary) is closed into the other (the primary), and later mail to it goes there.

    The customer is told nothing; followers, participants and open tasks go along.
    """
    must(asked, "merge")
    on, into = asked.on, asked.second
    if reason := _apart(asked, on, into):
        raise Refused(f"{on.number} cannot be merged into {into.number}: {reason}")
    to = asked.role(Role.CLOSED)
    moved = {"from": on.status, "to": to.name, "act": "merge", **waited(asked)}
    why = f"Merged into {into.number}"
    values = {**status_values(asked, to), "merged_into_id": into.running, "closing_reason": why}
    events = (Did("status", moved), Did("merged", {"into": into.number}))
    deeds = (
        TellOther(into.running, Did("merged", {"from": on.number})),
        TakeAlong(into.running),
    )
    return Changes(values, events, deeds)


def _apart(asked: Asked, on: CaseState, into: CaseState) -> str:
    """Why the two cannot be one; "" where they can."""
    if on.running == into.running:
        return "it is the same case"
    if into.merged_into is not None:
        return f"{into.number} was merged into {into.merged_number}; merge into {into.merged_number}"
    if asked.policy.statuses.kind(into.status) is StatusKind.FINAL:
        return f"{into.number} is {into.status}"
    if on.group != into.group:
        return f"they belong to different groups of mailboxes, {on.group} and {into.group}"
    if on.organization != into.organization:
        return _organizations(on, into)
    if _same_customer(on, into):
        return ""
    return f"they are of different customers; `mailcase case contact {on.number} ADDRESS` gives it to the other's"


def _organizations(on: CaseState, into: CaseState) -> str:
    to = f'"{into.organization}"' if into.organization else "none"
    return f"they belong to different organizations; `mailcase case organization {on.number} {to}` gives it the other's"


def _same_customer(one: CaseState, other: CaseState) -> bool:
    """The same contact, or contacts of one account."""
    if one.contact_id is not None and one.contact_id == other.contact_id:
        return True
    return one.account_id is not None and one.account_id == other.account_id


def split(asked: Asked, subject: str = "", text: str = "") -> Changes:
    """A new case of a message of this one, or of a marked text; the message stays on both."""
    must(asked, "split")
    on, cases, mail = asked.on, asked.policy.cases, asked.mail
    if mail and mail.split_into and not text.strip():
        raise Refused(f"that mail was split off already, to {mail.split_into}; with --text a part of it is a case too")
    body = words(text or (mail.text if mail else ""), "text", needed=mail is None, most=10_000_000)
    named = line(subject, "title", needed=False, most=cases.title_max) or _title(asked, body)
    new = asked.role(Role.NEW)
    values = {
        **{_COLUMNS.get(name, name): getattr(on, name) for name in _CARRIED},
        "organization": on.organization, "status": new.name, "title": named,
        "description": cut(body, cases.description_max), "first_kind": on.first_kind,
    }  # fmt: skip
    told = (What.GROUP_ASSIGNED,) if on.assignee_group else ()
    return Changes(deeds=(SplitOff(values, mail.pk if mail else None, told),))


_COLUMNS = {"group": "group_name"}


def _title(asked: Asked, text: str) -> str:
    """As of a new mail (B10): its subject; of a text its first line."""
    cases = asked.policy.cases
    given = asked.mail.subject if asked.mail else text.partition("\n")[0]
    return title(given, cases.masks, cases.title_max, cases.empty_subject)


def parent(asked: Asked) -> Changes:
    """The other case becomes the parent of this one, or none does; no case is above itself."""
    must(asked, "parent")
    on, above = asked.on, asked.other
    if above is None:
        return _orphaned(asked)
    if above.running == on.running or on.running in above.ancestors:
        raise Refused(f"{above.number} cannot be the parent of {on.number}: it would be above itself")
    if above.merged_into is not None:
        raise Refused(f"{above.number} was merged into {above.merged_number}: name that one")
    if above.running == on.parent:
        raise Refused(f"{above.number} is the parent of {on.number} already")
    told = TellOther(above.running, Did("child_added", {"case": on.number}))
    event = Did("parent", {"from": on.parent_number, "to": above.number})
    return Changes({"parent_id": above.running}, (event,), (told, *_told_former(on)))


def _orphaned(asked: Asked) -> Changes:
    on = asked.on
    if on.parent is None:
        raise Refused(f"{on.number} has no parent")
    event = Did("parent", {"from": on.parent_number, "to": ""})
    return Changes({"parent_id": None}, (event,), _told_former(on))


def _told_former(on: CaseState) -> tuple[TellOther, ...]:
    if on.parent is None:
        return ()
    return (TellOther(on.parent, Did("child_removed", {"case": on.number})),)


def relate(asked: Asked) -> Changes:
    """The two cases belong together; both show it."""
    must(asked, "relate")
    on, other = asked.on, asked.second
    if on.running == other.running:
        raise Refused("a case is related to another one, not to itself")
    if other.running in on.related:
        raise Refused(f"{on.number} and {other.number} are related already")
    told = TellOther(other.running, Did("related", {"with": on.number}))
    event = Did("related", {"with": other.number})
    return Changes(events=(event,), deeds=(Relate(other.running, "related"), told))

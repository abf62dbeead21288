"""The twin's answers to one Lookup, out of its tables: what store.load asks of SQL."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from mailcase.snapshot import Acked, CaseView, KnownMessage, Lookup, Snapshot
from mailcase.verdict import OWN_MAIL
from tests.simulator.rows import Case, Message, Tables

_SAME_AGAIN = timedelta(minutes=60)
_NEVER_LEFT = ("suppressed", "failed", "expired")


def answer(tables: Tables, lookup: Lookup, now: datetime, *, breaker_open: bool) -> Snapshot:
    """The Snapshot of this Lookup."""
    own = _identities(lookup)
    newest = [tables.messages[pk] for pk in sorted(tables.messages, reverse=True)]
    others = [one for one in newest if one.group in lookup.groups and not _is(one, lookup, own)]
    same = tuple(_known(tables, one) for one in newest if _is_same(one, lookup, own))
    named = {
        wanted: tuple(_known(tables, one) for one in others if _named(tables, one, wanted, lookup, newest))
        for wanted in lookup.named_ids
    }
    citing = {
        wanted: tuple(_known(tables, one) for one in others if wanted in one.cited)
        for wanted in _to_cite(lookup, newest)
    }
    contact = tables.addresses.get(lookup.sender_key)
    opened = _open_cases(tables, lookup, contact)
    lists = (same, *named.values(), *citing.values())
    wanted = {case for known in lists for one in known for case in one.cases}
    return Snapshot(
        lookup=lookup,
        now=now,
        same=same,
        messages={key: value for key, value in named.items() if value},
        citing={key: value for key, value in citing.items() if value},
        cases=_cases(tables, lookup.groups, wanted.union(lookup.case_numbers, opened)),
        contact=tables.contacts[contact] if contact else None,
        open_cases=opened,
        suppressed=_suppressed(tables, lookup.sender_key, now),
        suppressed_copies=frozenset(key for key in lookup.copy_keys if _suppressed(tables, key, now)),
        acks=tuple(_acks(tables, lookup, now)),
        breaker_open=breaker_open,
    )


def _identities(lookup: Lookup) -> tuple[str, ...]:
    return f"in:{lookup.identity}", f"out:{lookup.identity}", *lookup.erased_identities


def _named(tables: Tables, one: Message, wanted: str, lookup: Lookup, stored: Iterable[Message]) -> bool:
    """By its own id, or by one that a relay gave it where no stored mail has that."""
    if one.message_id == wanted:
        return True
    mine = [mail for mail in stored if mail.group in lookup.groups and mail.reason != OWN_MAIL]
    free = all(mail.message_id != wanted for mail in mine)
    return free and tables.renamed.get((one.group, wanted)) == one.pk


def _is(one: Message, lookup: Lookup, own: tuple[str, ...]) -> bool:
    return one.group == lookup.group and one.identity in own


def _is_same(one: Message, lookup: Lookup, own: tuple[str, ...]) -> bool:
    same_id = one.message_id is not None and one.message_id == lookup.message_id
    alike = one.fingerprint == lookup.fingerprint or (one.beginning != "" and one.beginning in lookup.beginnings)
    return one.group == lookup.group and (one.identity in own or alike or same_id)


def _to_cite(lookup: Lookup, stored: Iterable[Message]) -> tuple[str, ...]:
    known = {one.message_id for one in stored}
    own = (lookup.message_id,) if lookup.message_id else ()
    return (*own, *(one for one in lookup.thread_ids if one not in known and one not in own))


def _known(tables: Tables, one: Message) -> KnownMessage:
    mine = sorted((link.at, case, link) for (case, pk), link in tables.links.items() if pk == one.pk)
    return KnownMessage(
        pk=one.pk,
        message_id=one.message_id or "",
        direction=one.direction,
        automatic=one.automatic,
        identity=one.identity.partition(":")[2],
        date_key=one.date_key,
        fingerprint=one.fingerprint,
        sender_key=one.sender_key,
        participants=one.participants,
        account_id=None,
        cases=tuple(case for _, case, _ in mine),
        received_at=one.received_at,
        outcome=one.outcome,
        reason=one.reason,
        erased=False,
        beginning=one.beginning,
        delivery=one.delivery,
        by_hand=any(link.linked_by == "manual" for _, _, link in mine),
    )


def _open_cases(tables: Tables, lookup: Lookup, contact: int | None) -> tuple[int, ...]:
    mine = (
        one.running
        for one in tables.cases.values()
        if contact and one.contact == contact and one.group == lookup.group and one.status not in lookup.final_statuses
    )
    return tuple(sorted(mine, reverse=True)[:25])


def _cases(tables: Tables, groups: tuple[str, ...], wanted: set[int]) -> dict[int, CaseView]:
    """Those cases of the groups, with what followed them."""
    found: dict[int, CaseView] = {}
    todo = sorted(wanted)
    while todo:
        case = tables.cases.get(todo.pop())
        if case is None or case.running in found or case.group not in groups:
            continue
        found[case.running] = _view(tables, case)
        todo += found[case.running].followers
    return found


def _view(tables: Tables, case: Case) -> CaseView:
    followers = (one for one, other, what in tables.relations if other == case.running and what == "follows")
    people = {key for running, key in tables.people if running == case.running}
    people |= {key for key, contact in tables.addresses.items() if contact == case.contact}
    return CaseView(
        running=case.running,
        number=case.number,
        group=case.group,
        status=case.status,
        category=case.category,
        title=case.title,
        contact_id=case.contact,
        account_id=case.account,
        participants=frozenset(people),
        merged_into=None,
        followers=tuple(sorted(followers, reverse=True)),
        assignee=case.assignee,
        version=case.version,
        created_at=case.created_at,
        first_kind=case.first_kind,
    )


def _suppressed(tables: Tables, key: str, now: datetime) -> str:
    until, reason = tables.suppressed.get(key, (now, ""))
    return reason if until is None or until > now else ""


def _acks(tables: Tables, lookup: Lookup, now: datetime) -> Iterator[Acked]:
    since = now - max(lookup.ack_window, _SAME_AGAIN)
    mine = [
        Acked(row.mail.created_at, tables.answers[number].content_key, tables.answers[number].group)
        for number, row in tables.outbox.items()
        if lookup.sender_key and tables.answers[number].to_key == lookup.sender_key
        if row.mail.automatic and row.state not in _NEVER_LEFT and row.mail.created_at >= since
    ]
    yield from sorted(mine, key=lambda one: one.at, reverse=True)

"""What the store holds, and what must be true of it after every step, whatever was done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.life_machine.model import Mail
from tests.contract.life_machine.policy import BY_ACT, BY_MAIL, FINAL, SOLVED

#: All that an act can write. Texts are left out: they would be most of what is read.
_OF_ACTS: Final = tuple(
    sa.select(*(one for one in table.columns if one.name not in ("text", "html", "html_clean", "headers"))).order_by(
        *table.primary_key.columns
    )
    for table in (
        t.case, t.case_event, t.outbox, t.case_message, t.case_follower, t.case_task, t.case_relation, t.message,
        t.case_file, t.case_participant, t.contact, t.contact_address, t.agent_group_member,
    )
)  # fmt: skip
_O, _OF = t.outbox.c, t.case_follower.c
_MINE: Final = t.message.c.id == _O.message_pk
_OUTBOX: Final = sa.select(
    _O.id, _O.case_id, _O.kind, _O.to_key, _O.cc, _O.state, _O.reason, _O.audience, _O.message_id, _O.next_attempt_at,
    sa.select(t.message.c.contact_id).where(_MINE).scalar_subquery().label("customer_then"),
    sa.select(t.message.c.participants).where(_MINE).scalar_subquery().label("written_to"),
).order_by(_O.id)  # fmt: skip
_TO_WHO_WROTE: Final = ("registration", "followed", "kept_as_note", "partly_done")  # answers, and no notices
_COLUMNS: Final = ("status", "assignee", "assignee_group", "priority", "category")


@dataclass(frozen=True)
class Look:
    """The rows at one moment."""

    cases: Mapping[str, Any]
    events: list[Any]
    outbox: Mapping[int, Any]
    numbers: Mapping[int, str]
    followers: Mapping[str, frozenset[str]]
    open_tasks: Mapping[str, frozenset[int]]
    twice: list[Any]  # the same mail twice on a case

    def mail(self, row: Any) -> Mail:
        """The row as the model writes it."""
        return Mail(self.numbers[row.case_id], row.kind, tuple(sorted((row.to_key, *row.cc))), row.state, row.reason)


def look(store: Store) -> Look:
    """Read it all."""
    with store._engines.read() as conn:
        cases = conn.execute(sa.select(t.case).order_by(t.case.c.running)).all()
        numbers = {one.running: one.number for one in cases}
        followers = conn.execute(sa.select(_OF.case_id, _OF.key)).all()
        opened = t.case_task.c.state == "open"
        tasks = conn.execute(sa.select(t.case_task.c.case_id, t.case_task.c.id).where(opened)).all()
        stands = sa.select(t.case_message.c.case_id, t.message.c.identity)
        same = stands.join(t.message, t.message.c.id == t.case_message.c.message_pk)
        twice = same.group_by(t.case_message.c.case_id, t.message.c.identity).having(sa.func.count() > 1)
        return Look(
            cases={one.number: one for one in cases},
            events=list(conn.execute(sa.select(t.case_event).order_by(t.case_event.c.id)).all()),
            outbox={one.id: one for one in conn.execute(_OUTBOX).all()},
            numbers=numbers,
            followers=_by_case(followers, numbers),
            open_tasks=_by_case(tasks, numbers),
            twice=list(conn.execute(twice).all()),
        )


def _by_case(rows: Any, numbers: Mapping[int, str]) -> dict[str, frozenset[Any]]:
    return {number: frozenset(one for case, one in rows if case == running) for running, number in numbers.items()}


def of_acts(store: Store) -> list[list[str]]:
    """All that an act can write, to see that a refused one wrote nothing."""
    with store._engines.read() as conn:
        return [[repr(row) for row in conn.execute(one).all()] for one in _OF_ACTS]


def new_mail(before: Look, after: Look) -> Counter[Mail]:
    """What this step put into the outbox; no row may be lost."""
    assert before.outbox.keys() <= after.outbox.keys(), "rows of the outbox are gone"
    return Counter(after.mail(one) for at, one in after.outbox.items() if at not in before.outbox)


def states(before: Look, after: Look) -> dict[int, str]:
    """Rows of the outbox whose state or reason changed, with the state that they have now."""
    kept = [(before.outbox[at], one) for at, one in after.outbox.items() if at in before.outbox]
    return {new.id: new.state for old, new in kept if (old.state, old.reason) != (new.state, new.reason)}


def check(before: Look, after: Look) -> None:
    """What is always so."""
    assert not after.twice, f"a mail stands twice on a case: {after.twice}"
    assert len(set(after.numbers.values())) == len(after.numbers)
    for number, new in after.cases.items():
        old = before.cases.get(number)
        assert not new.solution or new.status in (SOLVED, *FINAL), f"{number} is {new.status} and has a solution"
        _grew(old, new)
        _chain(old, new, [one for one in after.events[len(before.events) :] if one.case_id == new.running])


def _grew(old: Any, new: Any) -> None:
    """A version only grows, and does where anything that an act can change did; the first response stays."""
    if old is None:
        return
    watched = [one for one in new._fields if one not in ("version", "updated_at")]
    same = all(getattr(old, one) == getattr(new, one) for one in watched)
    assert new.version > old.version or (same and new.version == old.version), f"{new.number}: version {new.version}"
    assert old.first_response_at in (None, new.first_response_at), f"{new.number}: its first response was moved"


def _chain(old: Any, new: Any, events: list[Any]) -> None:
    """Each line of the history begins where the one before it ended, and the last is what the row says."""
    made = next((one for one in events if one.event == "assigned" and one.data.get("rule")), None)
    at = _values(old) if old is not None else _born(new, made)
    for one in events:
        for name, was, is_ in _said(one):
            assert was in (None, at[name]), f"{new.number} {one.event}: {name} was {at[name]!r}, not {was!r}"
            if name == "status":
                _allowed(new.number, at[name], is_, one)
            at[name] = is_
    assert at == _values(new), f"{new.number}: its history ends with {at}"


def _values(row: Any) -> dict[str, str]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _born(new: Any, placed: Any) -> dict[str, str]:
    """As it was when it was made: what the rule that placed it says was before."""
    plain = _values(new)
    if placed is None:
        return plain
    return plain | {"assignee": placed.data["from"], "assignee_group": placed.data["from_group"]}


def _said(event: Any) -> list[tuple[str, str | None, str]]:
    """(column, before, after) of one line; a mail that clears the assignee says who it was."""
    data = event.data
    if event.event == "reopened":
        former = data.get("from_assignee", "")
        assert data["assignee_cleared"] is bool(former)
        return [("status", data["from"], data["to"]), *([("assignee", former, "")] if former else [])]
    if event.event in ("status", "priority", "category"):
        return [(event.event, data["from"], data["to"])]
    if event.event == "assigned":
        return [("assignee", data["from"], data["to"]), ("assignee_group", data["from_group"], data["to_group"])]
    return []


def _allowed(number: str, was: str, is_: str, event: Any) -> None:
    """No transition outside the table; a final status is left by restart and undo-cancel alone (L8)."""
    act = event.data.get("act", "mail")
    ways = {"mail": BY_MAIL.get(was, "")} if event.event == "reopened" else BY_ACT[was]
    undone = act == "undo-cancel" and was == "Canceled"
    assert undone or ways.get(act) == is_, f"{number}: {was} became {is_} by {act}"
    assert was not in FINAL or act in ("restart", "undo-cancel"), f"{number} left {was} by {act}"


def nobody_wrongly(mails: Counter[Mail], active: set[str], agents: tuple[str, ...], by: str) -> None:
    """No notice to an agent who is disabled, or to who did it himself."""
    for mail in mails:
        for one in mail.to:
            assert one in active or one not in agents, f"{mail} went to a disabled agent"
            assert one != by or mail.rule in _TO_WHO_WROTE, f"{mail} told him of his own act"

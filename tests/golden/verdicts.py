"""A Decision in the short form of decision.toml, and the comparison of the two."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailcase import actions as verbs
from mailcase.intake.offered import offered
from mailcase.life.by_agent import steps
from mailcase.life.refused import Refused
from mailcase.message import Email
from mailcase.verdict import Decision
from tests.golden.store import Store

Table = dict[str, Any]


@dataclass(frozen=True)
class Short:
    """One decision told in words, with the names of the world it was made in."""

    decision: Decision
    email: Email
    store: Store

    def table(self) -> Table:
        """Everything that a decision.toml may name."""
        made = self.decision
        return {
            "kind": str(made.kind),
            "outcome": str(made.outcome),
            "reason": made.reason,
            "linked_by": made.linked_by,
            "case": "" if made.case is None else self.number(made.case),
            "acknowledge": made.acknowledge,
            "acknowledge_reason": made.acknowledge_reason,
            "sender_unverified": made.sender_unverified,
            "verified": any(one.verified for one in self._all(verbs.LinkMessage) if one.case == made.case),
            "links": sorted(f"{self.number(one.case)} {one.how}" for one in self._all(verbs.LinkMessage)),
            "reopened": [self._reopened(one) for one in self._all(verbs.ReopenCase)],
            "relations": [self._relation(one) for one in self._all(verbs.RelateCases)],
            "notes": [f"{self.number(one.case)} {one.event}" for one in self._all(verbs.NoteOnCase)],
            "bounced": [self._bounced(one) for one in self._all(verbs.MarkBounced)],
            "suppress": [f"{one.key} {one.reason}" for one in self._all(verbs.SuppressAddress)],
            "shown": [
                f"{self.number(one.case)} {self.store.message_id(one.message_pk)}"
                for one in self._all(verbs.ShowMessage)
            ],
            "joined": sorted(key for one in self._all(verbs.ShowMessage) for key in one.participants),
            "taken_as_sent": [self.store.message_id(one.message_pk) for one in self._all(verbs.TakeAsSent)],
            "withdrawn": [f"{self.number(one.case)} {one.to_status}" for one in self._all(verbs.WithdrawCase)],
            "created": self._only(verbs.CreateCase, self._created),
            "queued": self._only(verbs.QueueMail, _queued),
            "acts": self._only(verbs.AgentActs, self._acts),
            "trace": {line.test: line.result for line in reversed(made.trace)},
            "attachments": self._attachments(),
        }

    def number(self, case: int) -> str:
        """The case's number, or "new"."""
        return "new" if case == verbs.NEW else self.store.world.policy.cases.mask.format(case)

    def _all(self, verb: type[Any]) -> list[Any]:
        return [one for one in self.decision.actions if isinstance(one, verb)]

    def _only(self, verb: type[Any], tell: Callable[[Any], Table]) -> Table:
        found = self._all(verb)
        assert len(found) < 2, f"more than one {verb.__name__}"
        return tell(found[0]) if found else {}

    def _reopened(self, one: verbs.ReopenCase) -> str:
        assignee = "cleared" if one.clear_assignee else "kept"
        return f"{self.number(one.case)} {one.from_status} -> {one.to_status}, assignee {assignee}"

    def _relation(self, one: verbs.RelateCases) -> str:
        return f"{self.number(one.case)} {one.relation} {self.number(one.other)}"

    def _bounced(self, one: verbs.MarkBounced) -> str:
        return f"{one.recipient} {one.status} {'permanent' if one.permanent else 'temporary'}"

    def _created(self, one: verbs.CreateCase) -> Table:
        names = ("title", "description", "status", "priority", "category", "source", "mailbox", "organization")
        plain = {name: getattr(one, name) for name in (*names, "assignee_group", "closing_reason")}
        account = one.account_id or (one.contact.account_id if isinstance(one.contact, verbs.NewContact) else None)
        owner = next((name for name, place in self.store.accounts.items() if place == account), "")
        rule = one.assignment.name if one.assignment else ""
        return {**plain, "contact": self._contact(one.contact), "account": owner, "assignment": rule}

    def _acts(self, one: verbs.AgentActs) -> Table:
        """What an agent's mail asks for: names of acts, or why there are none."""
        told = {"case": self.number(one.case), "agent": one.agent, "text": one.text, "why_not": one.why_not}
        try:
            wanted = [step.name for step in steps(one.text, one.files)]
        except Refused as error:
            wanted = [f"refused: {error}"]
        files = [f"{file.name} from part {file.part}" for file in one.files]
        return {**told, "steps": wanted, "files": files, "left_out": list(one.left_out)}

    def _contact(self, contact: int | verbs.NewContact | None) -> str:
        if isinstance(contact, verbs.NewContact):
            return f"new {contact.name} <{contact.key}>"
        return self.store.contacts[contact - 1]["name"] if contact else ""

    def _attachments(self) -> list[Table]:
        names = ("name", "type", "size", "inline")
        listed = [{name: getattr(one, name) for name in names} for one in self.email.attachments]
        return offered(listed, self.store.world.policy.attachments)


def _queued(one: verbs.QueueMail) -> Table:
    names = ("rule", "template", "mailbox", "to", "to_name", "language", "in_reply_to", "subject", "suppressed")
    plain = {name: getattr(one, name) or "" for name in names}
    return {**plain, "cc": list(one.cc), "references": list(one.references)}


def differences(wanted: Mapping[str, Any], got: Mapping[str, Any], at: str = "") -> list[str]:
    """One line for each key of `wanted` that `got` does not answer with the same value."""
    found: list[str] = []
    for key, value in wanted.items():
        where, other = f"{at}{key}", got.get(key, "(absent)")
        if isinstance(value, dict) and isinstance(other, dict) and value:
            found += differences(value, other, f"{where}.")
        elif key == "links":
            found += [] if sorted(value) == other else [f"{where}: wanted {value!r}, got {other!r}"]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += _rows(value, other, where)
        elif value != other:
            found.append(f"{where}: wanted {value!r}, got {other!r}")
    return found


def _rows(wanted: list[Table], got: list[Table], where: str) -> list[str]:
    if len(wanted) != len(got):
        return [f"{where}: wanted {len(wanted)} rows, got {got!r}"]
    pairs = zip(wanted, got, strict=True)
    return [line for at, (want, have) in enumerate(pairs, 1) for line in differences(want, have, f"{where}[{at}].")]


def as_toml(table: Mapping[str, Any]) -> str:
    """The table in the form of decision.toml: plain keys first, then tables."""
    plain = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    lines = ["\n".join(plain)]
    for key, value in table.items():
        if isinstance(value, dict) and value:
            lines.append(f"[{key}]\n{as_toml(value).rstrip()}")
        elif _is_table(value):
            lines += [f"[[{key}]]\n{as_toml(row).rstrip()}" for row in value]
    return "\n\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)

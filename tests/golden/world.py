"""The world of one golden case: snapshot.toml read into Policy, Delivery and rows for a store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from mailcase.cases.numbers import Mask
from mailcase.cases.statuses import Role, Status, StatusKind, StatusTable
from mailcase.intake.addresses import key_of
from mailcase.junk import header_rules
from mailcase.junk.blacklist import Blacklist
from mailcase.life.assignment import AssignmentRule
from mailcase.message import Delivery, Wish
from mailcase.policy import AttachmentPolicy, CategoryPolicy, MailboxPolicy, Policy
from tests.builders import make_acknowledge, make_cases, make_junk, make_linking, make_mailbox
from tests.golden.marks import KEYS, read_table

_TYPES: Final = frozenset({"jpg", "jpeg", "png", "gif", "pdf", "doc", "docx", "xlsx", "txt", "eml"})
_BOXES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "support",
        "address": "support@helpdesk.example",
        "keys": frozenset({"support@helpdesk.example", "hilfe@helpdesk.example"}),
        "category": "Incident",
        "organization": "Help desk",
        "assignee_group": "First line",
    },
    {"name": "billing", "address": "billing@helpdesk.example", "category": "Request"},
    {
        "name": "library",
        "address": "ausleihe@bücherei.example",
        "keys": frozenset({key_of("ausleihe@bücherei.example")}),
        "group": "library",
        "category": "Question",
        "language": "de",
    },
)

#: The keys that a row of each table may have; a mistyped one would silently say nothing.
_ROWS: Final = {
    "account": {"name", "domains"},
    "contact": {"address", "name", "account", "language"},
    "case": {
        *("number", "status", "category", "title", "contact", "account", "participants", "merged_into"),
        *("followed_by", "assignee", "created_at", "group", "version", "first_kind"),
    },
    "message": {
        *("eml", "message_id", "direction", "automatic", "from", "to", "cc", "date", "cases", "cites"),
        *("outcome", "reason", "erased", "to_agents"),
    },
    "ack": {"at", "content", "group"},
    "suppressed": {"address", "reason"},
    "header_rule": {"name", "matches", "reason"},
    "assignment": {"name", "mailbox", "category", "sender_domain", "words", "priority", "group", "agent", "pick"},
    "status": {"name", "kind", "role", "formerly"},
}


def _converted(name: str, value: Any) -> tuple[str, Any]:
    """A [policy] key as the field and the type that the policy has."""
    if name == "number_mask":
        return "mask", Mask.parse(value)
    if name == "retired_masks":
        return name, tuple(map(Mask.parse, value))
    if name == "blacklist":
        return name, Blacklist.parse("\n".join(value))
    if name == "category_rules":
        return name, tuple(CategoryPolicy(**row) for row in value)
    if name in ("form_senders", "own_lists", "freemail", "trusted_authserv_ids"):
        return name, frozenset(value)
    return name, value


class _Overrides(dict[str, Any]):
    """The flat [policy] table; each part of the policy takes the keys that it has."""

    def take(self, owner: type) -> dict[str, Any]:
        return {one.name: self.pop(one.name) for one in fields(owner) if one.name in self}


@dataclass(frozen=True)
class World:
    """snapshot.toml of one directory."""

    folder: Path
    data: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> "World":
        """Read the directory's snapshot.toml."""
        data = read_table(folder / "snapshot.toml")
        wrong = data.keys() - {"now", "agents", "policy", "delivery"} - _ROWS.keys()
        wrong |= {key for table, known in _ROWS.items() for row in data.get(table, ()) for key in row.keys() - known}
        assert not wrong, f"{folder.name}/snapshot.toml: unknown keys {sorted(wrong)}"
        return cls(folder, data)

    @property
    def now(self) -> datetime:
        """The moment of the snapshot."""
        now: datetime = self.data["now"]
        return now

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of one [[table]]."""
        return list(self.data.get(table, ()))

    @cached_property
    def policy(self) -> Policy:
        """The shipped policy with three mailboxes and what [policy] changes."""
        over = _Overrides(_converted(*item) for item in self.data.get("policy", {}).items())
        rules = tuple(header_rules.compile(**row) for row in self.rows("header_rule"))
        cases, linking, junk, acks = make_cases(), make_linking(), make_junk(header_rules=rules), make_acknowledge()
        attachments = AttachmentPolicy(_TYPES, 5, 5_000_000, 25_000_000)
        here = self.delivery.mailbox
        boxes = {box["name"]: make_mailbox(**box) for box in _BOXES}
        policy = Policy(
            mailboxes={**boxes, here: replace(boxes[here], **over.take(MailboxPolicy))},
            statuses=self._statuses(),
            cases=replace(cases, **over.take(type(cases))),
            linking=replace(linking, **over.take(type(linking))),
            junk=replace(junk, **over.take(type(junk))),
            acknowledge=replace(acks, **over.take(type(acks))),
            attachments=replace(attachments, **over.take(AttachmentPolicy)),
            trusted_authserv_ids=over.pop("trusted_authserv_ids", frozenset()),
            keys=KEYS,
            assignments=tuple(
                AssignmentRule(**{**row, "words": tuple(row.get("words", ()))}) for row in self.rows("assignment")
            ),
        )
        assert not over, f"{self.folder.name}: unknown keys in [policy]: {sorted(over)}"
        return policy

    def _statuses(self) -> StatusTable:
        rows = tuple(
            Status(row["name"], StatusKind(row["kind"]), Role(row["role"]), tuple(row.get("formerly", ())))
            for row in self.rows("status")
        )
        return StatusTable.build(rows) if rows else StatusTable()

    @cached_property
    def delivery(self) -> Delivery:
        """The delivery: by IMAP, some seconds before now, unless [delivery] says otherwise."""
        over = dict(self.data.get("delivery", {}))
        case = over.pop("case", "")
        wish = Wish(over.pop("accept", False), running(case) if case else None, over.pop("actor", ""))
        at = self.now - timedelta(seconds=5)
        plain = Delivery(1, "support", "imap:imap.helpdesk.example:support", "INBOX", "1:7", 1, 7, at, wish=wish)
        return replace(plain, **over)


def running(number: str) -> int:
    """The running number of a case's number."""
    return int(re.findall(r"[0-9]+", number)[-1])

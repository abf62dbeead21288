"""The world of one golden case: snapshot.toml read into Policy, Delivery and the answers of a store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import tomllib

from mailcase.cases.numbers import Mask
from mailcase.cases.statuses import Role, Status, StatusKind, StatusTable
from mailcase.intake.addresses import key_of
from mailcase.intake.parse import read
from mailcase.junk import header_rules
from mailcase.junk.blacklist import Blacklist
from mailcase.message import Delivery, Email, Wish
from mailcase.policy import AttachmentPolicy, MailboxPolicy, Policy
from mailcase.snapshot import AccountView, Acked, CaseView, ContactView, KnownMessage, Lookup, Snapshot
from mailcase.tokens import TokenKeys, mark, message_id, reference, sub_address_token
from tests.builders import make_acknowledge, make_cases, make_junk, make_linking, make_mailbox

KEYS: Final = TokenKeys((b"golden test key, 32 bytes long!!",))
DOMAIN: Final = "helpdesk.example"
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)((?:\s+\w+=[^\s}]+)*)\s*\}\}")
_TYPES: Final = frozenset("jpg jpeg png gif pdf doc docx xlsx txt eml".split())


def fill(text: str) -> str:
    """Replace `{{mark case=12 automatic=yes ref=a group=default}}` and its kin by validly signed text.

    `mark` is the bare mark, `message_id` a Message-ID of ours with it, `sub_address` our signed Reply-To.
    """
    return _PLACEHOLDER.sub(_signed, text)


def _signed(found: re.Match[str]) -> str:
    given = dict(pair.split("=", 1) for pair in found[2].split())
    group, case = given.pop("group", "default"), int(given.pop("case"))
    automatic, ref = given.pop("automatic", "yes") == "yes", given.pop("ref", "a")
    assert not given, f"unknown keys in {found[0]}"
    signed = mark(KEYS, group, case, reference("golden", ref), automatic=automatic)
    forms = {
        "mark": signed,
        "message_id": message_id(signed, DOMAIN),
        "sub_address": f"support+SR-{case}.{sub_address_token(KEYS, group, case)}@{DOMAIN}",
    }
    return forms[found[1]]


def read_mail(path: Path) -> Email:
    """The parsed mail of a file, its placeholders filled."""
    return read(fill(path.read_bytes().decode("latin-1")).encode("latin-1"))


_BOXES: Final = (
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


def _mask(text: str) -> Mask:
    return Mask.parse(text)


def _converted(name: str, value: Any) -> tuple[str, Any]:
    """A [policy] key as the field and the type that the policy has."""
    if name == "number_mask":
        return "mask", _mask(value)
    if name == "retired_masks":
        return name, tuple(map(_mask, value))
    if name == "blacklist":
        return name, Blacklist.parse("\n".join(value))
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
        return cls(folder, tomllib.loads(fill((folder / "snapshot.toml").read_text("utf-8"))))

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

    def snapshot(self, lookup: Lookup, email: Email) -> Snapshot:
        """What a store that holds this world answers."""
        return Store(self, lookup, email).snapshot()


def running(number: str) -> int:
    """The running number of a case's number."""
    return int(re.findall(r"[0-9]+", number)[-1])


class Store:
    """Answers one Lookup, and nothing that it does not ask for."""

    def __init__(self, world: World, lookup: Lookup, email: Email) -> None:
        self.world, self.lookup, self.email = world, lookup, email
        self.accounts = {row["name"]: place for place, row in enumerate(world.rows("account"), 1)}
        self.contacts = self._contacts()
        self.messages = [self._message(pk, row) for pk, row in enumerate(world.rows("message"), 1)]
        self.cases = {case.running: case for case in map(self._case, world.rows("case"))}

    def _contacts(self) -> list[dict[str, Any]]:
        """Those written down, then one for each case that names a contact without a row."""
        rows = self.world.rows("contact")
        known = {row["address"] for row in rows}
        named = dict.fromkeys(row["contact"] for row in self.world.rows("case") if row.get("contact"))
        return [*rows, *({"address": one, "name": one} for one in named if one not in known)]

    def contact_id(self, key: str) -> int | None:
        """The earliest contact with this address."""
        return next((place for place, row in enumerate(self.contacts, 1) if key_of(row["address"]) == key), None)

    def _account_of(self, contact: int | None) -> int | None:
        return self.accounts.get(self.contacts[contact - 1].get("account", "")) if contact else None

    def _message(self, pk: int, row: dict[str, Any]) -> KnownMessage:
        mail = read_mail(self.world.folder / row["eml"]) if "eml" in row else None
        sender = mail.sender if mail else None
        keys = {one.key for one in (*mail.senders, *mail.to, *mail.cc)} if mail else set()
        keys |= {key_of(one) for one in (row.get("from", ""), *row.get("to", ()), *row.get("cc", ())) if one}
        sender_key = sender.key if sender else key_of(row["from"]) if "from" in row else ""
        return KnownMessage(
            pk=pk,
            message_id=(mail.message_id or "") if mail else row["message_id"],
            direction=row.get("direction", "in"),
            automatic=row.get("automatic", False),
            identity=mail.identity if mail else f"stored {pk}",
            date_key=mail.date_key if mail else "",
            fingerprint=mail.fingerprint if mail else f"stored {pk}",
            sender_key=sender_key,
            participants=frozenset(keys),
            account_id=self._account_of(self.contact_id(sender_key)),
            cases=tuple(map(running, row.get("cases", ()))),
            received_at=row.get("date", self.world.now - timedelta(hours=1)),
            outcome=row.get("outcome", ""),
            reason=row.get("reason", ""),
            erased=row.get("erased", False),
        )

    def _case(self, row: dict[str, Any]) -> CaseView:
        contact = self.contact_id(key_of(row["contact"])) if row.get("contact") else None
        named = (row["contact"], *row.get("participants", ())) if row.get("contact") else row.get("participants", ())
        number = running(row["number"])
        return CaseView(
            running=number,
            number=self.world.policy.cases.mask.format(number),
            group=row.get("group", "default"),
            status=row.get("status", "In progress"),
            category=row.get("category", "Incident"),
            title=row.get("title", "An earlier case"),
            contact_id=contact,
            account_id=self.accounts[row["account"]] if "account" in row else self._account_of(contact),
            participants=frozenset(map(key_of, named)),
            merged_into=running(row["merged_into"]) if "merged_into" in row else None,
            followers=tuple(map(running, row.get("followed_by", ()))),
            assignee=row.get("assignee", ""),
            version=row.get("version", 1),
            created_at=row.get("created_at", datetime(2026, 10, 1, 8, tzinfo=UTC) + timedelta(hours=number)),
            first_kind=row.get("first_kind", "person"),
        )

    def snapshot(self) -> Snapshot:
        """The answers."""
        ask = self.lookup
        newest = sorted(self.messages, key=lambda one: one.received_at, reverse=True)
        named = {
            one: tuple(known for known in newest if known.message_id == one)
            for one in (*ask.thread_ids, *ask.carried_ids)
        }
        citing = {one: self._citing(one, newest) for one in (ask.message_id, *ask.thread_ids) if one}
        same = tuple(one for one in newest if self._is_same(one))
        opened = self._open_cases()
        lists = (same, *named.values(), *citing.values())
        wanted = {case for known in lists for one in known for case in one.cases}
        contact = self.contact_id(ask.sender_key)
        return Snapshot(
            lookup=ask,
            now=self.world.now,
            same=same,
            messages={key: value for key, value in named.items() if value},
            citing={key: value for key, value in citing.items() if value},
            cases=self._with_relatives(wanted.union(ask.case_numbers, opened)),
            contact=self._contact_view(contact) if contact else None,
            account=self._domain_account(),
            open_cases=opened,
            suppressed=self._suppressed(),
            acks=tuple(map(self._acked, self.world.rows("ack"))),
            agent=ask.sender_key in self.world.data.get("agents", ()),
        )

    def _is_same(self, one: KnownMessage) -> bool:
        ask = self.lookup
        same_id = bool(ask.message_id) and one.message_id == ask.message_id
        return one.direction == "in" and (one.identity == ask.identity or same_id or one.fingerprint == ask.fingerprint)

    def _citing(self, wanted: str, newest: list[KnownMessage]) -> tuple[KnownMessage, ...]:
        rows = self.world.rows("message")
        return tuple(one for one in newest if wanted in rows[one.pk - 1].get("cites", ()))

    def _with_relatives(self, wanted: set[int]) -> dict[int, CaseView]:
        """The cases of the groups asked for, with merge targets and followers, transitively."""
        found: dict[int, CaseView] = {}
        todo = sorted(wanted)
        while todo:
            case = self.cases.get(todo.pop())
            if case is None or case.running in found or case.group not in self.lookup.groups:
                continue
            found[case.running] = case
            todo += [*case.followers, *((case.merged_into,) if case.merged_into else ())]
        return found

    def _open_cases(self) -> tuple[int, ...]:
        contact = self.contact_id(self.lookup.sender_key)
        account = self._account_of(contact) or getattr(self._domain_account(), "id", None)
        mine = (
            case
            for case in self.cases.values()
            if case.status not in self.lookup.final_statuses and case.group == self.lookup.group
            if (contact and case.contact_id == contact) or (account and case.account_id == account)
        )
        return tuple(sorted((case.running for case in mine if not case.merged_into), reverse=True))

    def _contact_view(self, contact: int) -> ContactView:
        row = self.contacts[contact - 1]
        return ContactView(contact, row["name"], self._account_of(contact), row.get("language", ""))

    def _domain_account(self) -> AccountView | None:
        rows = enumerate(self.world.rows("account"), 1)
        domain = self.lookup.account_domain
        return next((AccountView(at, row["name"]) for at, row in rows if domain in row["domains"]), None)

    def _suppressed(self) -> str:
        rows = self.world.rows("suppressed")
        return next((row["reason"] for row in rows if key_of(row["address"]) == self.lookup.sender_key), "")

    def _acked(self, row: dict[str, Any]) -> Acked:
        return Acked(row["at"], self.email.content_key if row.get("content") == "same" else "another")

"""A store's answers to one Lookup, out of the world of a golden case."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mailcase.intake.addresses import key_of
from mailcase.message import Email
from mailcase.snapshot import AccountView, Acked, CaseView, ContactView, KnownMessage, Lookup, Snapshot
from tests.golden.marks import read_mail
from tests.golden.world import World, running


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
            to_agents=row.get("to_agents", False),
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

    def message_id(self, pk: int) -> str:
        """The Message-ID of a stored message."""
        return self.messages[pk - 1].message_id

    def snapshot(self) -> Snapshot:
        """The answers."""
        ask = self.lookup
        newest = sorted(self.messages, key=lambda one: one.received_at, reverse=True)
        named = {one: tuple(known for known in newest if known.message_id == one) for one in ask.named_ids}
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
            suppressed_copies=ask.copy_keys.intersection(self._suppressed_keys()),
            acks=tuple(map(self._acked, self.world.rows("ack"))),
            agent=ask.sender_key in self.world.data.get("agents", ()),
            forwarded_agents=ask.forwarded_keys.intersection(self.world.data.get("agents", ())),
        )

    def _is_same(self, one: KnownMessage) -> bool:
        ask = self.lookup
        same_id = bool(ask.message_id) and one.message_id == ask.message_id
        return one.identity == ask.identity or same_id or one.fingerprint == ask.fingerprint

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
        return self._suppressed_keys().get(self.lookup.sender_key, "")

    def _suppressed_keys(self) -> dict[str, str]:
        return {key_of(row["address"]): row["reason"] for row in self.world.rows("suppressed")}

    def _acked(self, row: dict[str, Any]) -> Acked:
        content = self.email.content_key if row.get("content") == "same" else "another"
        return Acked(row["at"], content, row.get("group", "default"))

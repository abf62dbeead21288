"""What the promises are checked against: the mailboxes and sinks of a test, and the rows of its store."""

import hashlib
import subprocess
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from functools import cached_property
from typing import Any, Final, Protocol

import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.soundness import Finding
from mailcase.store import tables as t
from mailcase.store.audit import found_in
from tests.servers.smtp import SmtpSink


class Shelf(Protocol):
    """A mail server's disk, as Dovecot shows it."""

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of a folder."""
        ...

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The Maildir flag letters of each of them, in the same order."""
        ...


@dataclass(frozen=True)
class Box:
    """A mailbox after the fault: what was put there (raw mails, or Message-IDs where they are many)."""

    put: Collection[bytes | str]
    name: str = "support"
    shelf: Shelf | None = None  # None: what lies on the server is not looked at
    user: str = "user"
    after: str = "keep"
    folder: str = "INBOX"
    vanished: Collection[str] = ()  # Message-IDs that a person moved or deleted: they may be missing
    copies: int = 1  # how often a mail may lie in the folder that `after` moves it to


@dataclass(frozen=True)
class Scene:
    """Everything after quiesce. `call` runs the program (`mailcase audit`); `may_wait` allows undecided and pending."""

    url: str
    boxes: Sequence[Box]
    sinks: Sequence[SmtpSink] = ()
    call: "Callable[..., subprocess.CompletedProcess[bytes]] | None" = None
    may_wait: bool = False


def message_id(raw: bytes) -> str:
    """What a mail is known by here: its Message-ID, or the sha256 of its bytes where it has none."""
    return str(header_of(raw)["Message-ID"] or "").strip() or sha_of(raw)


def header_of(raw: bytes) -> Message:
    """The header as the standard library reads it."""
    return BytesHeaderParser().parsebytes(raw.partition(b"\r\n\r\n")[0])


def sha_of(raw: bytes) -> str:
    """What the store knows raw bytes by."""
    return hashlib.sha256(raw).hexdigest()


def name_of(one: bytes | str) -> str:
    """The `message_id` of what was put on a server."""
    return one if isinstance(one, str) else message_id(one)


@dataclass
class Facts:
    """The rows that the rules are about."""

    deliveries: list[Any]
    messages: list[Any]
    cases: list[Any]
    links: list[Any]
    outbox: list[Any]
    history: list[Any]  # every outcome that a delivery ever had, oldest first
    raws: set[str]  # whose bytes can still be read
    audit: list[Finding]  # of the store itself, since ever
    names: Mapping[str, str]  # sha256 -> message_id()
    by_box: dict[str, dict[str, list[Any]]] = field(default_factory=dict)  # mailbox -> name -> deliveries

    @classmethod
    def read(cls, scene: Scene) -> "Facts":
        """From the store of that scene."""
        engine = sa.create_engine(scene.url)
        try:
            with engine.connect() as conn:
                deliveries, messages, cases, links, outbox, history = (_rows(conn, *one) for one in _WANTED)
                names, audit = dict(_names(scene)), found_in(conn, utcnow(), since=_EVER)
                facts = cls(deliveries, messages, cases, links, outbox, history, _raws(conn), audit, names)
        finally:
            engine.dispose()
        boxes: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for row in facts.deliveries:
            boxes[row.mailbox][facts.names.get(row.raw_sha256) or row.message_id or row.raw_sha256].append(row)
        facts.by_box = boxes
        return facts

    @cached_property
    def answered(self) -> dict[int, Any]:
        """Delivery -> its message, which is what an outbox row of that delivery answers."""
        messages = {row.id: row for row in self.messages}
        return {row.id: messages.get(row.message_pk) for row in self.deliveries}


_EVER: Final = datetime.min.replace(tzinfo=UTC)
_WANTED: Final = (
    (
        t.delivery,
        "id mailbox group_name raw_sha256 message_id outcome reason case_id message_pk oversize error policy_hash",
    ),
    (t.message, "id group_name direction message_id kind date_key identity sender_address"),
    (t.case, "running number group_name origin_pk"),
    (t.case_message, "case_id message_pk how"),
    (t.outbox, "id dedup kind state reason group_name in_reply_to message_id automatic to cc attempts delivery_id"),
    (t.delivery_outcome, "id delivery_id outcome reason case_id actor policy_hash trace"),
)


def _rows(conn: sa.Connection, table: sa.Table, columns: str) -> list[Any]:
    wanted = [table.c[name] for name in columns.split()]
    return list(conn.execute(sa.select(*wanted).order_by(wanted[0])))


def _raws(conn: sa.Connection) -> set[str]:
    there = (t.raw.c.content.is_not(None)) | (t.raw.c.location != "")
    return {row.sha256 for row in conn.execute(sa.select(t.raw.c.sha256).where(there, t.raw.c.purged_at.is_(None)))}


def _names(scene: Scene) -> Iterator[tuple[str, str]]:
    for box in scene.boxes:
        for one in box.put:
            if isinstance(one, bytes):
                yield sha_of(one), message_id(one)
        if box.shelf is not None:
            for raw in (*in_folder(box), *moved_from(box)):
                yield sha_of(raw), message_id(raw)


def in_folder(box: Box) -> list[bytes]:
    """What lies in the folder itself."""
    return box.shelf.mails(box.user, box.folder) if box.shelf else []


def seen_in(box: Box) -> Iterator[str]:
    """The names of what lies in the folder itself and is marked as seen."""
    flags = box.shelf.flags(box.user, box.folder) if box.shelf else []
    yield from (message_id(raw) for raw, letters in zip(in_folder(box), flags, strict=True) if "S" in letters)


def moved_from(box: Box) -> list[bytes]:
    """What lies where `after` moves mail to."""
    folder = box.after.partition(":")[2]
    return box.shelf.mails(box.user, folder) if box.shelf and folder else []

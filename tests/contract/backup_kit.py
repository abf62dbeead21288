"""A store that is opened, saved and brought back, for the tests of backup and restore."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.ports import Reading
from mailcase.store import tables as t
from mailcase.store.backup import Beside, Saved, backup
from mailcase.store.raw import RawSetting
from mailcase.store.restore import Restored, Wish, restore
from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, arrival, mail

KEYS = [("token.key", b"k" * 40), ("old.key", b"o" * 40)]
FILES = RawSetting("file:raw/")


@dataclass
class Place:
    """A store that is opened, closed, saved and brought back."""

    url: str
    folder: Path
    raw: RawSetting = FILES

    @property
    def file(self) -> Path:
        return self.folder / "backup.tar"

    def open(self) -> Store:
        Store.upgrade(self.url, self.folder)
        return Store.open(self.url, self.folder, raw=self.raw)

    def save(self) -> Saved:
        beside = Beside(KEYS, {"mailcase.toml": b"[store]\n"})
        return backup(self.url, self.folder, self.raw, beside, self.file, "0.1", utcnow())

    def restore(self, **wish: Any) -> Restored:
        return restore(self.url, self.folder, self.raw, Wish(self.file, **wish), utcnow())


def take(store: Store, name: str, **over: Any) -> str:
    """A mail comes and is decided; its outcome and case, and whether an answer is queued."""
    (row,) = store.journal([arrival(f"1:{int(name)}", name.encode(), **over)], None)
    email = mail(name, sha256=row.sha256)
    (settled,) = store.settle([Reading(row.delivery, email)], Clerk(), utcnow())
    return f"{settled.outcome} {settled.case}"


def outbox(store: Store) -> list[tuple[str, str]]:
    return [(one["state"], one["reason"]) for one in store.outbox_list()]


def fill(store: Store) -> None:
    """Four cases, their answers waiting, under way, an agent's and sent; a mail undecided and one in quarantine."""
    for name in ("1", "2", "3", "4"):
        take(store, name)
    with store._engines.write() as conn:
        conn.execute(sa.update(t.outbox).where(t.outbox.c.id == 2).values(state="sending", owner="gone"))
        conn.execute(sa.update(t.outbox).where(t.outbox.c.id == 3).values(automatic=False))
    store.finish(4, "sent", utcnow())
    store.journal([arrival("7:1", b"waits")], None)
    (shunted,) = store.journal([arrival("7:2", b"shunted")], None)
    store.quarantine(shunted.delivery.id, "cannot be read", utcnow())


def must_be_safe(store: Store) -> None:
    """Nothing old is sent, no number comes twice, and what may have been acknowledged since is not."""
    assert outbox(store) == [("expired", "restored"), ("expired", "restored"), ("uncertain", "restored"), ("sent", "")]
    assert store.due(utcnow() + timedelta(days=9), 10) == []
    held = [store.delivery(one["id"]).delivery.no_ack for one in store.message_list()]
    assert held == [False] * 4 + [True, True]
    assert take(store, "5") == "created SR-15"

"""A post office whose relay gives mails another Message-ID, for the tests of what is learned of that."""

from typing import Any

import sqlalchemy as sa

from mailcase.ports import Settled
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.post import DESK, Post, letter, policy

CUSTOMER, OTHER = "c1@visitor.example", "<0102018f-000000@eu-west-1.amazonses.com>"


class Office(Post):
    """Customer 1 has a case, SR-1, whose acknowledgement waits."""

    def __init__(self, store: Store, **rules: Any) -> None:
        super().__init__(store, policy(**rules))
        self.write(1)

    @property
    def ack(self) -> str:
        return self.ours("SR-1")

    @property
    def mark(self) -> str:
        """In its loop header."""
        return self.ack.strip("<>").partition("@")[0]

    def leave(self, *ids: str, case: str = "SR-1") -> int:
        """The acknowledgement is sent, and the relay calls it that; the row."""
        row = next(one for one in self.store.due(self.at, 99) if one.case == case)
        assert self.store.claim(row.id, "me", self.at)
        self.store.finish(row.id, "sent", self.at, ids=ids)
        return row.id

    def answer(self, *ids: str, name: str = "a1", sender: str = CUSTOMER) -> Settled:
        """A mail that says of what it is only by these ids."""
        return self.write(name, sender=sender, subject="Something else", In_Reply_To=ids[0], References=" ".join(ids))

    def sent_copy(self, message_id: str = OTHER, **over: str) -> Settled:
        """Of the acknowledgement, as the relay keeps it in the sent folder."""
        marked = {"X_Helpdesk_Loop": self.mark, "Return_Path": "", **over}
        raw = letter("copy", sender=DESK, to=CUSTOMER, date=self.at, message_id=message_id, **marked)
        return self.deliver(raw, sent=True)

    def known(self) -> list[tuple[str, str, str]]:
        """(Message-ID as it left, other id, where it was learned)."""
        joined = sa.join(t.message_alias, t.message, t.message_alias.c.message_pk == t.message.c.id)
        columns = (t.message.c.message_id, t.message_alias.c.msgid, t.message_alias.c.source)
        with self.store._engines.read() as conn:
            found = conn.execute(sa.select(*columns).select_from(joined).order_by(t.message_alias.c.msgid))
            return [tuple(row) for row in found]

    def trace(self, settled: Settled, test: str) -> tuple[str, str]:
        """What the test said of the mail, as `message show` tells it."""
        lines = self.store.message_show(settled.delivery_id)["trace"]
        return next((one["result"], one["evidence"]) for one in lines if one["test"] == test)


def told(settled: Settled) -> tuple[str, str, str | None]:
    return settled.outcome, settled.reason, settled.case

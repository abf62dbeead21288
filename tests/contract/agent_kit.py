"""A case whose assignee answers his notice by mail, for the tests of agents' mail."""

from typing import Any

import sqlalchemy as sa

from mailcase.life.happening import What
from mailcase.ports import Settled
from mailcase.store import tables as t
from tests.contract.notice_kit import JANE, KIM, Bureau, letter

ERIN = "cerin@visitor.example"
SAID = "Please switch it off and on."


class Case:
    """A case of Erin's that was assigned to jane, who was told, and jane's answers."""

    def __init__(self, bureau: Bureau, **columns: Any) -> None:
        self.bureau = bureau
        self.running = bureau.case(**{"assignee": JANE, "status": "In progress", **columns})
        bureau.tell(What.ASSIGNED, self.running, by=KIM, by_name="Kim Lee")
        self.notice = bureau.rows("assigned")[-1]
        self.date = bureau.post.at

    def answer(self, body: str = SAID, name: str = "answer", **over: Any) -> Settled:
        """A mail of jane's that answers her notice, as a mail program writes it."""
        quoted = "\r\n".join(f"> {line}" for line in self.notice.text.splitlines())
        body = f"{body}\r\n\r\nOn 03/11/2026 09:10, Help desk wrote:\r\n{quoted}\r\n"
        return self.sends(body, name, **over)

    def sends(self, body: str, name: str = "answer", *, notice: str | None = None, **over: Any) -> Settled:
        named = self.notice.message_id if notice is None else notice
        thread = {"In_Reply_To": named, "References": named}
        plain = {"sender": JANE, "subject": f"Re: {self.notice.subject}", "date": self.date}
        delivered = {key: over.pop(key) for key in ("backlog", "no_ack") if key in over}
        return self.bureau.post.deliver(letter(name, **{**plain, **thread, **over, "body": body}), **delivered)

    @property
    def row(self) -> Any:
        return self.found(t.case, t.case.c.running == self.running)[0]

    def found(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.bureau.store._engines.read() as conn:
            return list(conn.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)).all())

    def found_of(self, what: Any) -> Any:
        """A value of the case's row."""
        with self.bureau.store._engines.read() as conn:
            return conn.execute(sa.select(what).where(t.case.c.running == self.running)).scalar_one()

    def events(self, name: str) -> list[dict[str, Any]]:
        mine = (t.case_event.c.case_id == self.running, t.case_event.c.event == name)
        return [one.data for one in self.found(t.case_event, *mine)]

    def told(self) -> list[tuple[str, str]]:
        """What left after the acknowledgement and the notice: (rule, to)."""
        rows = [row for row in self.bureau.rows() if row.id > self.notice.id]
        return [(row.kind, row.to) for row in rows if row.state == "pending"]


def kept(case: Case, why: str, *, verified: bool) -> None:
    """The mail is one internal note that says why; jane is told once, and the customer nothing."""
    (note,) = case.events("note")
    assert (note["agent"], note["verified"]) == (JANE, verified)
    assert why in note["reason"]
    assert case.told() == [("kept_as_note", JANE)]
    (told,) = case.bureau.rows("kept_as_note")
    assert (told.audience, told.automatic) == ("agent", True)
    assert " ".join(why.split()) in " ".join(told.text.split())


def mark(message_id: str) -> str:
    """The signed mark in an id of ours."""
    return message_id.strip("<>").partition("@")[0]


def shown(text: str) -> str:
    """The body mark of a mail of ours."""
    return text.rpartition("[ref:")[2].partition("]")[0]

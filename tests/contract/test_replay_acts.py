"""What people did by hand is part of the past that is decided again: statuses, merges, splits, cases by hand."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from mailcase.desk import cases
from mailcase.desk.desk import Desk, operator
from mailcase.life.creating import NewCase
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.post import Post, dump
from tests.contract.test_store_replay import again, told

ROOT = operator("root")
OTTO = "otto@helpdesk.example"


class Workday:
    """Mails, and what people do in between; `marks` are moments from which the past is decided again."""

    def __init__(self, store: Store) -> None:
        self.post = Post(store)
        self.marks: list[datetime] = [self.post.at]
        self.desk = Desk(store, self.post.bench, lambda: self.post.at)

    def answer(self, name: str, to: str, number: int | str, **over: str) -> tuple[str, str | None]:
        """A reply to the mail of that name, of the customer with that number; outcome and case."""
        at = {"In_Reply_To": f"<m{to}@visitor.example>", "sender": f"c{number}@visitor.example", **over}
        settled = self.post.write(name, **at)
        return settled.outcome, settled.case

    def ended(self) -> None:
        """A resolved case is reopened, a closed one followed."""
        self.post.write("1")
        self._later()
        assert self.answer("1-a", "1", 1) == ("linked", "SR-1")
        cases.resolve(self.desk, "SR-1", ROOT, "A new roller.")
        self._later()
        assert self.answer("1-b", "1", 1) == ("reopened", "SR-1")
        cases.close(self.desk, "SR-1", ROOT)
        self._later()
        assert self.answer("1-c", "1", 1)[0] == "followed"

    def merged(self) -> None:
        """Mail to a merged case goes to the other."""
        self.post.write("3", sender="c3@visitor.example")
        self.post.write("4", sender="c3@visitor.example")
        self._later()
        assert self.answer("3-a", "3", 3) == ("linked", "SR-1")
        cases.merge(self.desk, "SR-1", ROOT, "SR-2")
        self._later()
        assert self.answer("3-b", "3", 3) == ("linked", "SR-2")

    def by_hand(self) -> None:
        """A case by hand of a customer whom nobody knew has his next mail."""
        made = cases.create(self.desk, NewCase(title="By phone", contact="ann@visitor.example"), ROOT)
        self._later()
        mail = self.post.write("5", sender="ann@visitor.example", subject=f"My call [{made.number}]")
        assert (mail.outcome, mail.case) == ("linked", made.number)

    def given(self) -> None:
        """A case that was given to another customer has his mail; by hand, and after a mail."""
        self.post.write("8", sender="c8@visitor.example")
        made = cases.create(self.desk, NewCase(title="By phone", contact="ann@visitor.example"), ROOT)
        self._later()
        for number in ("SR-1", made.number):
            cases.contact(self.desk, number, ROOT, f"{number.lower()}@visitor.example")
            self._later()
        for number in ("SR-1", made.number):
            mail = self.post.write(number, sender=f"{number.lower()}@visitor.example", subject=f"Mine [{number}]")
            assert (mail.outcome, mail.case, self._verified(number)) == ("linked", number, True)

    def _verified(self, number: str) -> bool:
        return bool(self.post.case(number)["messages"][-1]["verified"])

    def split(self) -> None:
        """A case that was split off has its customer's answers."""
        mail = self.post.write("6", sender="c6@visitor.example")
        number = str(mail.case)
        made = cases.split(self.desk, number, ROOT, mail.delivery_id).made
        self._later()
        cases.close(self.desk, number, ROOT)
        self._later()
        assert self.answer("6-b", "6", 6) == ("linked", made)

    def replied(self) -> None:
        """An answer to an agent's words finds its case, though an act sent them."""
        self.post.write("1")
        self._later()
        cases.reply(self.desk, "SR-1", ROOT, "Which model?")
        self._later()
        (ours,) = (one["message_id"] for one in self.post.store.outbox_list() if one["kind"] == "reply")
        assert self.answer("1-b", "1", 1, In_Reply_To=str(ours)) == ("linked", "SR-1")
        cases.reclassify(self.desk, "SR-1", ROOT, "Request")

    def renamed(self) -> None:
        """So it does by the id alone that a relay gave the mail."""
        self.post.write("1")
        self._later()
        cases.reply(self.desk, "SR-1", ROOT, "Which model?")
        self._later()
        row = next(one for one in self.post.store.due(self.post.at, 99) if one.kind == "reply")
        assert self.post.store.claim(row.id, "me", self.post.at)
        self.post.store.finish(row.id, "sent", self.post.at, ids=("<renamed@relay.example>",))
        self._later()
        alone = {"In_Reply_To": "<renamed@relay.example>", "subject": "Something else"}
        assert self.answer("1-b", "1", 1, **alone) == ("linked", "SR-1")

    def hired(self) -> None:
        """Who becomes an agent is one from then on."""
        self.post.write("1")
        self._later()
        self._hire(OTTO)
        self.answer("7", "1", 7, sender=OTTO)

    def _hire(self, key: str) -> None:
        row = {"language": "", "timezone": "", "organizations": [], "active": True, "role": "agent"}
        with self.post.store._engines.write() as conn:
            agent = {**row, "key": key, "address": key, "name": "Otto", "created_at": self.post.at}
            conn.execute(sa.insert(t.agent), agent)

    def by_agents(self) -> None:
        """An agent who answers the notice of an act is taken for himself, and what he wrote is done (B8)."""
        self._hire(OTTO)
        self.post.write("1")
        self._later()
        cases.assign(self.desk, "SR-1", ROOT, OTTO)
        self._later()
        (notice,) = (one["message_id"] for one in self.post.store.outbox_list() if one["kind"] == "assigned")
        for name, body in (("reply", "Which model?"), ("resolve", "#resolve\r\nA new roller.")):
            self.answer(name, "1", 1, sender=OTTO, In_Reply_To=str(notice), body=body)
            assert self.post.store.message_list()[-1]["reason"] == "agent_mail"
            self._later()
        assert self.answer("1-b", "1", 1) == ("reopened", "SR-1")

    def _later(self) -> None:
        self.post.write(f"tick{len(self.marks)}", sender=f"t{len(self.marks)}@visitor.example", subject="Tick")
        self.marks.append(self.post.at)


@pytest.mark.parametrize(
    "life",
    [
        Workday.ended,
        Workday.merged,
        Workday.by_hand,
        Workday.given,
        Workday.split,
        Workday.replied,
        Workday.renamed,
        Workday.hired,
        Workday.by_agents,
    ],
)
async def test_unchanged_rules_find_no_difference_from_any_moment(store: Store, life: object) -> None:
    day = Workday(store)
    assert callable(life)
    life(day)
    before = dump(store)
    for mark in day.marks:
        found = await again(store, day.post.rules, mark)
        assert (told(found), found.left_out) == ({}, {}), mark
    assert dump(store) == before

"""What the people of the soak's daemons write, and that each thing that goes wrong with it is seen at the end."""

import random
from collections import Counter
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from soak import _truth
from soak._letters import APART, GROUP, KINDS, STAFFED, Letters, Thread
from soak._post import People, Post
from tests.servers.crew import Crew
from tests.servers.scene import header_of
from tests.servers.smtp import Received

CUSTOMER, GROUP_NAME, WORDS = "c1@visitor.example", "box00", "Turn it off and on again."
FIRST, NEXT, AGENTS = "<m1@visitor.example>", "<m2@visitor.example>", "<a1@staff.example>"
REPLY = "<reply@helpdesk.example>"


def test_the_same_seed_writes_the_same_and_everything_that_it_can() -> None:
    one, other = Letters(7), Letters(7)
    written = [one.planned(number) for number in range(300)]
    assert [letter.boxes for letter in written] == [other.planned(number).boxes for number in range(300)]
    assert {thread.group for thread in one.threads} == set(GROUP.values())
    apart = [str(header_of(letter.raw)["Message-ID"]) for letter in written if letter.boxes == APART]
    assert apart
    assert {sum(name in thread.mails for thread in one.threads) for name in apart} == {2}
    replies = [header_of(letter.raw) for letter in written if b"\r\nIn-Reply-To: " in letter.raw]
    assert len(replies) > 300 * KINDS["reply"] / 200  # half of them at least
    known = {name: thread for thread in one.threads for name in thread.mails}
    assert all(known[str(head["Message-ID"])] is known[str(head["In-Reply-To"])] for head in replies)


def test_an_acknowledgement_is_answered_once_by_header_or_by_number_and_a_notice_by_one_agent() -> None:
    letters = Letters(7)
    for number in range(300):
        letters.planned(number)
    answers = []
    for thread in letters.threads:
        asked = (thread.mails[0], "<ack@helpdesk.example>", f"{thread.group}@helpdesk.example", "Re: x [SR-12]")
        answers.append(letters.answer(*asked))
        assert letters.answer(*asked) is None
    headers = [header_of(one.raw) for one in answers if one]
    assert {bool(head["In-Reply-To"]) for head in headers} == {True, False}
    assert all(head["In-Reply-To"] or "SR-12" in str(head["Subject"]) for head in headers)
    staffed = next(thread for thread in letters.threads if thread.group == STAFFED[0])
    told = ("agent01@staff.example", "<notice@x>", f"{STAFFED[1]}@helpdesk.example")
    subject = f"[SR-1] Assigned to you: Problem {staffed.mails[0][2:].partition('@')[0]}"
    assert letters.work(*told, subject) is not None
    assert (len(staffed.agent), letters.work(*told, subject)) == (1, None)
    assert letters.work(*told, "[SR-1] Somebody urges") is None


def test_people_who_stop_or_never_answer_are_told() -> None:
    mails = [Received("", (CUSTOMER,), b"From: x\r\n\r\n", False, "", ())]
    post = cast("Post", SimpleNamespace(crew=SimpleNamespace(sink=SimpleNamespace(mails=mails)), stop=Event()))
    people = People(post, random.Random(7))  # they have no letters to answer with
    people.run(lambda: False).join()
    assert people.wrong()[0].startswith("the people stopped at mail 1: AttributeError: ")
    assert people.wrong()[1:] == ["no customer answered anything", "no agent answered anything"]
    people = People(post, random.Random(7), answered=Counter(customer=1, agent=1))
    people.run(lambda: True).join()
    assert people.wrong() == []


@dataclass
class After:
    """A store and a relay after the soak, of one thread that an agent answered: as it should be."""

    deliveries: list[tuple[Any, ...]] = field(
        default_factory=lambda: [
            (FIRST, GROUP_NAME, "created", "new_case", 1, ""),
            (FIRST, GROUP_NAME, "duplicate", "same_message", 1, ""),
            (NEXT, GROUP_NAME, "linked", "thread", 1, ""),
            (AGENTS, GROUP_NAME, "linked", "agent_mail", 1, ""),
        ]
    )
    outbox: list[tuple[Any, ...]] = field(
        default_factory=lambda: [
            (1, "registration", "uncertain", True, "customer", "<ack@x>", "", ""),
            (1, "reply", "sent", False, "customer", REPLY, WORDS, ""),
            (1, "assigned", "suppressed", True, "agent", None, "", "agent_limit"),
        ]
    )
    cases: list[tuple[Any, ...]] = field(default_factory=lambda: [(1, "SR-1")])
    left: list[str] = field(default_factory=lambda: [f"Message-ID: {REPLY}\r\n\r\n{WORDS}"])
    to: list[tuple[str, ...]] = field(default_factory=lambda: [(CUSTOMER,)])

    def found(self) -> list[str]:
        rows = {_truth._DELIVERIES: self.deliveries, _truth._OUTBOX: self.outbox, _truth._CASES: self.cases}
        crew = SimpleNamespace(postgres=SimpleNamespace(rows=rows.__getitem__))
        thread = Thread(GROUP_NAME, CUSTOMER, [FIRST, NEXT], agent=[(AGENTS, WORDS)])
        mails = [Received("", to, one.encode(), False, "", ()) for to, one in zip(self.to, self.left, strict=False)]
        return _truth.untrue(cast(Crew, crew), [thread], mails)


@pytest.mark.parametrize(
    ("part", "at", "row", "told"),
    [
        ("deliveries", 2, None, "was decided 0 times"),
        ("deliveries", 1, (FIRST, GROUP_NAME, "created", "new_case", 1, ""), "was decided 2 times"),
        ("deliveries", 2, (NEXT, GROUP_NAME, "created", "new_case", 2, ""), "2 cases, 2 of them made one"),
        ("deliveries", 2, (NEXT, GROUP_NAME, "ignored", "", None, ""), "was {('ignored', '')}"),
        ("deliveries", 3, (AGENTS, GROUP_NAME, "linked", "agent_unverified", 1, ""), "an agent's"),
        ("outbox", 0, None, "its acknowledgements are {}"),
        ("outbox", 0, (1, "registration", "suppressed", True, "customer", "<ack@x>", "", ""), "{'suppressed': 1}"),
        ("outbox", 2, (1, "followed", "sent", True, "customer", "<ack2@x>", "", ""), "its acknowledgements are"),
        ("outbox", 2, (1, "assigned", "pending", True, "agent", None, "", ""), "its assigned ended as pending"),
        ("outbox", 1, (1, "reply", "uncertain", False, "customer", REPLY, WORDS, ""), "its reply ended as uncertain"),
        ("outbox", 1, None, "0 replies to the customer"),
        ("cases", 0, (2, "SR-2"), "SR-2 is the case of nobody's mail"),
        ("left", 0, None, "left 0 times"),
        ("left", 0, f"Message-ID: <other@x>\r\n\r\n{WORDS}", "are in 1 replies"),
        ("to", 0, (CUSTOMER, "c2@visitor.example"), "left to ['c2@visitor.example']"),
        ("to", 0, ("c2@visitor.example",), "left to ['c2@visitor.example']"),
    ],
)
def test_what_went_wrong_is_seen(part: str, at: int, row: Any, told: str) -> None:
    after = After()
    assert after.found() == []
    rows = getattr(after, part)
    rows[at : at + 1] = [] if row is None else [row]
    found = after.found()
    assert told in "\n".join(found), found

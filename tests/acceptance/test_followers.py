"""A stranger to a closed case has the case that follows it for himself; its people go elsewhere (B8, P5)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.store import tables as t
from tests.servers.branch import Branch
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

BOB, BEA, CY = "bob@visitor.example", "bea@else.example", "cy@third.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Branch]:
    """A desk with Bob's closed SR-1, and SR-2, by which Bea followed it."""
    with SmtpSink() as sink:
        branch = Branch(tmp_path / "desk", sink)
        assert came(branch, 1, sender=BOB, subject="My account") == ("created", "SR-1")
        close(branch, 1)
        assert came(branch, 2, sender=BEA, subject="Re: SR-1") == ("followed", "SR-2")
        yield branch
        branch.close()


def came(desk: Branch, number: int, **of: Any) -> tuple[str, str | None]:
    (settled,) = desk.receive([letter(number, **of)])
    return settled.outcome, settled.case


def close(desk: Branch, running: int) -> None:
    with desk.store._engines.write() as conn:
        conn.execute(sa.update(t.case).where(t.case.c.running == running).values(status="Closed"))


def people(desk: Branch, running: int) -> set[str]:
    with desk.store._engines.read() as conn:
        mine = t.case_participant.c.case_id == running
        return set(conn.execute(sa.select(t.case_participant.c.key).where(mine)).scalars())


def trace(desk: Branch, number: int) -> list[str]:
    return [f"{one['test']}: {one['evidence']}" for one in desk.store.message_show(number)["trace"]]


async def test_the_customer_of_a_closed_case_has_his_own_one_and_an_answer(desk: Branch) -> None:
    await desk.look()
    assert came(desk, 3, sender=BOB, subject="Re: SR-1", body="My new address is …") == ("followed", "SR-3")
    assert [mail.recipients for mail in await desk.look()] == [(BOB,)]
    told = "status: SR-1 is closed: a new case follows it; SR-2, which followed it and is open, is of other people"
    assert told in trace(desk, 3)
    assert came(desk, 4, sender=BOB, subject="Re: SR-1", body="And more") == ("linked", "SR-3")
    assert people(desk, 2) == {BEA}


def test_who_began_the_follower_goes_on_there_as_its_customer_and_enters_no_other(desk: Branch) -> None:
    assert came(desk, 3, sender=BEA, subject="Re: SR-1", body="I forgot something") == ("linked", "SR-2")
    assert desk.store.message_show(3)["sender_unverified"] is False
    assert "sender: bea@else.example is contact or participant of SR-2" in trace(desk, 3)
    answer = {"In_Reply_To": "<m2@visitor.example>", "subject": "Re: it", "body": "And the picture"}
    assert came(desk, 4, sender=BEA, **answer) == ("linked", "SR-2")
    assert (people(desk, 1), people(desk, 2)) == ({BOB}, {BEA})


def test_each_stranger_to_a_closed_case_has_one_and_is_told_of_none(desk: Branch) -> None:
    assert came(desk, 3, sender=CY, subject="Re: SR-1") == ("followed", "SR-3")
    assert came(desk, 4, sender=BOB, subject="Re: SR-1") == ("followed", "SR-4")
    assert came(desk, 5, sender="dan@fourth.example", subject="Re: SR-1") == ("linked", "SR-4")
    assert desk.store.message_show(5)["sender_unverified"] is True
    assert people(desk, 1) == people(desk, 4) == {BOB}


def test_who_had_a_copy_of_the_follower_goes_on_there(desk: Branch) -> None:
    close(desk, 2)
    assert came(desk, 3, sender=BEA, subject="Re: SR-2", body="Both of us", Cc=BOB) == ("followed", "SR-3")
    assert came(desk, 4, sender=BOB, subject="Re: SR-1") == ("linked", "SR-3")

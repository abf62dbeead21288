"""What users of other systems suffer and no other suite of ours shows: docs/peers.md says which row each test wins."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.store import tables as t
from tests.servers.branch import Branch
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink
from tests.servers.storms import headers

Open = Callable[..., Branch]
ERIN = "erin@visitor.example"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A desk with a relay of its own."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Branch:
            branch = Branch(tmp_path / "desk", stack.enter_context(SmtpSink()), **settings)
            stack.callback(branch.close)
            return branch

        yield make


async def test_ids_that_are_empty_name_nobody(opened: Open) -> None:
    desk = opened()
    empty: dict[str, Any] = {"Message_ID": "<>", "In_Reply_To": "<>", "References": "<> <@> <>"}
    none: dict[str, Any] = {"Message_ID": "", "In_Reply_To": "", "References": ""}
    settled = desk.receive([letter(at, **ids) for at, ids in enumerate((empty, none, empty, none))])
    assert [(one.outcome, one.case) for one in settled] == [("created", f"SR-{at}") for at in (1, 2, 3, 4)]
    assert len(await desk.look()) == 4


async def test_one_mail_to_sixty_people_makes_one_contact(opened: Open) -> None:
    desk = opened()
    crowd = ", ".join(f"Person {at} <p{at}@else.example>" for at in range(60))
    (settled,) = desk.receive([letter(1, to=f"support@helpdesk.example, {crowd}", Cc=crowd.replace("else", "other"))])
    assert settled.outcome == "created"
    assert [mail.recipients for mail in await desk.look()] == [("c1@visitor.example",)]
    with desk.store._engines.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(t.contact)).scalar_one() == 1


async def test_customers_of_one_web_form_are_no_kin_by_its_address(opened: Open) -> None:
    """A form that puts one constant reference into all its mail: each customer has a case and an answer (B3, B7.2)."""
    form = "forms@web.example"
    desk = opened(mailbox=f'reply_to_is_sender = true\nform_senders = ["{form}"]')
    same: dict[str, Any] = {"sender": form, "References": "<contact@web.example>", "subject": "Contact form"}
    asked = [letter(at, **same, Reply_To=f"c{at}@visitor.example", body=f"Question {at}") for at in (1, 2)]
    assert [(one.outcome, one.case) for one in desk.receive(asked)] == [("created", "SR-1"), ("created", "SR-2")]
    assert [mail.recipients for mail in await desk.look()] == [("c1@visitor.example",), ("c2@visitor.example",)]
    again = letter(3, **same, Reply_To="c2@visitor.example", body="And another thing")
    assert [(one.outcome, one.case) for one in desk.receive([again])] == [("linked", "SR-2")]


async def test_a_web_form_that_names_no_customer_is_nobody_itself(opened: Open) -> None:
    """Its own address is neither answered nor a contact, which all who forget theirs would share."""
    form = "forms@web.example"
    desk = opened(mailbox=f'reply_to_is_sender = true\nform_senders = ["{form}"]', extra='[cases]\nduplicates = "link"')
    asked = [letter(at, sender=form, References="<contact@web.example>") for at in (1, 2)]
    assert [one.case for one in desk.receive(asked)] == ["SR-1", "SR-2"]
    assert await desk.look() == []
    assert [one["contact"] for one in desk.case_list()] == [None, None]
    assert desk.reasons() == {"suppressed no_sender": 2}


async def test_a_comma_in_a_name_makes_no_second_sender(opened: Open) -> None:
    desk = opened()
    written = [letter(1, From="Example, Erin <erin@visitor.example>"), letter(2, From="Roe; Jane jane@visitor.example")]
    written.append(letter(3, From="=?utf-8?Q?M=C3=BCller,_J?= <jo@visitor.example>"))
    assert [one.outcome for one in desk.receive(written)] == ["created"] * 3
    assert [mail.recipients[0].partition("@")[0] for mail in await desk.look()] == ["erin", "jane", "jo"]
    assert [one["contact"] for one in desk.case_list()] == [
        "Erin <erin@visitor.example>", "Jane <jane@visitor.example>", "jo@visitor.example",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "outcome", "reason"), [(90, "created", "new_topic"), (92, "linked", "token"), (0, "linked", "token")]
)
async def test_an_old_mail_is_answered_to_write_of_something_else(
    opened: Open, days: int, outcome: str, reason: str
) -> None:
    desk = opened(extra=f"[linking]\nnew_topic_days = {days}\n")
    desk.receive([letter(1, sender=ERIN, subject="Printer jams")])
    (answer,) = await desk.look()
    old = str(headers(answer)["Message-ID"])
    desk.now += timedelta(days=91)
    asked = letter(2, sender=ERIN, subject="Invoice 4711", In_Reply_To=old, References=f"<m1@visitor.example> {old}")
    (settled,) = desk.receive([asked])
    assert (settled.outcome, settled.reason) == (outcome, reason)
    chain = f"<m1@visitor.example> {old} <m2@visitor.example>"
    more = letter(3, sender=ERIN, subject="Re: Invoice 4711", In_Reply_To="<m2@visitor.example>", References=chain)
    (after,) = desk.receive([more])
    assert (after.outcome, after.case) == ("linked", settled.case)

"""Mail that answers mail ends at the limits, and a storm of mail makes cases but no storm of answers (F34, F35)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.servers.branch import Branch
from tests.servers.letters import letter
from tests.servers.smtp import Received, SmtpSink
from tests.servers.storms import (
    BAIT,
    MINUTE,
    Peer,
    Write,
    anew,
    as_it_is,
    by_number,
    exchange,
    forged_senders,
    headers,
    in_thread,
    one_sender,
    unmarked,
)

HOUR = timedelta(hours=1)
PER_ADDRESS = 5  # shipped: "5/1h"
MANY = 60  # of one sender; a thousand in the soak
Open = Callable[..., Branch]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Desks with a relay of their own."""
    with ExitStack() as stack:

        def make(name: str = "a", **settings: Any) -> Branch:
            branch = Branch(tmp_path / name, stack.enter_context(SmtpSink()), **settings)
            stack.callback(branch.close)
            return branch

        yield make


@pytest.mark.parametrize(
    ("carry", "most", "cases"), [(as_it_is, 1, [1, 0]), (unmarked, 2, [1, 1])], ids=["marked", "marks stripped"]
)
async def test_two_desks_that_acknowledge_each_other_stop_at_once(
    opened: Open, carry: Callable[[Received, str], bytes], most: int, cases: list[int]
) -> None:
    desks = opened("a", address="help@a.example"), opened("b", address="help@b.example")
    here, there = desks
    here.receive([letter(1, sender=there.address, to=here.address)])
    written = 0
    for _ in range(12):
        left = await here.look(MINUTE)
        written += len(left)
        there.now = here.now
        there.receive([carry(mail, here.address) for mail in left])
        here, there = there, here
    assert written == most
    assert [desk.cases() for desk in desks] == cases


@pytest.mark.parametrize(
    ("write", "most"), [(in_thread, 1), (by_number, 1), (anew, PER_ADDRESS)], ids=["thread", "number", "nothing"]
)
async def test_a_peer_desk_that_does_not_mark_its_mail_gets_no_more_than_the_limit(
    opened: Open, write: Write, most: int
) -> None:
    left = await exchange(opened(), Peer(write), rounds=20, pause=3 * MINUTE)  # an hour
    assert len(left) == most


async def test_a_peer_desk_on_closed_cases_gets_no_more_than_the_limit(opened: Open) -> None:
    desk = opened()
    peer = Peer(in_thread)
    left: list[Received] = []
    desk.receive([letter("first", sender="desk@peer.example")])
    for _ in range(20):
        mails = await desk.look(MINUTE)
        left += mails
        for case in desk.case_list():
            desk.store.set_case(case["number"], desk.now, "kim", status="Closed")
        desk.receive([peer.answer(mail) for mail in mails])
    assert len(left) == PER_ADDRESS


async def test_an_out_of_office_that_answers_every_mail_is_put_on_its_case_and_never_answered(opened: Open) -> None:
    desk = opened()
    desk.receive([letter(number) for number in range(20)])
    answers = await desk.look()
    assert len(answers) == 20
    away = [
        letter(
            f"away{at}",
            sender=mail.recipients[0],
            subject=f"Automatic reply: {headers(mail)['Subject']}",
            In_Reply_To=str(headers(mail)["Message-ID"]),
            Auto_Submitted="auto-replied" if at % 2 else "",  # half of them say so in the subject alone
        )
        for at, mail in enumerate(answers)
    ]
    assert {one.outcome for one in desk.receive(away)} == {"noted"}
    assert await desk.look(MINUTE) == []
    assert desk.cases() == 20


# storms


async def test_many_mails_of_one_sender_are_as_many_cases_and_five_answers(opened: Open) -> None:
    desk = opened()
    settled = await one_sender(desk, MANY)
    assert Counter(one.outcome for one in settled) == {"created": MANY}
    assert desk.sink.to == ["eager@visitor.example"] * PER_ADDRESS
    assert desk.reasons() == {"sent": PER_ADDRESS, "suppressed address_limit": MANY - PER_ADDRESS}


async def test_many_forged_senders_get_neutral_words_and_no_more_than_the_total(opened: Open) -> None:
    extra = '[security]\ntrusted_authserv_ids = ["mx.helpdesk.example"]\n[acknowledge]\ntotal = "30/1h"\n'
    desk = opened(extra=extra)
    await forged_senders(desk, 100, wave=20)
    assert (desk.cases(), len(desk.sink.mails)) == (100, 20)  # then the breaker
    assert desk.events.count("breaker_opened") == 1
    hours = [len(await desk.look(HOUR)) for _ in range(26)]
    assert max(hours) <= 30
    assert not [row for row in desk.store.outbox_list() if row["state"] == "pending"]
    assert not [mail for mail in desk.sink.mails if BAIT.encode() in mail.data]
    assert all(len(mail.recipients) == 1 for mail in desk.sink.mails)


def invoice(number: int) -> bytes:
    """A scanner's: one subject, one body, another file."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "scan@supplier.example", "support@helpdesk.example", "Invoice"
    mail["Return-Path"], mail["Message-ID"] = "<scan@supplier.example>", f"<scan{number}@supplier.example>"
    mail["Date"] = "Tue, 03 Nov 2026 09:00:00 +0000"
    mail.set_content("See the invoice attached.\n")
    mail.add_attachment(b"%PDF-1.4 " + str(number).encode(), maintype="application", subtype="pdf", filename="scan.pdf")
    return mail.as_bytes()


async def test_a_hundred_and_twenty_invoices_with_one_subject_are_as_many_cases(opened: Open) -> None:
    desk = opened()
    settled = desk.receive([invoice(number) for number in range(120)])
    await desk.look()
    assert Counter(one.outcome for one in settled) == {"created": 120}
    assert desk.cases() == 120
    assert desk.reasons() == {"sent": PER_ADDRESS, "suppressed address_limit": 120 - PER_ADDRESS}
    await desk.look(HOUR)
    (again,) = desk.receive([invoice(3)])
    assert again.outcome == "duplicate"
    assert await desk.look() == []

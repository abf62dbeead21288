"""Mail that answers mail ends at the limits, and a storm of mail makes cases but no storm of answers (F34, F35).

Two real daemons, each the other's correspondent, meet every kind of it; what takes hours is by the clock of a test.
"""

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
from tests.servers.letters import DESK, letter
from tests.servers.neighbours import Neighbour, Street
from tests.servers.ports import wait_until
from tests.servers.smtp import Received, SmtpSink
from tests.servers.storms import (
    BAIT,
    MINUTE,
    Peer,
    anew,
    as_it_is,
    by_number,
    forged,
    forged_senders,
    headers,
    in_thread,
    unmarked,
)

HOUR = timedelta(hours=1)
PER_ADDRESS = 5  # shipped: "5/1h"
TRUSTED = '[security]\ntrusted_authserv_ids = ["mx.helpdesk.example"]\n[acknowledge]\ntotal = "30/1h"\n'
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


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Two daemons that take mail; the second knows who is trusted and may send thirty mails an hour."""
    with ExitStack() as stack:
        made = [
            Neighbour(tmp_path / name, f"help@{name}.example", stack.enter_context(SmtpSink()), extra)
            for name, extra in (("a", ""), ("b", TRUSTED))
        ]
        for one in made:
            stack.callback(one.close)
            one.run()
        wait_until(lambda: all(one.takes_mail() for one in made), 60, "they take no mail")
        yield Street(made[0], made[1])


def test_two_daemons_and_other_peoples_desks_stop_writing_to_each_other(street: Street) -> None:
    here, there = street.one, street.other
    here.hand_in(there.address, [letter(1, sender=there.address, to=here.address)])
    street.quiet(as_it_is, most=1)
    assert (street.written(), here.cases(), there.cases()) == ((1, 0), 1, 0)

    here.hand_in(there.address, [letter(2, sender=there.address, to=here.address)])
    street.quiet(unmarked, most=3)  # a gateway strips the marks: there it is a case, and answered
    assert (street.written(), here.cases(), there.cases()) == ((2, 1), 2, 1)

    for name, write in (("thread", in_thread), ("number", by_number), ("nothing", anew)):
        sender = f"desk@{name}.example"
        street.peers[sender] = Peer(write, sender)
        here.hand_in(sender, [letter(name, sender=sender, to=here.address)])
    street.quiet(unmarked, most=3 + 1 + 1 + PER_ADDRESS)
    assert [to.recipients[0].partition("@")[2] for to in here.sink.mails[2:]].count("nothing.example") == PER_ADDRESS
    assert (street.written(), here.cases(), there.cases()) == ((4 + PER_ADDRESS, 1), 4 + PER_ADDRESS + 1, 1)

    eager = "eager@visitor.example"
    here.hand_in(eager, [letter(f"e{number}", sender=eager, to=here.address) for number in range(20)])
    bombs = [forged(number).replace(DESK.encode(), there.address.encode()) for number in range(60)]
    for wave in (bombs[:20], bombs[20:]):  # the first has left before the second meets the breaker
        there.hand_in("bomb@v.example", wave)
        street.quiet(unmarked, most=10 + PER_ADDRESS + 30)
    assert (len(here.sink.mails), here.cases(), there.cases()) == (9 + PER_ADDRESS, 10 + 20, 1 + 60)
    bomb = there.sink.mails[1:]
    assert 20 <= len(bomb) < 30
    assert all(len(mail.recipients) == 1 and BAIT.encode() not in mail.data for mail in bomb)


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


async def test_many_forged_senders_get_neutral_words_and_no_more_than_the_total(opened: Open) -> None:
    desk = opened(extra=TRUSTED)
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

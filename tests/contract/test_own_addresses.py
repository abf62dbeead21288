"""An address of a mailbox with a +tag is ours as the address itself: nobody's, and none of a case's people (B4)."""

import sqlalchemy as sa

from mailcase.sent_author import of_our_house
from mailcase.store import tables as t
from mailcase.store.relink import Wanted
from mailcase.store.store import Store
from tests.builders import make_cases, make_mailbox, make_policy
from tests.contract.agent_kit import ERIN
from tests.contract.notice_kit import JANE, Bureau, letter

FORWARDED = """See below.

---------- Forwarded message ---------
From: Help <{who}>
Date: Mon, 2 Nov 2026
Subject: Printer
To: jane@helpdesk.example

It jams
"""


def test_our_sub_address_among_the_recipients_takes_no_part_in_the_case(store: Store) -> None:
    bureau = Bureau.of(store)
    copies = "boss@visitor.example, support+x@helpdesk.example"
    bureau.post.write("erin", sender=ERIN, subject="Printer", Cc=copies)
    with store._engines.read() as conn:
        people = set(conn.execute(sa.select(t.case_participant.c.key)).scalars())
    assert people == {ERIN, "boss@visitor.example"}


def test_a_forwarded_mail_of_our_sub_address_is_no_customers(store: Store) -> None:
    bureau = Bureau.of(store)
    for number, who in enumerate((ERIN, "support+c7@helpdesk.example"), 1):
        body = FORWARDED.format(who=who).replace("\n", "\r\n")
        mail = letter(f"f{number}", sender=JANE, subject="Fwd: Printer", body=body, date=bureau.post.at)
        assert bureau.post.deliver(mail).case == f"SR-{number}"
    contacts = [bureau.post.case(f"SR-{number}")["contact"] for number in (1, 2)]
    assert [who in str(one) for who, one in zip((ERIN, JANE), contacts, strict=True)] == [True, True], contacts


def test_nor_by_relinking(store: Store) -> None:
    bureau = Bureau.of(store)
    bureau.post.write("erin", sender=ERIN, subject="Printer")
    moved = bureau.post.write("finn", sender="finn@x.example", subject="Mouse", Cc="support+x@helpdesk.example")
    own = bureau.post.rules.own_keys
    store.relink(Wanted(moved.delivery_id, "SR-1", "root", own, across_groups=False), bureau.post.at)
    with store._engines.read() as conn:
        mine = sa.select(t.case_participant.c.key).where(t.case_participant.c.case_id == 1)
        assert set(conn.execute(mine).scalars()) == {ERIN, "finn@x.example"}


def test_nor_is_it_a_strangers_in_the_sent_folder_of_a_freemail_address() -> None:
    policy = make_policy(make_mailbox(address="help@gmx.de"), cases=make_cases(freemail=frozenset({"gmx.de"})))
    assert [of_our_house(one, policy) for one in ("help+c1@gmx.de", "erin@gmx.de")] == [True, False]

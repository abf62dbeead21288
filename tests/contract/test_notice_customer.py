"""Whom a case's notices go to: the contact, at the verified address he wrote from last (P5)."""

import pytest
import sqlalchemy as sa

from mailcase.life.happening import What
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.notice_kit import Bureau
from tests.contract.store_kit import STATUSES

FIRST, HOME = "cerin@visitor.example", "erin@home.example"


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def from_home(bureau: Bureau, running: int, *, verified: bool = True) -> None:
    """The contact has a second address, and a mail from there is on his case."""
    with bureau.writes() as conn:
        contact = conn.execute(sa.select(t.case.c.contact_id).where(t.case.c.running == running)).scalar_one()
        row = {"key": HOME, "address": HOME, "contact_id": contact}
        conn.execute(sa.insert(t.contact_address), row)
    bureau.post.write("home", sender=HOME, subject=f"Re: [SR-{running}]", message_id="<home@home.example>")
    with bureau.writes() as conn:
        mail = sa.select(t.message.c.id).where(t.message.c.message_id == "<home@home.example>").scalar_subquery()
        conn.execute(sa.update(t.case_message).where(t.case_message.c.message_pk == mail).values(verified=verified))


def told(bureau: Bureau, running: int) -> tuple[str, str]:
    """Address and what is answered."""
    bureau.set(running, status="Resolved")
    bureau.tell(What.RESOLVED, running)
    (row,) = bureau.rows("resolved")
    return row.to, dict(row.headers)["In-Reply-To"]


def test_he_is_written_to_where_he_wrote_from_last(bureau: Bureau) -> None:
    running = bureau.case()
    from_home(bureau, running)
    assert told(bureau, running) == (HOME, "<home@home.example>")


def test_a_mail_that_nobody_vouches_for_moves_nothing(bureau: Bureau) -> None:
    running = bureau.case()
    first = bureau.rows("registration")[0]
    from_home(bureau, running, verified=False)
    assert told(bureau, running) == (first.to, first.in_reply_to)


def test_an_answer_of_a_colleague_moves_nothing(bureau: Bureau) -> None:
    running = bureau.case()
    first = bureau.rows("registration")[0]
    bureau.post.write("boss", sender="boss@visitor.example", subject=f"Re: [SR-{running}]")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.case_message).values(verified=True))
    assert told(bureau, running) == (first.to, first.in_reply_to)


def test_his_language_and_time_zone_are_his(bureau: Bureau) -> None:
    running = bureau.case(expected_at=bureau.post.at)
    with bureau.writes() as conn:
        conn.execute(sa.update(t.contact).values(language="de", timezone="Europe/Berlin"))
    bureau.tell(What.IN_PROGRESS, running)
    (row,) = bureau.rows("in_progress")
    assert row.text.startswith("Guten Tag Customer erin,\n\nIhr Vorgang SR-1 ist jetzt in Bearbeitung.")
    assert "CET" in row.text


def test_who_has_written_nothing_is_told_at_his_first_address(bureau: Bureau) -> None:
    running = bureau.case()
    with bureau.writes() as conn:
        conn.execute(sa.delete(t.case_message))
    bureau.set(running, first_kind="", status="Closed")
    bureau.tell(What.CLOSED, running)
    (row,) = bureau.rows("closed")
    assert (row.state, row.to, row.subject) == ("pending", bureau.rows("registration")[0].to, "Printer jams [SR-1]")


def by_hand(bureau: Bureau, contact: int, running: int = 900, *named: str) -> int:
    """A case of this contact on which he wrote nothing; `named` are its people."""
    with bureau.writes() as conn:
        row = dict(conn.execute(sa.select(t.case)).mappings().first() or {})
        fresh = {"running": running, "number": f"SR-{running}", "contact_id": contact, "first_kind": ""}
        conn.execute(sa.insert(t.case), {**row, **fresh, "origin_pk": None})
        for key in named:
            conn.execute(sa.insert(t.case_participant), {"case_id": running, "key": key})
    return running


@pytest.mark.parametrize(
    ("named", "verified", "to"),
    [
        ((), True, HOME),  # where he wrote from last, on another case
        ((), False, FIRST),  # as far as it was he
        ((FIRST,), True, FIRST),
        (("erin2@visitor.example",), True, "erin2@visitor.example"),
    ],
)
def test_a_case_by_hand_is_told_where_a_person_said(
    bureau: Bureau, named: tuple[str, ...], verified: bool, to: str
) -> None:
    first = bureau.case()
    from_home(bureau, first, verified=verified)
    with bureau.writes() as conn:
        contact = conn.execute(sa.select(t.case.c.contact_id).where(t.case.c.running == first)).scalar_one()
        for address in ("adam@visitor.example", "erin2@visitor.example"):  # no more his than the others, and first
            row = {"key": address, "address": address, "contact_id": contact}
            conn.execute(sa.insert(t.contact_address), row)
    running = by_hand(bureau, contact, 900, *named)
    bureau.tell(What.IN_PROGRESS, running)
    assert [one.to for one in bureau.rows("in_progress")] == [to]
    assert to in bureau.store.case_show("SR-900", STATUSES)["contact"]

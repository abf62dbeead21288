"""Forgetting a customer takes the mails that agents sent to his cases, with their bytes (GDPR)."""

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, Case
from tests.contract.notice_kit import KIM, Bureau, letter
from tests.contract.post import dump

KEY = b"k" * 32


@pytest.fixture
def case(store: Store) -> Case:
    """Answered, noted, refused, and forged by somebody in an agent's name."""
    case = Case(Bureau.of(store))
    case.answer("We are on it, a secretreply.", "r1")
    case.answer("#note\r\nA secretnote.", "r2")
    case.answer("#clsoe\r\nA secretrefusal.", "r3")
    forged = letter("r4", sender=KIM, subject="Re: [SR-1]", body="A secretforgery.", date=case.bureau.post.at)
    assert case.bureau.post.deliver(forged).case == "SR-1"
    return case


def test_nothing_that_agents_wrote_by_mail_is_left(case: Case) -> None:
    store, post = case.bureau.store, case.bureau.post
    assert "secret" in repr(store.export_contact(ERIN)["messages"])
    known = store.known_of(ERIN)
    assert (known.messages, known.deliveries) == (5, 5)
    store.forget(ERIN, KEY, post.at, "root")
    assert "secret" not in repr(dump(store))
    for delivery in range(1, 6):
        with pytest.raises(Permanent, match="removed"):
            store.raw(store.delivery(delivery).sha256)
    again = case.answer("#note\r\nA secretnote.", "r2")
    assert (again.outcome, again.reason) == ("duplicate", "erased")
    assert "secret" not in repr(dump(store))


@pytest.mark.parametrize(("named", "left"), [(False, True), (True, False)])
def test_a_mail_on_another_ones_case_too_stays_unless_it_names_him(case: Case, *, named: bool, left: bool) -> None:
    store, post = case.bureau.store, case.bureau.post
    assert post.write("bob", subject="Another").case == "SR-2"
    said = f"A secretnote of {ERIN}." if named else "A secretnote."
    with case.bureau.writes() as conn:
        mine = t.message.c.text.contains("secretnote")
        pk = conn.execute(sa.select(t.message.c.id).where(mine, t.message.c.direction == "in")).scalar_one()
        texts = {"text": said, "new_text": said, "recipients": [], "headers": []}
        conn.execute(sa.update(t.message).where(t.message.c.id == pk).values(texts))
        link = {"case_id": 2, "message_pk": pk, "how": "note", "linked_by": "manual", "verified": False, "at": post.at}
        conn.execute(sa.insert(t.case_message), link)
    store.forget(ERIN, KEY, post.at, "root")
    rows = repr(dump(store)["message"])
    assert (("secretnote" in rows), "secretreply" in rows) == (left, False)

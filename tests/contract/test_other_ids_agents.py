"""An agent's notice under the id that a relay gave it: it leads to the case, and proves nothing (decision 022)."""

from typing import Any

import pytest

from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, SAID, Case, kept
from tests.contract.notice_kit import JANE, Bureau

OTHER = "<AM0PR04MB1@AM0PR04MB1.eurprd04.prod.outlook.com>"


def renamed(store: Store, **rules: Any) -> Case:
    """The relay renamed the notice."""
    made = Case(Bureau.of(store, **rules))
    made.bureau.store.claim(made.notice.id, "me", made.bureau.post.at)
    made.bureau.store.finish(made.notice.id, "sent", made.bureau.post.at, ids=(OTHER,))
    return made


@pytest.fixture
def case(store: Store) -> Case:
    return renamed(store)


def test_it_leads_to_the_case_and_proves_nothing(case: Case) -> None:
    mine = case.sends(SAID, notice=OTHER)
    assert (mine.reason, mine.case) == ("agent_unverified", "SR-1")
    kept(case, "answers no notice that was sent to him", verified=False)


@pytest.mark.parametrize(("says", "reason"), [("pass", "agent_mail"), ("none", "agent_unverified")])
def test_where_a_trusted_server_vouches_for_him_it_says_what_he_answers(store: Store, says: str, reason: str) -> None:
    case = renamed(store, trusted_authserv_ids=frozenset({"mx.helpdesk.example"}))
    vouched = f"mx.helpdesk.example; dmarc={says} header.from=helpdesk.example"
    assert case.sends(SAID, notice=OTHER, Authentication_Results=vouched).reason == reason
    assert case.told() == [("reply", ERIN) if says == "pass" else ("kept_as_note", JANE)]


def test_the_notices_own_id_proves_still(case: Case) -> None:
    assert case.sends(SAID).reason == "agent_mail"
    assert case.told() == [("reply", ERIN)]


def test_where_others_name_the_notice_by_it_its_own_id_proves_nothing_any_more(case: Case) -> None:
    case.sends("I have that notice.", "leaked", notice=OTHER, sender=ERIN)
    case.sends(f"#close\n{SAID}", "forged")
    (note,) = case.events("note")
    assert note["reason"] == f"the notice that the mail answers is known to {ERIN} too"

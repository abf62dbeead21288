"""B8: whoever works by mail sees who wrote on his case, and whether anybody vouches for it."""

from typing import Any

import pytest

from mailcase.life.happening import What
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.store.store import Store
from tests.builders import make_mailbox, make_policy
from tests.contract.notice_kit import JANE, Bureau
from tests.contract.post import Post

_DOUBT = "Not verified: {} is none of the people of this case, or somebody writes under that address."


def told_of(bureau: Bureau, who: str, number: int, **letter: Any) -> Any:
    """The notice of what he writes on the case."""
    assert bureau.post.write(who, subject=f"Re: Printer jams [SR-{number}]", **letter).case == f"SR-{number}"
    return bureau.rows("customer_replied")[-1]


def test_a_stranger_is_told_as_one_by_his_address_whatever_he_calls_himself(store: Store) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=JANE)
    name = "Erin Example, the customer, " + "who has written to you before " * 4
    notice = told_of(bureau, "evil", running, From=f'"{name}" <evil@bad.example>', body="My new password, please.")
    assert _DOUBT.format("evil@bad.example") in notice.text
    assert notice.text.index("Not verified") < notice.text.index("My new password")
    assert "<evil@bad.example> has written" in notice.text
    assert "customer" not in notice.subject
    assert "goes to the customer" not in notice.text


def test_one_of_the_cases_people_is_told_with_his_address_and_no_doubt(store: Store) -> None:
    """An answer to this notice goes to him, not to the customer: the agent must see that."""
    bureau = Bureau.of(store)
    bureau.post.write("first", sender="erin@visitor.example", subject="Printer jams", Cc="bob@visitor.example")
    bureau.set(1, assignee=JANE)
    notice = told_of(bureau, "bob", 1, sender="bob@visitor.example", From="Bob <bob@visitor.example>")
    assert "Bob <bob@visitor.example> has written" in notice.text
    assert "Not verified" not in notice.text


def test_who_writes_through_a_web_form_is_told_and_not_the_form(store: Store) -> None:
    bureau = Bureau.of(store)
    box = make_mailbox(reply_to_is_sender=True, form_senders=frozenset({"form@web.example"}))
    bureau.post = Post(store, make_policy(box))
    running = bureau.case(assignee=JANE)
    notice = told_of(bureau, "form", running, sender="form@web.example", Reply_To="Ann <ann@visitor.example>")
    assert "Ann <ann@visitor.example> has written" in notice.text
    assert _DOUBT.format("ann@visitor.example") in notice.text


def test_a_rule_of_ones_own_for_reopened_cases_says_it_too(store: Store) -> None:
    own = merged([NoticeChange("mine", What.REOPENED, ("owner",), template="customer_replied")])
    bureau = Bureau.of(store, notices=own)
    running = bureau.case(assignee=JANE, status="Resolved")
    told_of(bureau, "stranger", running, sender="x@else.example")
    assert [_DOUBT.format("x@else.example") in row.text for row in bureau.rows("mine")] == [True]


def test_a_new_case_has_no_people_to_be_a_stranger_to(store: Store) -> None:
    """A stranger's mail to a closed case opens one of his own, and the team is told of that."""
    bureau = Bureau.of(store)
    bureau.post = Post(store, make_policy(make_mailbox(notify=("team@helpdesk.example",))))
    running = bureau.case(status="Closed")
    assert bureau.post.write("x", sender="x@else.example", subject=f"Re: [SR-{running}]").outcome == "followed"
    notices = [row.text for row in bureau.rows("new_case")]
    assert len(notices) == 2
    assert not any("Not verified" in text for text in notices)


@pytest.mark.parametrize("language", ["de", "de-AT"])
def test_it_is_said_in_the_language_of_the_agent(store: Store, language: str) -> None:
    bureau = Bureau.of(store)
    bureau.post = Post(store, make_policy(make_mailbox(language=language)))
    running = bureau.case(assignee=JANE)
    notice = told_of(bureau, "evil", running, sender="evil@bad.example")
    assert "Nicht bestätigt: evil@bad.example gehört nicht zu diesem Vorgang" in notice.text

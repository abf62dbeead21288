"""An agent who may not be told any more when his notice's time has come is not told (L6)."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.life.happening import What
from mailcase.policy import AgentPolicy
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.agent_kit import Case
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau

APART = {"agents": AgentPolicy(isolate_organizations=True)}
GONE = ("suppressed", "agent_gone")
DISABLED: dict[str, Any] = {"active": False}
MOVED: dict[str, Any] = {"organizations": ["South"]}
NORTH: dict[str, Any] = {"organizations": ["North"]}


def become(bureau: Bureau, *keys: str, **values: Any) -> None:
    with bureau.writes() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key.in_(keys)).values(**values))


def claimed(bureau: Bureau, kind: str) -> tuple[str, str]:
    row = bureau.rows(kind)[-1]
    assert row.state == "pending"
    sent = bureau.store.claim(row.id, "me", row.next_attempt_at)
    after = bureau.rows(kind)[-1]
    assert sent is (after.state == "sending")
    return after.state, after.reason


@pytest.mark.parametrize(
    ("rules", "after", "told"),
    [
        ({}, NORTH, True),
        ({}, DISABLED, False),
        ({}, MOVED, True),
        (APART, NORTH, True),
        (APART, DISABLED, False),
        (APART, MOVED, False),
        (APART, {**MOVED, "role": "admin"}, True),
    ],
)
def test_an_assignee_is_asked_for_when_his_notice_is_sent(
    store: Store, rules: dict[str, Any], after: dict[str, Any], told: bool
) -> None:
    bureau = Bureau.of(store, **rules)
    become(bureau, JANE, KIM, OTTO, **NORTH)
    running = bureau.case(assignee=KIM, organization="North")
    bureau.tell(What.ASSIGNED, running)
    become(bureau, KIM, **after)
    assert claimed(bureau, "assigned") == (("sending", "") if told else GONE)


@pytest.mark.parametrize(("after", "told"), [(NORTH, True), (MOVED, False)])
@pytest.mark.parametrize(("body", "kind"), [("#clsoe", "kept_as_note"), ("#assign nobody\nHello.", "partly_done")])
@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_who_wrote_hears_of_his_own_mail_while_the_case_is_his_to_see(
    store: Store, body: str, kind: str, after: dict[str, Any], told: bool
) -> None:
    bureau = Bureau.of(store, **APART)
    become(bureau, JANE, KIM, **NORTH)
    case = Case(bureau, organization="North")
    case.answer(body)
    become(bureau, JANE, **after)
    assert claimed(bureau, kind) == (("sending", "") if told else GONE)


def group_told(store: Store) -> Bureau:
    bureau = Bureau.of(store)
    bureau.tell(What.GROUP_ASSIGNED, bureau.case(assignee_group="First line"), by=OTTO)
    (row,) = bureau.rows("group")
    assert (row.to, row.cc) == (JANE, [KIM])
    return bureau


@pytest.mark.parametrize(("gone", "left"), [(JANE, KIM), (KIM, JANE)])
def test_the_others_of_a_group_have_their_mail_without_him(store: Store, gone: str, left: str) -> None:
    bureau = group_told(store)
    become(bureau, gone, **DISABLED)
    (row,) = bureau.rows("group")
    assert not store.claim(row.id, "me", bureau.post.at)
    (mail,) = (one for one in store.due(bureau.post.at, 100) if one.kind == "group")
    assert (mail.to, mail.cc) == (left, ())
    assert claimed(bureau, "group") == ("sending", "")
    (row,) = bureau.rows("group")
    assert (row.to_key, row.to_name) == (left, {JANE: "Jane Roe", KIM: "Kim Lee"}[left])


def test_a_group_of_which_nobody_is_left_is_told_nothing(store: Store) -> None:
    bureau = group_told(store)
    become(bureau, JANE, KIM, **DISABLED)
    assert claimed(bureau, "group") == GONE


@pytest.mark.parametrize(("gone", "state"), [(JANE, "sending"), (KIM, "sent")])
def test_of_a_mail_that_some_have_only_the_others_are_asked_for(store: Store, gone: str, state: str) -> None:
    """Jane has it already, Kim's server was busy."""
    bureau = group_told(store)
    (row,) = bureau.rows("group")
    assert store.claim(row.id, "me", bureau.post.at)
    store.partly(row.id, bureau.post.at, [KIM])
    become(bureau, gone, **DISABLED)
    store.claim(row.id, "me", bureau.post.at)
    (row,) = bureau.rows("group")
    assert (row.state, row.to, row.cc) == (state, JANE, [KIM])

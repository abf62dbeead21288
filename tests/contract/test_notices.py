"""Notices in the store: what the rules owe is queued once, to the right people, or kept back with its reason (L6)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.life.case_state import Actor
from mailcase.life.changes import SendReply, StoredFile
from mailcase.life.happening import What
from mailcase.life.notice_rules import CASE_LIMIT, NoticeChange, merged
from mailcase.store import tables as t
from mailcase.store.life.notify import send_reply
from mailcase.store.store import Store
from tests.builders import KEYS, make_mailbox, make_policy
from tests.contract.notice_kit import JANE, KIM, OTTO, Bureau, letter
from tests.servers.letters import bounce_of


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def erin(bureau: Bureau) -> str:
    return str(bureau.rows("registration")[0].to)


def test_the_customer_is_told_once_in_his_thread(bureau: Bureau) -> None:
    running = bureau.case(status="In progress", assignee=JANE)
    assert bureau.tell(What.IN_PROGRESS, running) == 1
    assert bureau.tell(What.IN_PROGRESS, running) == 0
    (row,) = bureau.rows("in_progress")
    assert (row.to, row.state, row.automatic, row.audience) == (erin(bureau), "pending", True, "customer")
    headers = dict(row.headers)
    assert headers["In-Reply-To"] == bureau.rows("registration")[0].in_reply_to
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Jane Roe" in row.text
    assert f"[SR-{running}]" in row.subject


def test_another_version_of_the_case_is_another_event(bureau: Bureau) -> None:
    running = bureau.case(status="In progress")
    assert [bureau.tell(What.IN_PROGRESS, running, version) for version in (2, 3)] == [1, 1]


def test_a_group_is_told_by_one_mail_to_all_but_who_did_it(bureau: Bureau) -> None:
    running = bureau.case(assignee_group="First line")
    bureau.tell(What.GROUP_ASSIGNED, running, by=OTTO)
    bureau.tell(What.GROUP_ASSIGNED, running, 3, by=JANE)
    assert bureau.told() == [("group", f"{JANE} {KIM}", "pending", ""), ("group", KIM, "pending", "")]


def test_an_assignee_is_told_and_not_of_his_own_act(bureau: Bureau) -> None:
    running = bureau.case(assignee=KIM, assignee_group="First line")
    bureau.tell(What.ASSIGNED, running)
    bureau.tell(What.ASSIGNED, running, 3, by=KIM)
    assert bureau.told() == [("assigned", KIM, "pending", "")]
    assert {row.audience for row in bureau.rows("assigned")} == {"agent"}


def test_the_inactive_are_not_told(bureau: Bureau) -> None:
    running = bureau.case(assignee=KIM, assignee_group="First line")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.agent).where(t.agent.c.key == KIM).values(active=False))
    bureau.tell(What.ASSIGNED, running)
    bureau.tell(What.URGED, running, by=OTTO)  # the group in place of an assignee who is gone
    assert bureau.told() == [("urge", JANE, "pending", "")]


def test_an_answer_of_the_customer_reaches_assignee_and_followers_once(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    with bureau.writes() as conn:
        follows = [{"case_id": running, "key": key, "at": bureau.post.at} for key in (JANE, OTTO)]
        conn.execute(sa.insert(t.case_follower), follows)
    bureau.post.write("erin", subject=f"Re: Printer [SR-{running}]", body="It jams again.")
    assert bureau.told() == [("customer_replied", JANE, "pending", ""), ("customer_replied", OTTO, "pending", "")]
    row = bureau.rows("customer_replied")[0]
    assert "It jams again." in row.text
    assert "In-Reply-To" not in dict(row.headers)
    assert dict(row.headers)["References"].startswith("<case.")


def test_an_answer_that_takes_the_case_from_its_assignee_is_told_to_him(bureau: Bureau) -> None:
    running = bureau.case(status="Resolved", assignee=JANE)
    assert bureau.post.write("erin", subject=f"Re: [SR-{running}]", body="Not solved.").outcome == "reopened"
    assert bureau.told("customer_replied") == [("customer_replied", JANE, "pending", "")]


def test_a_reopening_through_a_list_is_told_to_whom_it_took_the_case_from(bureau: Bureau) -> None:
    """B5: a participant who answers ours through a list reopens; nobody else would hear of it."""
    bureau.case(status="Resolved", assignee=JANE)
    ours = bureau.rows("registration")[0].message_id
    through_a_list = {"List_Id": "<team.visitor.example>", "In_Reply_To": ours, "message_id": "<l2@visitor.example>"}
    settled = bureau.post.write("erin", subject="Re: Printer jams", body="Not solved.", **through_a_list)
    assert (settled.kind, settled.outcome) == ("list", "reopened")
    assert bureau.told("customer_replied") == [("customer_replied", JANE, "pending", "")]


def test_an_agent_who_writes_is_no_customer(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    bureau.post.write("kim", sender=KIM, subject=f"Re: Printer [SR-{running}]")
    assert bureau.told("customer_replied") == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"first_kind": "notification"}, "not_a_person"),
        ({"first_kind": "bulk"}, "not_a_person"),
    ],
)
def test_nothing_automatic_on_a_case_that_no_person_began(bureau: Bureau, values: dict[str, Any], reason: str) -> None:
    running = bureau.case(status="Resolved", **values)
    assert bureau.tell(What.RESOLVED, running) == 0
    assert [row[2:] for row in bureau.told("resolved")] == [("suppressed", reason)]


def test_a_suppressed_address_gets_nothing(bureau: Bureau) -> None:
    running = bureau.case(status="Closed", assignee_group="First line")
    with bureau.writes() as conn:
        plain = {"until": None, "reason": "hard_bounce", "at": bureau.post.at}
        rows = [{"key": key, **plain} for key in (erin(bureau), JANE)]
        conn.execute(sa.insert(t.suppression), rows)
    bureau.tell(What.CLOSED, running)
    bureau.tell(What.GROUP_ASSIGNED, running, by=OTTO)
    assert bureau.told() == [("closed", erin(bureau), "suppressed", "suppressed"), ("group", KIM, "pending", "")]


def test_a_sender_nobody_vouches_for_hears_nothing(bureau: Bureau) -> None:
    running = bureau.case(status="Closed")
    with bureau.writes() as conn:
        conn.execute(sa.update(t.case_message).values(verified=False))
    bureau.tell(What.CLOSED, running)
    assert bureau.told() == [("closed", erin(bureau), "suppressed", "sender_unverified")]


def test_junk_tells_nobody(bureau: Bureau) -> None:
    running = bureau.case(status="Canceled", assignee=KIM)
    with bureau.writes() as conn:
        conn.execute(sa.update(t.case_message).where(t.case_message.c.how == "created").values(how="junk_case"))
    assert [bureau.tell(what, running) for what in (What.CANCELED, What.ASSIGNED)] == [0, 0]
    assert bureau.tell(What.UNDELIVERABLE, running) == 1


def test_a_storm_does_not_fill_an_agents_mailbox(bureau: Bureau) -> None:
    running = bureau.case(assignee=KIM)
    told = [bureau.tell(What.ASSIGNED, running, version) for version in range(2, CASE_LIMIT + 4)]
    assert told == [1] * CASE_LIMIT + [0, 0]
    assert bureau.told()[-1] == ("assigned", KIM, "suppressed", "agent_limit")
    says_so = ["This is the last mail of this kind for now" in row.text for row in bureau.rows("assigned")]
    assert says_so == [False] * (CASE_LIMIT - 1) + [True, False, False]
    assert bureau.tell(What.URGED, running, 400) == 1  # another rule counts for itself
    bureau.post.write("frank")
    bureau.set(running + 1, assignee=KIM)
    assert bureau.tell(What.ASSIGNED, running + 1) == 1  # and another case
    bureau.post.at += timedelta(hours=2)
    assert bureau.tell(What.ASSIGNED, running, 500) == 1


def test_what_came_back_is_told_and_not_to_whom_it_was_for(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    ours = bureau.rows("registration")[0]
    bureau.post.deliver(bounce_of(ours.message_id, ours.to, date=bureau.post.at))
    assert bureau.told() == [("undeliverable", JANE, "pending", "")]
    row = bureau.rows("undeliverable")[0]
    assert f"{ours.to} 5.1.1" in row.text
    bureau.post.deliver(bounce_of(row.message_id, JANE, status="4.4.7", date=bureau.post.at))
    assert [one[1] for one in bureau.told("undeliverable")] == [JANE]
    assert bureau.rows("undeliverable")[0].state == "bounced"
    assert running == 1


def test_a_rule_of_ones_own_may_tell_the_team_of_answers(store: Store) -> None:
    box = make_mailbox(from_name="Help desk", notify=("team@elsewhere.example",))
    own = merged([NoticeChange("mine", What.CUSTOMER_REPLIED, ("team",), template="customer_replied")])
    bureau = Bureau.of(store)
    bureau.post.rules = make_policy(box, notices=own)
    running = bureau.case()
    bureau.post.write("erin", subject=f"Re: [SR-{running}]")
    assert [row[:2] for row in bureau.told("mine")] == [("mine", "team@elsewhere.example")]


def test_what_nobody_waits_for_costs_one_small_look(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    running = bureau.case()
    monkeypatch.setattr("mailcase.store.life.by_mail.tell", lambda *_: pytest.fail("nobody is to be told"))
    bureau.post.write("erin", subject=f"Re: [SR-{running}]")


def test_the_team_is_told_of_a_new_case(store: Store) -> None:
    box = make_mailbox(from_name="Help desk", notify=("team@elsewhere.example",))
    bureau = Bureau.of(store)
    bureau.post.rules = make_policy(box)
    bureau.case()
    assert bureau.told() == [("new_case", "team@elsewhere.example", "pending", "")]
    for over in ({"backlog": True}, {"no_ack": True}):
        bureau.post.deliver(letter(f"old {over}", date=bureau.post.at), **over)
    assert len(bureau.told()) == 1


DELAYED = merged([NoticeChange("resolved", delay=timedelta(minutes=30))])


@pytest.mark.parametrize(
    ("then", "state", "reason"),
    [
        ({}, "sending", ""),
        ({"status": "Reopened"}, "suppressed", "condition_gone"),
        ({"merged_into_id": 1}, "suppressed", "condition_gone"),
    ],
)
def test_what_a_delayed_rule_waits_for_is_asked_again(
    store: Store, then: dict[str, Any], state: str, reason: str
) -> None:
    bureau = Bureau.of(store, notices=DELAYED)
    running = bureau.case(status="Resolved", solution="New roller.")
    bureau.tell(What.RESOLVED, running)
    (row,) = bureau.rows("resolved")
    now = bureau.post.at + timedelta(minutes=30)
    due = [mail.id for mail in store.due(now - timedelta(seconds=1), 100)]
    assert (row.id in due, row.reason) == (False, "delayed")
    bureau.set(running, **then)
    assert row.id in [mail.id for mail in store.due(now, 100)]
    assert store.claim(row.id, "me", now) is (state == "sending")
    (after,) = bureau.rows("resolved")
    assert (after.state, after.reason if state != "sending" else "") == (state, reason)
    assert (after.message_pk is None) is (state == "suppressed")


def reply(bureau: Bureau, running: int, key: str = "act:1:2", **over: Any) -> int:
    files = over.pop("files", ())
    with bureau.writes() as conn:
        words = SendReply("Please turn it off and on again.", **over)
        return send_reply(conn, bureau.post.bench, running, words, files, Actor("root"), key, bureau.post.at)


def test_an_agents_reply_is_a_persons_mail_in_the_thread(bureau: Bureau) -> None:
    running = bureau.case()
    file = StoredFile("manual.pdf", "application/pdf", 3, "0" * 64)
    pk = reply(bureau, running, files=(file,), cc=("boss@visitor.example",))
    assert reply(bureau, running) == pk
    (row,) = bureau.rows("reply")
    assert (row.to, row.cc, row.automatic, row.audience) == (erin(bureau), ["boss@visitor.example"], False, "customer")
    names = {name for name, _ in row.headers}
    assert names & {"Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To"} == {"In-Reply-To"}
    (mail,) = [one for one in bureau.store.due(bureau.post.at, 100) if one.kind == "reply"]
    assert (mail.files, mail.text.partition(".")[0]) == ((file,), "Please turn it off and on again")


def test_an_answer_to_a_reply_comes_back_to_its_case(bureau: Bureau) -> None:
    running = bureau.case()
    reply(bureau, running)
    answers = bureau.rows("reply")[0].message_id
    settled = bureau.post.write("erin", subject="AW: thanks", in_reply_to=answers)
    assert (settled.case, settled.outcome) == (f"SR-{running}", "linked")


def test_whom_an_agent_copies_is_no_stranger_from_then_on(bureau: Bureau) -> None:
    running = bureau.case()
    reply(bureau, running, cc=("boss@visitor.example",))
    answer = {"sender": "boss@visitor.example", "subject": f"Re: [SR-{running}]"}
    bureau.post.write("boss", **answer)
    (mail,) = [one for one in bureau.post.case(f"SR-{running}")["messages"] if "boss" in str(one["from"])]
    assert mail["sender_unverified"] is False


@pytest.mark.parametrize(
    ("values", "cc", "said"),
    [
        ({"contact_id": None}, (), "no contact with an address"),
        ({}, ("nobody",), "cannot be written to"),
    ],
)
def test_a_reply_that_cannot_go_says_why(
    bureau: Bureau, values: dict[str, Any], cc: tuple[str, ...], said: str
) -> None:
    running = bureau.case(**values)
    with pytest.raises(Permanent, match=said):
        reply(bureau, running, cc=cc)
    assert bureau.rows("reply") == []


def test_who_is_forgotten_is_forgotten_in_what_agents_were_told(bureau: Bureau) -> None:
    running = bureau.case(assignee=JANE)
    bureau.post.write("erin", subject=f"Re: [SR-{running}]", body="It jams again.", message_id="<again@v.example>")
    bureau.store.forget(erin(bureau), KEYS.keys[0], bureau.post.at, "root")
    (row,) = bureau.rows("customer_replied")
    assert (row.state, row.text, row.subject, row.dedup) == ("suppressed", "", "", f"erased:{row.id}")

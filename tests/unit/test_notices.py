"""The rules of L6 as a table: what each owes and to whom, and what keeps it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.life.happening import Happening, What
from mailcase.life.notice import LastMail, Notice, NoticeFacts
from mailcase.life.notice_rules import SHIPPED, NoticeChange, merged
from mailcase.life.notices import notices
from mailcase.life.people import Agent, AgentRole, Person
from mailcase.policy import AgentPolicy
from tests.builders import NOW, make_mailbox, make_policy

ERIN = Person("erin@visitor.example", "erin@visitor.example", "Erin Example")
BOSS = Person("boss@visitor.example", "boss@visitor.example")
ROBOT = Person("no-reply@visitor.example", "no-reply@visitor.example")
SUPPORT = Person("support@helpdesk.example", "support@helpdesk.example")
TAGGED = Person("support+c1@helpdesk.example", "support+c1@helpdesk.example")


def agent(name: str, **over: Any) -> Agent:
    address = f"{name}@helpdesk.example"
    return Agent(**{"id": len(name), "key": address, "address": address, "name": name.title(), **over})


JANE, KIM, OTTO = agent("jane"), agent("kim"), agent("otto")
LAST = LastMail(7, "<a1@visitor.example>", (), "Printer", "It jams.", "Erin", NOW, (SUPPORT, TAGGED, BOSS, ROBOT, ERIN))
FACTS = NoticeFacts(
    running=12, number="SR-12", title="Printer", status="In progress", category="Incident", priority="Medium",
    group="default", mailbox="support", created_at=NOW, first_kind="person", junk=False, support_level=0,
    expected_at=None, solution="", account_id=None, contact_id=1, customer=ERIN, last=LAST,
)  # fmt: skip
OWNED = {"assignee": JANE, "assigned_to": JANE.key, "assignee_group": "First line", "members": (KIM, OTTO)}
#: What a delayed mail waits on.
STILL, HIS, NOT_MERGED = {"status": "In progress"}, {"assignee": JANE.key}, {"merged": False}
ERINS = {"contact_id": 1}  # a mail to her is not for who has the case by then
GROUP = {"assignee_group": "First line", "members": (JANE, KIM)}
#: Its assignee is disabled, and its group has nobody.
GONE = {"assignee": agent("jane", active=False), "assigned_to": JANE.key}
POLICY = make_policy(make_mailbox(notify=("team@elsewhere.example",)))


def owed(what: What, over: dict[str, Any] | None = None, key: str = "act:12:3", **of: Any) -> tuple[Notice, ...]:
    policy = replace(POLICY, notices=merged(of.pop("rules", ())))
    happening = Happening(what, 12, key, **{"by": "boss@helpdesk.example", **of})
    return notices(happening, replace(FACTS, **(over or {})), policy)


def short(found: Sequence[Notice]) -> list[str]:
    """`rule: recipients (reason)`"""
    told = [f"{one.rule}: {' '.join(who.key.partition('@')[0] for who in (one.to, *one.also_to))}" for one in found]
    return [f"{text} ({one.suppressed})" if one.suppressed else text for text, one in zip(told, found, strict=True)]


@pytest.mark.parametrize(
    ("what", "over", "told"),
    [
        (What.CREATED, {"first_kind": ""}, ["opened: erin", "new_case: team"]),
        (What.IN_PROGRESS, {}, ["in_progress: erin"]),
        (What.WAITING, {}, ["waiting: erin"]),
        (What.RESOLVED, {}, ["resolved: erin"]),
        (What.CLOSED, {}, ["closed: erin"]),
        (What.CANCELED, {}, ["canceled: erin"]),
        (What.ASSIGNED, OWNED, ["assigned: jane"]),
        (What.GROUP_ASSIGNED, GROUP, ["group: jane kim"]),
        (What.CUSTOMER_REPLIED, OWNED, ["customer_replied: jane"]),
        (What.CUSTOMER_REPLIED, GROUP, ["customer_replied: jane kim"]),
        (What.UNDELIVERABLE, {**OWNED, "followers": (JANE, KIM)}, ["undeliverable: jane", "undeliverable: kim"]),
        (What.CUSTOMER_REPLIED, {**GROUP, "followers": (KIM,)}, ["customer_replied: jane kim"]),
        (What.CUSTOMER_REPLIED, {"followers": (OTTO,)}, ["customer_replied: otto"]),
        (What.CUSTOMER_REPLIED, {"former": JANE}, ["customer_replied: jane"]),
        (What.CUSTOMER_REPLIED, {**GROUP, "former": OTTO}, ["customer_replied: jane kim"]),
        (What.CUSTOMER_REPLIED, {**OWNED, "former": KIM}, ["customer_replied: jane"]),
        (What.CUSTOMER_REPLIED, {"former": agent("jane", active=False)}, []),
        (What.UNDELIVERABLE, {**OWNED, "followers": (KIM,)}, ["undeliverable: jane", "undeliverable: kim"]),
        (What.URGED, OWNED, ["urge: jane"]),
        (What.URGED, GROUP, ["urge: jane kim"]),
        (What.URGED, {**OWNED, "followers": (JANE, KIM)}, ["urge: jane", "urge: kim"]),
        (What.CHANGED, {**OWNED, "followers": (JANE, KIM)}, ["followed_case: jane", "followed_case: kim"]),
        (What.CHANGED, {**GROUP, "followers": (agent("kim", active=False),)}, []),
        # nobody to tell
        (What.ASSIGNED, GROUP, []),
        (What.GROUP_ASSIGNED, OWNED, []),
        (What.CUSTOMER_REPLIED, {}, []),
        (What.RESOLVED, {"customer": None}, []),
        (What.FOLLOWED, {}, []),  # B13 answers the mail
        (What.REOPENED, {}, []),
        # junk fires nothing but that a mail came back (L6)
        (What.RESOLVED, {"junk": True}, []),
        (What.ASSIGNED, {**OWNED, "junk": True}, []),
        (What.UNDELIVERABLE, {**OWNED, "junk": True}, ["undeliverable: jane"]),
        # section 6: nothing automatic to these, and the reason is kept
        (What.RESOLVED, {"first_kind": "notification"}, ["resolved: erin (not_a_person)"]),
        (What.RESOLVED, {"first_kind": "list"}, ["resolved: erin (not_a_person)"]),
        (What.RESOLVED, {"unverified": True}, ["resolved: erin (sender_unverified)"]),
        (What.RESOLVED, {"customer": SUPPORT}, ["resolved: support (own_address)"]),
        (What.RESOLVED, {"customer": TAGGED}, ["resolved: support+c1 (own_address)"]),
        (What.RESOLVED, {"customer": ROBOT}, ["resolved: no-reply (robot_sender)"]),
        (What.RESOLVED, {"customer": Person("erin", "erin")}, ["resolved: erin (not_sendable)"]),
        (What.RESOLVED, {"suppressed": frozenset({ERIN.key})}, ["resolved: erin (suppressed)"]),
        (What.ASSIGNED, {**OWNED, "suppressed": frozenset({JANE.key})}, ["assigned: jane (suppressed)"]),
        (What.GROUP_ASSIGNED, {**GROUP, "suppressed": frozenset({JANE.key})}, ["group: kim"]),
        # among agents
        (What.COMMENTED, {**OWNED, "followers": (KIM,)}, ["comment: jane", "comment: kim"]),
        (What.COMMENTED, {**OWNED, "followers": (JANE,)}, ["comment: jane"]),
        (What.COMMENTED, GROUP, []),
        (What.TASK_GIVEN, {**OWNED, "given": OTTO}, ["task: otto"]),
        (What.TASK_GIVEN, {"given": agent("otto", active=False)}, []),
        (What.TASK_GIVEN, OWNED, []),
        # the inactive
        (What.ASSIGNED, {**OWNED, "assignee": agent("jane", active=False)}, []),
        (What.URGED, {**OWNED, "assignee": agent("jane", active=False)}, ["urge: kim otto"]),
        # its group has nobody, or is not there
        (What.GROUP_ASSIGNED, {**GROUP, "members": (agent("jane", active=False),)}, ["group: team"]),
        (What.GROUP_ASSIGNED, {**GROUP, "members": (), "stand_ins": (KIM,)}, ["group: kim"]),
        (What.CUSTOMER_REPLIED, {**GROUP, "members": ()}, ["customer_replied: team"]),
        # it had ended
        (What.RESTARTED, OWNED, ["restarted: jane"]),
        (What.RESTARTED, GROUP, ["restarted: jane kim"]),
        # nobody has it any more
        (What.CUSTOMER_REPLIED, {**GONE, "members": (KIM,)}, ["customer_replied: kim"]),
        (What.CUSTOMER_REPLIED, {**GONE, "stand_ins": (KIM, OTTO)}, ["customer_replied: kim otto"]),
        (What.CUSTOMER_REPLIED, GONE, ["customer_replied: team"]),
        (What.CUSTOMER_REPLIED, {**GONE, "assignee": None}, ["customer_replied: team"]),
        (What.CUSTOMER_REPLIED, {**GONE, "former": OTTO}, ["customer_replied: otto"]),
        (What.CUSTOMER_REPLIED, {**GONE, "followers": (OTTO,)}, ["customer_replied: team", "customer_replied: otto"]),
        (What.GROUP_ASSIGNED, {**GONE, "stand_ins": (KIM,)}, ["group: kim"]),
        (What.GROUP_ASSIGNED, GONE, ["group: team"]),
        (What.URGED, GONE, ["urge: team"]),
        (What.CUSTOMER_REPLIED, {"stand_ins": (KIM,)}, []),  # it never was anybody's
    ],
)  # fmt: skip
def test_each_shipped_rule(what: What, over: dict[str, Any], told: list[str]) -> None:
    assert short(owed(what, over)) == told


def test_of_a_new_case_whose_group_is_nobody_the_team_hears_once() -> None:
    nobody, by_mail = {**GROUP, "members": ()}, "in:default:a"
    assert owed(What.GROUP_ASSIGNED, nobody, by_mail) == ()  # `new_case` tells it
    off = (NoticeChange("new_case", enabled=False),)
    assert short(owed(What.GROUP_ASSIGNED, nobody, by_mail, rules=off)) == ["group: team"]
    assert short(owed(What.CUSTOMER_REPLIED, nobody, by_mail)) == ["customer_replied: team"]


def test_every_shipped_rule_has_a_row_above() -> None:
    overs = (OWNED, GROUP, {"first_kind": ""}, {"followers": (KIM,)}, {"given": KIM})
    rules = {one.rule for what in What for over in overs for one in owed(what, over)}
    assert rules == {one.name for one in SHIPPED} - {"registration", "followed", "reopened"}


@pytest.mark.parametrize(
    ("by", "told"),
    [("jane@helpdesk.example", []), ("kim@helpdesk.example", ["assigned: jane"])],
)
def test_who_did_it_is_not_told(by: str, told: list[str]) -> None:
    assert short(owed(What.ASSIGNED, OWNED, by=by)) == told


@pytest.mark.parametrize(
    ("also", "over", "by", "told"),
    [
        ((What.CLOSED,), OWNED, "boss", ["jane", "kim"]),
        ((What.ASSIGNED,), OWNED, "boss", ["kim"]),
        ((What.ASSIGNED,), OWNED, "kim", []),
        ((What.GROUP_ASSIGNED,), GROUP, "boss", []),
        ((), GROUP, "boss", ["jane", "kim"]),
    ],
)
def test_who_follows_a_case_is_told_once_of_an_act(
    also: tuple[What, ...], over: dict[str, Any], by: str, told: list[str]
) -> None:
    """Its new assignee, or the group that gets it, is told of that."""
    found = owed(What.CHANGED, {**over, "followers": (JANE, KIM)}, also=also, by=f"{by}@helpdesk.example")
    assert short(found) == [f"followed_case: {one}" for one in told]


def test_who_follows_is_told_where_the_rule_that_would_tell_him_is_off() -> None:
    off = (NoticeChange("assigned", enabled=False),)
    found = owed(What.CHANGED, {**OWNED, "followers": (JANE,)}, also=(What.ASSIGNED,), rules=off)
    assert short(found) == ["followed_case: jane"]


def test_agents_of_other_organizations_are_not_told() -> None:
    policy = replace(POLICY, agents=AgentPolicy(isolate_organizations=True))
    ours = agent("kim", organizations=("North",))
    admin = agent("otto", role=AgentRole.ADMIN)
    facts = replace(FACTS, organization="North", assignee_group="First line", members=(JANE, ours, admin))
    found = notices(Happening(What.GROUP_ASSIGNED, 12, "act:12:3"), facts, policy)
    assert short(found) == ["group: kim otto"]
    facts = replace(facts, assignee=JANE, followers=(JANE, ours))
    assert short(notices(Happening(What.CUSTOMER_REPLIED, 12, "act:12:4"), facts, policy)) == [
        "customer_replied: kim otto"
    ]


def test_who_had_the_case_before_the_answer_is_disabled_too() -> None:
    """B9 took it from him; he is named by the happening alone."""
    off = {"former": agent("jane", active=False), "stand_ins": (KIM,)}
    assert short(owed(What.CUSTOMER_REPLIED, off, before=JANE.key)) == ["customer_replied: kim"]
    assert short(owed(What.CUSTOMER_REPLIED, off, before=JANE.key, by=KIM.key)) == []  # who did it himself knows


def test_a_customer_hears_nothing_of_his_own_mail() -> None:
    told = [short(owed(what, GROUP, key="in:default:m:<a@b>")) for what in (What.CREATED, What.REOPENED, What.RESOLVED)]
    assert told == [["new_case: team"], [], []]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"category": "Incident"}, []),
        ({"category": "Complaint"}, ["group: team"]),
        ({"status": "Closed"}, ["group: team"]),
        ({"enabled": False}, ["group: team"]),
    ],
)
def test_a_new_case_of_a_missing_group_is_the_teams_to_know_once(change: dict[str, Any], told: list[str]) -> None:
    rules = (NoticeChange("new_case", **change),)
    found = owed(What.GROUP_ASSIGNED, {**GROUP, "members": ()}, key="in:default:m:<a@b>", rules=rules)
    assert short(found) == told


def test_whoever_acts_may_want_the_customer_not_told() -> None:
    assert short(owed(What.CREATED, {"first_kind": ""}, tell_customer=False)) == ["new_case: team"]


RULES: list[tuple[NoticeChange, What, dict[str, Any], list[str]]] = [
    (NoticeChange("resolved", enabled=False), What.RESOLVED, {}, []),
    (NoticeChange("resolved", category="Complaint"), What.RESOLVED, {}, []),
    (NoticeChange("resolved", category="Incident"), What.RESOLVED, {}, ["resolved: erin"]),
    (NoticeChange("resolved", status="Closed"), What.RESOLVED, {}, []),
    (NoticeChange("resolved", status="In progress"), What.RESOLVED, {}, ["resolved: erin"]),
    (NoticeChange("resolved", all_recipients=True), What.RESOLVED, {}, ["resolved: erin boss"]),
    (NoticeChange("boss", What.RESOLVED, ("team", "followers")), What.RESOLVED, {}, ["resolved: erin", "boss: team"]),
    (NoticeChange("late", What.URGED, ("group",)), What.URGED, GROUP, ["urge: jane kim", "late: jane kim"]),
    (NoticeChange("mine", What.CUSTOMER_REPLIED, ("customer",)), What.CUSTOMER_REPLIED, {}, []),
    (NoticeChange("mine", What.COMMENTED, ("customer",)), What.COMMENTED, {}, []),
    (NoticeChange("comment", enabled=False), What.COMMENTED, OWNED, []),
]


@pytest.mark.parametrize(("change", "what", "over", "told"), RULES)
def test_what_a_configuration_changes(change: NoticeChange, what: What, over: dict[str, Any], told: list[str]) -> None:
    assert short(owed(what, over, rules=(change,))) == told


def test_a_rule_of_ones_own_needs_when_and_to() -> None:
    with pytest.raises(ValueError, match="needs when and to"):
        merged([NoticeChange("mine")])


def test_the_event_the_rule_and_the_recipient_make_it_one_mail() -> None:
    (one,), (group,) = owed(What.RESOLVED), owed(What.GROUP_ASSIGNED, GROUP)
    assert one.dedup == "notice:act:12:3:resolved:erin@visitor.example"
    assert group.dedup == "notice:act:12:3:group:group First line"


@pytest.mark.parametrize(
    ("change", "what", "over", "only"),
    [
        (NoticeChange("resolved"), What.RESOLVED, {}, {}),  # at once: nothing to ask again
        (NoticeChange("resolved", delay=timedelta(minutes=5)), What.RESOLVED, {}, STILL | ERINS | NOT_MERGED),
        (NoticeChange("assigned", delay=timedelta(minutes=5)), What.ASSIGNED, OWNED, HIS | NOT_MERGED),
        (
            NoticeChange("restarted", delay=timedelta(minutes=5)), What.RESTARTED, OWNED,
            STILL | HIS | NOT_MERGED,
        ),
        (
            NoticeChange("urge", delay=timedelta(minutes=5), status="In progress"), What.URGED, OWNED,
            STILL | HIS | NOT_MERGED,
        ),
        (
            NoticeChange("group", delay=timedelta(minutes=5)), What.GROUP_ASSIGNED, GROUP,
            {"assignee": "", "assignee_group": "First line"} | NOT_MERGED,
        ),
        (
            NoticeChange("urge", delay=timedelta(minutes=5), category="Incident"), What.URGED, OWNED,
            {"category": "Incident"} | HIS | NOT_MERGED,
        ),
    ],
)  # fmt: skip
def test_a_delayed_rule_keeps_its_condition(
    change: NoticeChange, what: What, over: dict[str, Any], only: dict[str, Any]
) -> None:
    (one,) = owed(what, over, rules=(change,))
    assert (one.only_while, one.delay) == (only, change.delay or timedelta(0))

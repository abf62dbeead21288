"""Which status may follow which, and which acts each case allows."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from mailcase.cases.statuses import SHIPPED, Status, StatusKind, StatusTable
from mailcase.life.acts.table import ACTS, possible
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes
from mailcase.life.refused import Refused
from mailcase.life.transitions import allowed
from tests.life_kit import BEN, CALLS, OPEN_TASK, life_policy, make_asked, make_case

NEW, WORK, WAIT, DONE, AGAIN, SHUT, GONE = (one.name for one in SHIPPED)
STRICT: Final = life_policy(categories=({"name": "Incident", "strict_sequence": True},))

SHIPPED_WAYS: Final = {
    NEW: [WORK, WAIT, DONE, AGAIN, SHUT, GONE],
    WORK: [WAIT, DONE, AGAIN, SHUT, GONE],
    AGAIN: [WORK, WAIT, DONE, SHUT, GONE],
    WAIT: [WORK, DONE, AGAIN, SHUT, GONE],
    DONE: [WORK, AGAIN, SHUT, GONE],
    SHUT: [AGAIN],
    GONE: [AGAIN],
}
STRICT_WAYS: Final = {
    NEW: [WORK, WAIT, GONE],
    WORK: [WAIT, DONE, AGAIN, GONE],
    AGAIN: [WORK, WAIT, GONE],
    WAIT: [WORK, AGAIN, GONE],
    DONE: [WORK, AGAIN, SHUT, GONE],
    SHUT: [AGAIN],
    GONE: [AGAIN],
}


@pytest.mark.parametrize(("status", "ways"), SHIPPED_WAYS.items())
def test_the_kinds_say_what_may_follow(status: str, ways: list[str]) -> None:
    assert [one.name for one in allowed(life_policy(), "Incident", status)] == ways


@pytest.mark.parametrize(("status", "ways"), STRICT_WAYS.items())
def test_a_strict_category_leaves_no_step_out(status: str, ways: list[str]) -> None:
    assert [one.name for one in allowed(STRICT, "Incident", status)] == ways
    assert [one.name for one in allowed(STRICT, "Request", status)] == SHIPPED_WAYS[status]


@pytest.mark.parametrize(
    ("rules", "category", "status", "ways"),
    [
        ([(NEW, (WORK, GONE))], "Incident", NEW, [WORK, GONE]),
        ([(NEW, (WORK, GONE))], "Incident", WORK, SHIPPED_WAYS[WORK]),
        ([("new", ("in PROGRESS",))], "Incident", NEW, [WORK]),  # as people write them
        ([(NEW, (WORK,)), (NEW, (GONE,))], "Incident", NEW, [WORK, GONE]),  # two entries add up
        ([(NEW, (WORK,)), (NEW, (GONE,), "Request")], "Request", NEW, [GONE]),  # its own one alone
        ([(NEW, (WORK,)), (NEW, (GONE,), "Request")], "Incident", NEW, [WORK]),
        ([(DONE, (NEW, WAIT, SHUT))], "Incident", DONE, [SHUT]),  # never more than the kinds allow
        ([(SHUT, ())], "Incident", SHUT, []),  # closed for good
        ([(SHUT, (NEW, WORK, AGAIN))], "Incident", SHUT, [AGAIN]),
    ],
)
def test_a_rule_narrows_and_never_widens(rules: Any, category: str, status: str, ways: list[str]) -> None:
    assert [one.name for one in allowed(life_policy(transitions=rules), category, status)] == ways


def test_former_names_and_further_statuses_count() -> None:
    more = (Status("Testing", StatusKind.ACTIVE), Status("On hold", StatusKind.PAUSED, formerly=("Parked",)))
    policy = life_policy(statuses=StatusTable.build((*SHIPPED, *more)), transitions=[("On hold", (WORK,))])
    assert [one.name for one in allowed(policy, "Incident", "Parked")] == [WORK]
    assert "Testing" in [one.name for one in allowed(policy, "Incident", NEW)]
    assert [one.name for one in allowed(policy, "Incident", "lost")][:2] == [WORK, WAIT]  # counts as active


EVERYWHERE: Final = ["note", "comment", "follow", "relate"]
FILED: Final = ["assign", "transfer", "escalate", "reclassify", "contact", "priority", "expect", "edit", "reply"]
BESIDE: Final = [*FILED, "note", "comment", "attach", "follow", "task add", "merge", "split", "parent", "relate"]


@pytest.mark.parametrize(
    ("over", "acts"),
    [
        ({"status": NEW}, ["start", "wait", "suspend", "resolve", "close", "cancel", *BESIDE]),
        ({"status": WORK}, ["wait", "suspend", "resolve", "close", "cancel", *BESIDE]),
        ({"status": WAIT}, ["start", "resume", "resolve", "close", "cancel", *BESIDE]),
        ({"status": DONE}, ["start", "close", "cancel", "restart", *BESIDE]),
        ({"status": SHUT}, ["restart", "edit", *EVERYWHERE]),
        ({"status": GONE}, ["restart", "edit", *EVERYWHERE]),
        ({"status": GONE, "status_before": WAIT}, ["undo-cancel", "restart", "edit", *EVERYWHERE]),
        ({"status": SHUT, "status_before": WAIT}, ["restart", "edit", *EVERYWHERE]),
        ({"status": GONE, "junk": True}, EVERYWHERE),
        ({"status": SHUT, "merged_into": 9, "merged_number": "SR-9"}, EVERYWHERE),
        (
            {"status": SHUT, "followers": frozenset({BEN})},
            ["restart", "edit", "note", "comment", "follow", "unfollow", "relate"],
        ),
    ],
)
def test_what_is_possible(over: dict[str, Any], acts: list[str]) -> None:
    assert list(possible(make_case(**over), life_policy())) == acts
    done = {name for name, call in CALLS.items() if _is_done(call, over)}
    assert done == set(acts)


def _is_done(call: Callable[[Asked], Changes], over: dict[str, Any]) -> bool:
    try:
        call(make_asked(case=over))
    except Refused:
        return False
    return True


def test_tasks_and_assignee_make_their_acts_possible() -> None:
    with_both = make_case(status=WORK, assignee="ann", tasks=(OPEN_TASK,))
    assert {"urge", "task finish", "task cancel"} <= set(possible(with_both, life_policy()))


def test_every_act_of_the_table_is_one() -> None:
    assert {one.name for one in ACTS} == set(CALLS)


@pytest.mark.parametrize(
    ("act", "status", "over", "said"),
    [
        (
            "start",
            SHUT,
            {},
            "SR-12 is Closed: start is not possible; possible are restart, edit, note, comment, follow, relate",
        ),
        (
            "resume",
            NEW,
            {},
            "SR-12 is New: resume is not possible; possible are start, wait, suspend, resolve, close, cancel,",
        ),
        (
            "reply",
            SHUT,
            {"merged_into": 8, "merged_number": "SR-9"},
            "SR-12 was merged into SR-9: reply is not",
        ),
        ("restart", GONE, {"junk": True}, "SR-12 is junk (`mailcase message accept ID`"),
        ("urge", NEW, {}, "SR-12 is New: urge is not possible (nobody is assigned); possible are start"),
    ],
)
def test_a_refusal_says_why_and_what_is_possible(act: str, status: str, over: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        CALLS[act](make_asked(status, case=over))
    assert said in str(refused.value)


def test_a_refusal_names_the_setting_behind_it() -> None:
    with pytest.raises(Refused, match=r"resolve is not possible \(category Incident takes one step after another\)"):
        CALLS["resolve"](make_asked(NEW, policy=STRICT))
    narrow = life_policy(transitions=[(NEW, (WORK,))])
    with pytest.raises(Refused, match=r"cancel is not possible \(\[\[cases.transition\]\] leaves only some steps\)"):
        CALLS["cancel"](make_asked(NEW, policy=narrow))

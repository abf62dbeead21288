"""The order of B7, siblings and late parents (B7.2, B15), and who may enter (B8)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailcase.cases.numbers import Mask
from mailcase.linking.number import body_numbers
from mailcase.linking.order import by_token, find
from mailcase.linking.sender import relation
from mailcase.linking.thread import cases_of, pick, thread_ids
from mailcase.snapshot import CaseView, ContactView, KnownMessage, Snapshot, TokenHit
from tests.builders import (
    CUSTOMER,
    NOW,
    SUPPORT,
    make_cases,
    make_email,
    make_linking,
    make_lookup,
    make_policy,
    make_snapshot,
)

POLICY = make_policy()


def case(running: int, **over: Any) -> CaseView:
    plain: dict[str, Any] = {
        "running": running, "number": f"SR-{running}", "group": "default", "status": "New", "category": "Incident",
        "title": "x", "contact_id": None, "account_id": None, "participants": frozenset({CUSTOMER}),
        "merged_into": None, "followers": (), "assignee": "", "version": 1, "created_at": NOW, "first_kind": "person",
    }  # fmt: skip
    return CaseView(**{**plain, **over})


def known(message_id: str, *cases: int, **over: Any) -> KnownMessage:
    plain: dict[str, Any] = {
        "pk": 1, "message_id": message_id, "direction": "in", "automatic": False, "identity": message_id,
        "date_key": "", "fingerprint": "", "sender_key": CUSTOMER, "participants": frozenset({CUSTOMER, SUPPORT}),
        "account_id": None, "cases": cases, "received_at": NOW, "outcome": "created", "reason": "", "erased": False,
    }  # fmt: skip
    return KnownMessage(**{**plain, **over})


ASKED = ("thread_ids", "tokens", "subject_numbers", "body_numbers", "sender_key", "participant_keys", "groups")


def world(**over: Any) -> Snapshot:
    asked = {name: over.pop(name) for name in list(over) if name in ASKED}
    return make_snapshot(lookup=make_lookup(**asked), **over)


def test_in_reply_to_is_asked_first_and_references_from_the_newest_back() -> None:
    email = make_email(in_reply_to=("<p@x>",), references=tuple(f"<r{n}@x>" for n in range(60)))
    ids = thread_ids(email)
    assert ids[:3] == ("<p@x>", "<r59@x>", "<r58@x>")
    assert len(ids) == 32


@pytest.mark.parametrize(
    ("asked", "by", "test"),
    [
        (
            {"tokens": (TokenHit("default", 1, True, "In-Reply-To", "<t@x>"),), "subject_numbers": (2,)},
            "token",
            "token",
        ),
        ({"thread_ids": ("<p@x>",), "subject_numbers": (2,)}, "thread", "thread"),
        ({"tokens": (TokenHit("default", 1, True, "body mark", "m"),), "subject_numbers": (2,)}, "token", "body mark"),
        ({"subject_numbers": (2,), "body_numbers": (1,)}, "subject", "subject number"),
        ({"body_numbers": (1,)}, "body", "body number"),
        ({"tokens": (TokenHit("default", 1, True, "carried mail", "<t@x>"),)}, None, None),
        ({"subject_numbers": (9,), "body_numbers": (1,)}, None, None),
    ],
)
def test_the_first_rule_that_leads_to_a_case_wins(asked: dict[str, Any], by: str | None, test: str | None) -> None:
    snapshot = world(cases={1: case(1), 2: case(2)}, messages={"<p@x>": (known("<p@x>", 1),)}, **asked)
    finding = find(make_email(), snapshot, POLICY, automatic=False)
    assert (finding.winner.linked_by if finding.winner else None) == by
    assert (finding.winner.test if finding.winner else None) == test
    assert [line.test for line in finding.tried] == ["token", "thread", "body mark", "subject number", "body number"]


def test_a_conflict_is_kept_in_the_trace() -> None:
    snapshot = world(
        cases={1: case(1), 2: case(2)},
        messages={"<p@x>": (known("<p@x>", 1),)},
        thread_ids=("<p@x>",),
        subject_numbers=(2,),
    )
    lines = {line.test: line for line in find(make_email(), snapshot, POLICY, automatic=False).tried}
    assert lines["subject number"].result == "SR-2"
    assert "conflict" in lines["subject number"].detail


def test_automatic_mail_never_joins_by_its_body() -> None:
    snapshot = world(cases={1: case(1)}, body_numbers=(1,))
    assert find(make_email(), snapshot, POLICY, automatic=True).winner is None


def test_the_body_is_searched_behind_an_unknown_subject_number_only_by_setting() -> None:
    policy = make_policy(linking=make_linking(body_if_subject_number_unknown=True))
    snapshot = world(cases={1: case(1)}, subject_numbers=(9,), body_numbers=(1,))
    winner = find(make_email(), snapshot, policy, automatic=False).winner
    assert winner is not None
    assert winner.linked_by == "body"


@pytest.mark.parametrize(
    ("numbers", "cases", "best", "lost"),
    [
        ((9, 2), {2: case(2)}, 2, []),
        ((1, 2), {1: case(1, status="Closed"), 2: case(2)}, 2, [1]),
        ((2, 1), {1: case(1), 2: case(2)}, 2, [1]),
        ((1,), {1: case(1, merged_into=2, status="Closed"), 2: case(2)}, 2, []),
    ],
)
def test_existing_before_missing_and_open_before_final(
    numbers: tuple[int, ...], cases: dict[int, CaseView], best: int, lost: list[int]
) -> None:
    winner = find(make_email(), world(cases=cases, subject_numbers=numbers), POLICY, automatic=False).winner
    assert winner is not None
    assert winner.cases[0].running == best
    assert [one.running for one in winner.lost] == lost


@pytest.mark.parametrize(("mask", "found"), [("A-{0}", (12, 13)), ("A{0}", ())])
def test_the_body_is_searched_for_a_mask_of_two_letters_or_more(mask: str, found: tuple[int, ...]) -> None:
    email = make_email(text="A-12 and A12", html="<b>A-13</b><i>A13</i>")
    assert body_numbers(email, make_policy(cases=make_cases(mask=Mask.parse(mask)))) == found


def test_a_case_of_another_group_is_not_found() -> None:
    snapshot = world(cases={1: case(1, group="hr")}, subject_numbers=(1,))
    assert find(make_email(), snapshot, POLICY, automatic=False).winner is None


SEEN = known("<other@x>", 1)
OTHERS = frozenset({"bob@else.example", SUPPORT})


@pytest.mark.parametrize(
    ("message", "status", "joins"),
    [
        (SEEN, "New", True),
        (replace(SEEN, participants=frozenset({"bob@else.example", SUPPORT})), "New", False),
        (replace(SEEN, participants=frozenset({"bob@else.example"}), account_id=7), "New", True),
        (replace(SEEN, received_at=NOW - timedelta(days=90)), "New", True),
        (replace(SEEN, received_at=NOW - timedelta(days=90, seconds=1)), "New", False),
        (SEEN, "Closed", False),
        (replace(SEEN, erased=True), "New", False),
        (replace(SEEN, identity=make_email().identity), "New", False),
    ],
)
def test_an_id_only_seen_joins_kin_for_ninety_days(message: KnownMessage, status: str, joins: bool) -> None:
    snapshot = world(
        cases={1: case(1, status=status)},
        citing={"<root@x>": (message,)},
        thread_ids=("<root@x>",),
        contact=ContactView(1, "Erin", 7, ""),
    )
    assert (find(make_email(), snapshot, POLICY, automatic=False).winner is not None) is joins


def test_of_several_that_name_an_id_the_first_kin_is_joined() -> None:
    others = (replace(SEEN, erased=True), replace(SEEN, participants=OTHERS), known("<3@x>", 99), SEEN)
    snapshot = world(cases={1: case(1)}, citing={"<root@x>": others}, thread_ids=("<root@x>",))
    winner = find(make_email(), snapshot, POLICY, automatic=False).winner
    assert winner is not None
    assert winner.linked_by == winner.test == "thread"


def test_a_late_parent_joins_the_case_of_its_answer() -> None:
    email = make_email(message_id="<root@x>")
    snapshot = world(cases={1: case(1)}, citing={"<root@x>": (SEEN,)})
    winner = find(email, snapshot, POLICY, automatic=False).winner
    assert winner is not None
    assert "late parent" in winner.detail


@pytest.mark.parametrize(
    ("carriers", "cases"),
    [
        ((), [1]),
        ((known("<t@x>", 3, 1),), [1, 3]),
        ((known("<t@x>", 2),), [2]),  # a person moved our mail
        ((known("<t@x>", 3, participants=OTHERS), known("<t@x>", 2)), [2]),
        ((known("<t@x>", 1, erased=True),), []),
    ],
)
def test_a_mark_leads_to_its_case_or_to_where_its_mail_stands(carriers: Any, cases: list[int]) -> None:
    hits = [
        TokenHit("default", 9, True, "In-Reply-To", "<none@x>"),
        TokenHit("default", 1, True, "References", "<t@x>"),
    ]
    found = {n: case(n) for n in (1, 2, 3)}
    winner = by_token(hits, "token", world(cases=found, messages={"<t@x>": carriers}))
    assert ([one.running for one in winner.cases] if winner else []) == cases
    assert winner is None or winner.answers_ours


@pytest.mark.parametrize(
    ("marked", "sender", "by"),
    [
        ("<near@x>", CUSTOMER, "token"),
        ("<moved@x>", CUSTOMER, "token"),  # our mail itself, that a person moved
        ("<old@x>", CUSTOMER, "thread"),
        ("<older@x>", CUSTOMER, "thread"),
        ("<old@x>", "bob@else.example", "token"),  # the newest of that id, and nobody moved it
    ],
)
def test_a_mark_behind_a_mail_that_a_person_moved_says_nothing(marked: str, sender: str, by: str) -> None:
    newest, moved = known("<moved@x>", 2, participants=OTHERS), known("<moved@x>", 2)
    snapshot = world(
        cases={1: case(1), 2: case(2)},
        messages={"<moved@x>": (newest, replace(moved, by_hand=True))},
        thread_ids=("<near@x>", "<moved@x>", "<old@x>", "<older@x>"),
        tokens=(TokenHit("default", 1, True, "References", marked),),
        sender_key=sender,
    )
    winner = find(make_email(), snapshot, POLICY, automatic=False).winner
    assert winner is not None
    assert winner.linked_by == by


def test_a_mark_behind_a_mail_that_left_its_thread_says_nothing() -> None:
    left = replace(known("<left@x>", 2), reason="new_topic")
    old = TokenHit("default", 1, True, "References", "<old@x>")
    tagged = TokenHit("default", 1, False, "sub-address", "support+SR-1.t@helpdesk.example")
    another = replace(tagged, running=3)
    of_old = (known("<old@x>", 1),)
    for reason, tokens, behind, by in (
        ("new_topic", (old,), (), "thread"),
        ("new_topic", (tagged, old), (), "thread"),  # who answers all writes to the old case's address still
        ("new_topic", (tagged,), of_old, "thread"),  # also where a mail of that case is named, and no mark of ours
        ("new_topic", (tagged,), (), "token"),
        ("new_topic", (another, old), (), "token"),
        ("new_case", (old,), (), "token"),
    ):
        snapshot = world(
            cases={1: case(1), 2: case(2), 3: case(3)},
            messages={"<left@x>": (replace(left, reason=reason),), "<old@x>": behind},
            thread_ids=("<left@x>", "<old@x>"),
            tokens=tokens,
        )
        winner = find(make_email(), snapshot, POLICY, automatic=False).winner
        assert winner is not None
        assert winner.linked_by == by


def test_of_reused_ids_the_one_with_the_sender_is_meant_else_the_newest() -> None:
    newest, mine = known("<x>", 2, participants=frozenset({"bob@else.example"})), known("<x>", 1)
    assert pick((newest, mine), CUSTOMER) is mine
    assert pick((newest, mine), "carol@else.example") is newest
    assert pick((replace(mine, erased=True),), CUSTOMER) is None


def test_the_cases_of_a_message_are_those_after_merges_each_once_newest_first() -> None:
    cases = {n: case(n) for n in (2, 10, 30)} | {5: case(5, merged_into=30), 7: case(7, merged_into=2)}
    found = cases_of(known("<m@x>", 2, 5, 10, 7, 99), world(cases=cases))
    assert found == (cases[30], cases[10], cases[2])


def test_a_mail_whose_case_is_not_there_leads_nowhere() -> None:
    snapshot = world(messages={"<p@x>": (known("<p@x>", 99),)}, thread_ids=("<p@x>",))
    assert find(make_email(), snapshot, POLICY, automatic=False).winner is None


def test_two_cases_of_one_thread_are_both_seen() -> None:
    snapshot = world(
        cases={1: case(1), 2: case(2)},
        messages={"<a@x>": (known("<a@x>", 1),), "<b@x>": (known("<b@x>", 2),)},
        thread_ids=("<b@x>", "<a@x>"),
    )
    winner = find(make_email(), snapshot, POLICY, automatic=False).winner
    assert winner is not None
    assert [one.running for one in winner.cases] == [2]
    assert [one.running for one in winner.lost] == [1]


@pytest.mark.parametrize(
    ("sender", "over", "authentication", "name"),
    [
        (CUSTOMER, {}, "unknown", "participant"),
        (CUSTOMER, {}, "fail", "stranger"),
        ("bob@else.example", {}, "pass", "stranger"),
        ("bob@else.example", {"agent": True}, "unknown", "agent"),
        ("bob@else.example", {"contact": ContactView(1, "Bob", 7, "")}, "unknown", "account"),
        ("", {}, "unknown", "stranger"),
    ],
)
def test_the_sender_is_compared_with_the_case(
    sender: str, over: dict[str, Any], authentication: str, name: str
) -> None:
    snapshot = world(sender_key=sender, **over)
    assert relation(case(1, account_id=7), snapshot, authentication).name == name

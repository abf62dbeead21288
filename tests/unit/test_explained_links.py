"""What `explain` says of linking, of the sender and of junk: every text, by a mail that brings it out."""

from datetime import date
from typing import Any, Final

import pytest

from mailcase.junk import header_rules
from mailcase.junk.blacklist import Blacklist
from mailcase.junk.verdict import junk_verdict
from mailcase.linking.order import find
from mailcase.linking.sender import relation
from mailcase.message import Email
from mailcase.snapshot import ContactView, Snapshot, TokenHit
from tests.builders import CUSTOMER, SUPPORT, make_email, make_junk, make_policy
from tests.unit.test_linking import case, known, world

OURS: Final = known("<o@x>", 3, 1, direction="out", automatic=True)
NOBODYS: Final = known("<n@x>", 2, sender_key="")
MESSAGES: Final = {"<o@x>": (OURS,), "<n@x>": (NOBODYS,), "<p@x>": (known("<p@x>", 1),)}
CASES: Final = {1: case(1), 2: case(2, status="Waiting for response"), 3: case(3)}
TOKEN: Final = TokenHit("default", 1, True, "In-Reply-To", "<o@x>")
QUOTED: Final = TokenHit("default", 2, True, "body mark", "c2.m")


def linked(**over: Any) -> Snapshot:
    return world(**{"cases": CASES, "messages": MESSAGES, **over})


LINKED: Final[list[tuple[Snapshot, dict[str, Any]]]] = [
    (linked(), {}),
    (linked(thread_ids=("<z@x>",), subject_numbers=(9, 8)), {}),
    (linked(thread_ids=("<y@x>", "<z@x>")), {}),
    (linked(tokens=(TOKEN, QUOTED), thread_ids=("<o@x>",), subject_numbers=(2, 3)), {}),
    (linked(thread_ids=("<n@x>", "<p@x>")), {}),
    (linked(thread_ids=("<p@x>",), body_numbers=(2,)), {}),
    (linked(subject_numbers=(3, 2, 1)), {}),
    (linked(citing={"<root@x>": (known("<other@x>", 1),)}, thread_ids=("<root@x>",)), {}),
    (linked(citing={"<a1@visitor.example>": (known("<other@x>", 1),)}), {}),
    (linked(), {"automatic": True}),
    (linked(), {"outgoing": True}),
]


def tried(snapshot: Snapshot, asked: dict[str, Any]) -> list[str]:
    email = make_email(in_reply_to=("<n@x>",), references=("<o@x>",))
    found = find(email, snapshot, make_policy(), **{"automatic": False, **asked})
    return [f"{line.test} | {line.result} | {line.detail}" for line in found.tried]


#: Of the rules of B7: test, result, detail.
TRIED: Final = (
    "token | none | 0 references, no signed mark of ours that leads to a case",
    "thread | none | 0 references, none leads to a case",
    "body mark | none | no signed mark of ours is quoted",
    "subject number | none | no number that fits the mask",
    "body number | none | no number of an existing case",
    "token | none | 1 reference, no signed mark of ours that leads to a case",
    "thread | none | 1 reference, none leads to a case",
    "subject number | none | SR-9, SR-8: no such case",
    "body number | none | not searched: the subject holds a number (body_if_subject_number_unknown is off)",
    "token | none | 2 references, no signed mark of ours that leads to a case",
    "thread | none | 2 references, none leads to a case",
    "token | SR-1, SR-3 | valid token in In-Reply-To <o@x>",
    "thread | SR-3, SR-1 | agrees; References <o@x> is our mail, taken in at 2026-11-03 09:15, SR-3 (New), SR-1 (New)",
    "body mark | SR-2 | loses: token decided before (conflict noted); valid token in body mark c2.m",
    "subject number | SR-2 | loses: token decided before (conflict noted); names SR-2 (Waiting for response); "
    "also named: SR-3",
    "thread | SR-2 | In-Reply-To <n@x> is a mail of nobody, taken in at 2026-11-03 09:15, SR-2 (Waiting for response)",
    "thread | SR-1 | References <p@x> is a mail of erin@visitor.example, taken in at 2026-11-03 09:15, SR-1 (New)",
    "body number | SR-2 | loses: thread decided before (conflict noted); names SR-2 (Waiting for response)",
    "subject number | SR-3 | names SR-3 (New); also named: SR-2, SR-1",
    "thread | SR-1 | <root@x> is answered by a stored mail too (sibling)",
    "thread | SR-1 | <a1@visitor.example> is what a stored mail answers (late parent)",
    "body number | not asked | automatic mail never joins by its body",
    "subject number | not asked | an agent's mail joins by its thread alone",
    "body number | not asked | an agent's mail joins by its thread alone",
)


def test_each_rule_of_linking() -> None:
    assert tuple(dict.fromkeys(line for one in LINKED for line in tried(*one))) == TRIED


@pytest.mark.parametrize(
    ("sender", "over", "authentication", "said"),
    [
        ("", {}, "fail", "no sender: DMARC failed, so the address proves nothing"),
        (CUSTOMER, {}, "fail", "erin@visitor.example: DMARC failed, so the address proves nothing"),
        (CUSTOMER, {"agent": True}, "pass", "erin@visitor.example is an agent"),
        (CUSTOMER, {}, "pass", "erin@visitor.example is contact or participant of SR-1"),
        ("b@x.example", {"contact": ContactView(1, "B", 7, "")}, "pass", "b@x.example belongs to the account of SR-1"),
        ("b@x.example", {}, "pass", "b@x.example is not a participant of SR-1"),
        ("", {}, "unknown", "no sender is not a participant of SR-1"),
    ],
)
def test_how_the_sender_stands_to_the_case(sender: str, over: dict[str, Any], authentication: str, said: str) -> None:
    assert relation(case(1, account_id=7), world(sender_key=sender, **over), authentication).detail == said


LISTED: Final = Blacklist.parse("# a comment\nevil.example\n!boss@evil.example\n")
RULES: Final = (header_rules.compile("X-Spam-Flag", "(?i)^yes", "spam_header"),)
JUDGED: Final = (
    make_email(reply_to="a@x.example"),
    make_email(senders=(), reply_to=(), headers={"X-Spam-Flag": "Yes, very"}),
    make_email(senders=("m@evil.example", CUSTOMER)),
    make_email(senders="boss@evil.example", reply_to="a@x.example", sender_header=SUPPORT),
    make_email(senders="boss@evil.example", reply_to="a@evil.example"),
)


def judged(email: Email) -> list[str]:
    verdict = junk_verdict(email, make_junk(blacklist=LISTED, header_rules=RULES), date(2026, 11, 3))
    return [verdict.reason, *(" | ".join(line) for line in verdict.tests)]


#: Of the blacklist and the header rules: the reason, then test, result, detail.
JUDGED_AS: Final = (
    "",
    "blacklist | no | erin@visitor.example · a@x.example · 2 lines looked at",
    "header rules | no | 1 rule, none fires",
    "spam_header",
    "blacklist | no | no sender address · 2 lines looked at",
    "header rules | yes | X-Spam-Flag: 'Yes, very' fits '(?i)^yes'",
    "blacklisted",
    "blacklist | yes | m@evil.example is blocked by line 2: evil.example",
    "",
    "blacklist | no | boss@evil.example is allowed by '!boss@evil.example' (beats line 2: evil.example)",
    "header rules | no | 1 rule, none fires",
    "blacklisted",
    "blacklist | yes | a@evil.example is blocked by line 2: evil.example",
)


def test_each_test_for_junk() -> None:
    assert tuple(line for email in JUDGED for line in judged(email)) == JUDGED_AS


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("<ours@x>", "In-Reply-To <ours@x> is our mail, taken in at"),
        (
            "<other@relay>",
            "In-Reply-To <other@relay> is our mail <ours@x> under the id that a relay gave it, taken in at",
        ),
    ],
)
def test_it_is_told_by_which_id_our_mail_was_found(named: str, told: str) -> None:
    ours = known("<ours@x>", 1, direction="out")
    snapshot = world(messages={named: (ours,)}, cases={1: case(1)}, thread_ids=(named,), sender_key=CUSTOMER)
    found = find(make_email(in_reply_to=(named,)), snapshot, make_policy(), automatic=False)
    assert found.winner is not None
    assert found.winner.detail.startswith(told)

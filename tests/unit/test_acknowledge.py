"""Table 3.3: every rule, each no with its own word, and the neutral template (K6)."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mailcase import tokens
from mailcase.junk.acknowledge import RULES, AckQuestion, AckVerdict, may_acknowledge
from mailcase.junk.authentication import Authentication
from mailcase.junk.customer import customer
from mailcase.message import Kind, Wish
from mailcase.policy import Limit
from mailcase.snapshot import Acked, KnownMessage
from tests.builders import (
    CUSTOMER,
    KEYS,
    NOW,
    SUPPORT,
    make_acknowledge,
    make_delivery,
    make_email,
    make_linking,
    make_mailbox,
    make_policy,
    make_snapshot,
)

UNKNOWN = Authentication("unknown", "no trusted server is configured")
PASSED = Authentication("pass", "dmarc=pass")
FAILED = Authentication("fail", "dmarc=fail")
TRUSTED = make_policy(trusted_authserv_ids=frozenset({"mx.helpdesk.example"}))
GUEST = "guest@visitor.example"
FORM = make_mailbox(reply_to_is_sender=True)
SERVICE = make_mailbox(reply_to_is_sender=True, form_senders=frozenset({"form@web.example"}))
HOUR = timedelta(hours=1)


def question(**over: Any) -> AckQuestion:
    """A person's mail that made a case, with what is named changed; `email` may be headers."""
    email = over.pop("email", make_email())
    email = make_email(email) if isinstance(email, (dict, list)) else email
    mailbox = over.get("mailbox", make_mailbox())
    policy = over.get("policy", make_policy(mailbox))
    plain: dict[str, Any] = {
        "kind": Kind.PERSON,
        "customer": customer(email, mailbox, policy.own_keys),
        "mailbox": mailbox,
        "policy": policy,
        "snapshot": make_snapshot(email),
        "outcome": "created",
        "junk": False,
        "authentication": UNKNOWN,
        "delivery": make_delivery(),
        "now": NOW,
    }
    return AckQuestion(email=email, **{**plain, **over})


def ask(**over: Any) -> AckVerdict:
    return may_acknowledge(question(**over))


def acked(ago: timedelta, content: str = "other", group: str = "default") -> Acked:
    return Acked(NOW - ago, content, group)


def own_id(number: int, *, automatic: bool = True, group: str = "default") -> str:
    mark = tokens.mark(KEYS, group, number, tokens.reference(str(number)), automatic=automatic)
    return tokens.message_id(mark, "mid.helpdesk.example")


OWN_IDS = tuple(own_id(number) for number in range(1, 5))
SAME = make_email().content_key

NOES: list[tuple[str, str, dict[str, Any]]] = [
    ("K1", "follow_up", {"outcome": "linked"}),
    ("K1", "no_case", {"outcome": "noted"}),
    ("K1", "no_case", {"outcome": "ignored"}),
    ("K1", "no_case", {"outcome": "duplicate"}),
    ("K1", "no_case", {"outcome": "quarantined"}),
    ("K1", "switched_off", {"outcome": "reopened"}),
    ("K1", "switched_off", {"policy": make_policy(acknowledge=make_acknowledge(created=False))}),
    (
        "K1",
        "switched_off",
        {"outcome": "followed", "policy": make_policy(acknowledge=make_acknowledge(followed=False))},
    ),
    ("K2", "junk", {"junk": True}),
    ("K2", "junk", {"outcome": "junk_case"}),
    *[("K2", "not_a_person", {"kind": kind}) for kind in Kind if kind is not Kind.PERSON],
    ("B1", "backlog", {"delivery": make_delivery(backlog=True)}),
    ("B1", "no_ack_wish", {"delivery": make_delivery(no_ack=True)}),
    ("K3", "null_return_path", {"email": make_email(return_path="")}),
    ("K4", "auto_submitted", {"email": {"Auto-Submitted": "auto-generated"}}),
    ("K4", "auto_submitted", {"email": {"Auto-Submitted": ""}}),
    ("K4", "list_mail", {"email": {"List-Id": "<a.example>"}}),
    ("K4", "list_mail", {"email": {"list-help": "<mailto:x>"}}),
    ("K4", "list_mail", {"email": {"Mailing-List": "x"}}),
    ("K4", "precedence", {"email": {"Precedence": "bulk"}}),
    ("K4", "precedence", {"email": {"Precedence": "junk"}}),
    ("K4", "precedence", {"email": {"Precedence": "list"}}),
    ("K4", "precedence", {"email": {"X-Precedence": "Auto_Reply"}}),
    ("K4", "suppress_header", {"email": {"X-Auto-Response-Suppress": "All"}}),
    ("K4", "suppress_header", {"email": {"X-Auto-Response-Suppress": "DR, OOF"}}),
    ("K4", "suppress_header", {"email": {"X-Auto-Response-Suppress": "OOF, All"}}),
    ("K4", "suppress_header", {"email": {"X-Auto-Response-Suppress": "rn,autoreply"}}),
    ("K4", "loop_header", {"email": {"X-Loop": "x"}}),
    ("K4", "loop_header", {"email": {"X-No-Loop": ""}}),
    ("K4", "loop_header", {"email": {"X-Helpdesk-Loop": "c1.forged"}}),
    ("K4", "headers_unseen", {"email": make_email([("X-1", "y")] * 2, defects=("headers_left_out",))}),
    ("K4", "headers_unseen", {"email": make_email(defects=("headers_failed",))}),
    ("K5", "no_sender", {"email": make_email(senders=())}),
    ("K5", "no_sender", {"mailbox": SERVICE, "email": make_email(senders="form@web.example")}),
    ("K5", "several_senders", {"email": make_email(senders=(CUSTOMER, GUEST))}),
    ("K5", "several_senders", {"email": make_email(defects=("duplicate_from",))}),
    ("K5", "several_senders", {"mailbox": FORM, "email": make_email(senders=SUPPORT, reply_to=(GUEST, CUSTOMER))}),
    ("K5", "own_address", {"email": make_email(senders=SUPPORT)}),
    ("K5", "own_address", {"mailbox": FORM, "email": make_email(senders=SUPPORT, reply_to=SUPPORT)}),
    ("K5", "robot_sender", {"email": make_email(senders="no-reply@visitor.example")}),
    ("K5", "robot_sender", {"mailbox": FORM, "email": make_email(senders=SUPPORT, reply_to="list-request@x.example")}),
    ("K5", "not_sendable", {"email": make_email(senders="erin")}),
    ("K5", "not_sendable", {"email": make_email(senders="erin@visitor..example")}),
    ("K6", "dmarc_failed", {"authentication": FAILED}),
    ("K7", "recipient_not_registered", {"email": make_email(to="someone@else.example")}),
    ("K8", "suppressed", {"snapshot": make_snapshot(suppressed="hard_bounce")}),
    ("B13", "too_old", {"delivery": make_delivery(received_at=NOW - 24 * HOUR - timedelta(seconds=1))}),
    ("K9", "address_limit", {"snapshot": make_snapshot(acks=(acked(0.9 * HOUR),) * 5)}),
    ("K9", "address_limit", {"snapshot": make_snapshot(acks=(acked(-HOUR),) * 5)}),
    ("K9", "address_limit", {"snapshot": make_snapshot(acks=(acked(0.9 * HOUR, group="other"),) * 5)}),
    ("K9", "address_limit", {"policy": make_policy(acknowledge=make_acknowledge(per_address=Limit(0, HOUR)))}),
    ("K10", "received_loop", {"email": [("Received", "x")] * 30}),
    ("K10", "reference_loop", {"email": make_email(references=OWN_IDS)}),
    ("K10", "reference_loop", {"email": make_email(references=OWN_IDS[:3], in_reply_to=OWN_IDS[3:])}),
    ("K10", "same_content", {"snapshot": make_snapshot(acks=(acked(HOUR, SAME),))}),
]


@pytest.mark.parametrize(("rule", "reason", "over"), NOES)
def test_each_no_has_its_own_word_and_ends_the_table(rule: str, reason: str, over: dict[str, Any]) -> None:
    verdict = ask(**over)
    assert (verdict.yes, verdict.reason) == (False, reason)
    name, result, detail = verdict.tests[-1]
    assert name.startswith(rule + " ")
    assert result == "no"
    assert detail.startswith(reason + ": ")
    assert all(one == "yes" for _, one, _ in verdict.tests[:-1])


def test_every_rule_of_the_table_can_say_no() -> None:
    assert {name.split()[0] for name, _ in RULES} == {rule for rule, _, _ in NOES}
    reached = {ask(**over).tests[-1][0] for _, _, over in NOES}
    assert reached == {name for name, _ in RULES}


def test_a_persons_mail_that_makes_a_case_is_acknowledged() -> None:
    verdict = ask()
    assert (verdict.yes, verdict.reason, verdict.neutral) == (True, "created", False)
    assert [name for name, _, _ in verdict.tests] == [name for name, _ in RULES]
    assert {result for _, result, _ in verdict.tests} == {"yes"}


OWN_LIST = make_policy(linking=make_linking(own_lists=frozenset({"support.groups.example"})))
OWN_LIST_MAIL = {"List-Id": "<support.groups.example>", "List-Post": "<mailto:x>", "Precedence": "list"}


def test_it_is_told_why_there_is_nobody_to_answer() -> None:
    form = ask(mailbox=SERVICE, email=make_email(senders="form@web.example"))
    assert form.tests[-1][2] == "no_sender: the web form's mail names no customer in Reply-To"
    assert ask(email=make_email(senders=())).tests[-1][2] == "no_sender: the mail names no sender"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({}, "received 2026-11-03 09:15 UTC, max_age 1 day, 0:00:00"),
        ({"snapshot": make_snapshot(acks=(acked(HOUR, SAME),))}, "the same was acknowledged at 2026-11-03 08:15 UTC"),
    ],
)
def test_times_in_the_evidence_are_read_by_people(over: dict[str, Any], said: str) -> None:
    odd = NOW.replace(microsecond=123456).astimezone(timezone(HOUR))
    over = {"delivery": make_delivery(received_at=odd), **over}
    assert any(detail.endswith(said) for _, _, detail in ask(**over).tests)


YESES: list[dict[str, Any]] = [
    {"outcome": "followed"},
    {"outcome": "reopened", "policy": make_policy(acknowledge=make_acknowledge(reopened=True))},
    {"email": make_email(return_path=CUSTOMER)},
    {"email": {"Auto-Submitted": "No (said the program); x=y"}},
    {"email": {"X-Auto-Response-Suppress": "DR, RN, NRN"}},
    {"email": {"X-Auto-Response-Suppress": "None"}},
    {"email": {"Precedence": "first-class"}},
    {"email": OWN_LIST_MAIL, "policy": OWN_LIST},
    {"email": make_email(senders="erin@host.local")},
    {"email": make_email(reply_to=GUEST)},
    {"email": make_email(to=(), delivered_to="support+SR-1.x@helpdesk.example")},
    {"email": make_email(to="x@else.example"), "mailbox": make_mailbox(accept_any_recipient=True)},
    {"email": make_email(to="x@else.example"), "delivery": make_delivery(wish=Wish(accept=True))},
    {"authentication": PASSED},
    {"delivery": make_delivery(received_at=NOW - 24 * HOUR)},
    {"delivery": make_delivery(received_at=NOW + 24 * HOUR)},
    {"snapshot": make_snapshot(acks=(acked(HOUR),) * 5)},
    {"snapshot": make_snapshot(acks=(acked(timedelta(0)),) * 4)},
    {"snapshot": make_snapshot(breaker_open=True)},
    {"snapshot": make_snapshot(acks=(acked(HOUR + timedelta(seconds=1), SAME),))},
    {"snapshot": make_snapshot(acks=(acked(HOUR, SAME, "other"),))},
    {"email": [("Received", "x")] * 29},
    {"email": make_email(references=OWN_IDS[:3])},
    {"email": make_email(references=OWN_IDS[:3] * 5, in_reply_to=OWN_IDS[:1])},
    {"email": make_email(references=tuple(own_id(n, automatic=False) for n in range(9)))},
    {"email": make_email(references=tuple(one.replace(".m", ".n") for one in OWN_IDS))},
]


@pytest.mark.parametrize("over", YESES)
def test_what_only_looks_like_a_no_is_acknowledged(over: dict[str, Any]) -> None:
    assert ask(**over).reason == over.get("outcome", "created")


def test_the_receiver_is_the_sender_and_never_a_reply_to() -> None:
    asked = question(email=make_email(reply_to=GUEST))
    assert asked.customer is not None
    assert (asked.customer.key, asked.by_form) == (CUSTOMER, False)


def test_a_web_forms_mail_is_acknowledged_to_its_reply_to() -> None:
    asked = question(mailbox=FORM, email=make_email(senders=SUPPORT, reply_to=GUEST))
    assert asked.customer is not None
    assert (asked.customer.key, asked.by_form, may_acknowledge(asked).yes) == (GUEST, True, True)


def known(message_id: str, at: datetime, *, automatic: bool = True, direction: str = "out") -> tuple[KnownMessage, ...]:
    plain = KnownMessage(
        1, message_id, direction, automatic, "i", "", "", SUPPORT, frozenset(), None, (1,), at, "", "", erased=False
    )
    return (plain,)


@pytest.mark.parametrize(
    ("ago", "automatic", "direction", "expected"),
    [
        (23 * HOUR, True, "out", False),
        (24 * HOUR, True, "out", True),
        (23 * HOUR, False, "out", True),
        (23 * HOUR, True, "in", False),  # not ours by the store, but signed by us: its age cannot be told
    ],
)
def test_own_mails_in_references_count_for_a_day(
    ago: timedelta, automatic: bool, direction: str, expected: bool
) -> None:
    email = make_email(references=OWN_IDS)
    messages = {one: known(one, NOW - ago, automatic=automatic, direction=direction) for one in OWN_IDS}
    assert ask(email=email, snapshot=make_snapshot(email, messages=messages)).yes is expected


def test_a_hundred_invoices_with_other_attachments_are_all_new() -> None:
    """Limits apart: K10 looks at the content, and theirs differs."""
    policy = make_policy(acknowledge=make_acknowledge(per_address=Limit(1_000, HOUR)))
    acks = tuple(acked(timedelta(minutes=1), f"invoice {number}") for number in range(120))
    assert ask(policy=policy, snapshot=make_snapshot(acks=acks)).yes


NEUTRAL = [
    ("unauthenticated", False, UNKNOWN, False),
    ("unauthenticated", True, UNKNOWN, True),
    ("unauthenticated", True, PASSED, False),
    ("always", False, UNKNOWN, True),
    ("always", True, PASSED, True),
    ("never", True, UNKNOWN, False),
]


@pytest.mark.parametrize(("setting", "trusted", "authentication", "neutral"), NEUTRAL)
def test_whom_no_trusted_server_vouches_for_gets_the_neutral_template(
    setting: str, trusted: bool, authentication: Authentication, neutral: bool
) -> None:
    policy = replace(TRUSTED if trusted else make_policy(), acknowledge=make_acknowledge(neutral=setting))
    verdict = ask(policy=policy, authentication=authentication)
    assert (verdict.yes, verdict.neutral) == (True, neutral)


def test_what_is_kept_back_would_be_neutral_too() -> None:
    assert ask(policy=TRUSTED, junk=True).neutral


def test_nobody_vouches_for_the_reply_to_of_a_form() -> None:
    email = make_email(senders=SUPPORT, reply_to=GUEST)
    policy = make_policy(FORM, trusted_authserv_ids=frozenset({"mx.helpdesk.example"}))
    assert ask(mailbox=FORM, policy=policy, email=email, authentication=PASSED).neutral


@pytest.mark.parametrize("text", ["(" * 50_000, "\\" * 50_000, "a@" * 25_000, "<" * 50_000, "." * 50_000])
def test_a_hostile_mail_is_refused_without_an_error(text: str) -> None:
    email = make_email({"X-Loop": ""}, senders=text, references=(text,) * 200, return_path=text)
    assert not ask(email=email).yes
    assert ask(email=make_email(senders=text)).tests[-1][2].startswith(f"not_sendable: {text[:80]}: ")

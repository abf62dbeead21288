"""Real mail, read in place: machines are recognised, and none of them is acknowledged (P3)."""

from typing import Any

import pytest

from mailcase.junk.acknowledge import AckQuestion, may_acknowledge
from mailcase.junk.authentication import authenticate
from mailcase.junk.customer import customer
from mailcase.junk.kinds import classify
from mailcase.message import Email, Kind
from tests.acceptance.realmail import MARKS, real_mails
from tests.builders import NOW, make_delivery, make_mailbox, make_policy, make_snapshot

pytestmark = MARKS

BOX = make_mailbox(accept_any_recipient=True)
POLICY = make_policy(BOX)
REPORTS = frozenset({Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED})
MACHINE = ("is_bounce", "is_auto_reply", "is_feedback_report", "is_dsn", "is_mdn", "is_delivery_success_dsn")


@pytest.fixture(scope="module")
def mails() -> list[tuple[str, dict[str, Any], Email, Kind]]:
    return [(one.file, one.oracle, one.email, classify(one.email, BOX, POLICY).kind) for one in real_mails()]


def _acknowledged(email: Email, kind: Kind) -> bool:
    """Under the most permissive circumstances: any recipient, just arrived, nothing known."""
    who = customer(email, BOX, POLICY.own_keys)
    trust = authenticate(email, POLICY.trusted_authserv_ids)
    store, delivery = make_snapshot(email), make_delivery()
    return may_acknowledge(
        AckQuestion(email, kind, who, BOX, POLICY, store, "created", False, trust, delivery, NOW)
    ).yes


def test_nearly_all_bounces_are_recognised(mails: list[tuple[str, dict[str, Any], Email, Kind]]) -> None:
    """351 of 354; the rest are notices of cloud services and lists, which are not answered either."""
    bounces = [(name, kind) for name, oracle, _, kind in mails if oracle.get("is_bounce")]
    missed = [(name, kind) for name, kind in bounces if kind not in REPORTS]
    assert len(missed) <= len(bounces) // 100, missed


def test_every_automatic_reply_is_recognised(mails: list[tuple[str, dict[str, Any], Email, Kind]]) -> None:
    missed = [name for name, oracle, _, kind in mails if oracle.get("is_auto_reply") and kind is not Kind.AUTO_REPLY]
    assert missed == []


def test_no_machine_mail_is_acknowledged(mails: list[tuple[str, dict[str, Any], Email, Kind]]) -> None:
    machines = [(name, email, kind) for name, oracle, email, kind in mails if any(oracle.get(key) for key in MACHINE)]
    assert machines
    assert [name for name, email, kind in machines if _acknowledged(email, kind)] == []


def test_a_mail_that_is_said_to_be_no_report_is_none(mails: list[tuple[str, dict[str, Any], Email, Kind]]) -> None:
    wrong = [name for name, oracle, _, kind in mails if oracle.get("is_bounce") is False and kind in REPORTS]
    assert wrong == []


def test_most_other_mail_is_a_persons(mails: list[tuple[str, dict[str, Any], Email, Kind]]) -> None:
    """A rule that fires on everything would pass the tests above."""
    others = [kind for name, oracle, _, kind in mails if not name.startswith(("sisimai", "flufl", "php-"))]
    assert others.count(Kind.PERSON) > 0.9 * len(others)

"""Is the mail to us, and to which mailbox (B4)."""

from typing import Any

import pytest

from mailcase.junk.recipient import receiving_mailbox, registered
from mailcase.message import Email
from tests.builders import CUSTOMER, SUPPORT, make_email, make_mailbox

SALES = make_mailbox(name="sales", address="sales@helpdesk.example")
BOX = make_mailbox(keys=frozenset({SUPPORT, "help@xn--bcher-kva.example"}))
FIELDS = [
    ("to", "To"),
    ("cc", "Cc"),
    ("resent_to", "Resent-To"),
    ("resent_cc", "Resent-Cc"),
    ("delivered_to", "Delivered-To"),
]


@pytest.mark.parametrize(("field", "header"), FIELDS)
@pytest.mark.parametrize("ours", [SUPPORT, "Support@HelpDesk.example", "support+SR-1.x@helpdesk.example"])
def test_each_recipient_header_counts(field: str, header: str, ours: str) -> None:
    over: dict[str, Any] = {"to": (), field: (CUSTOMER, ours)}
    email = make_email(**over)
    assert registered(email, BOX) == (True, f"{ours} in {header}")


def test_an_alias_counts_as_its_a_label() -> None:
    assert registered(make_email(to="help@xn--bcher-kva.example"), BOX)[0]


@pytest.mark.parametrize(
    "other",
    [CUSTOMER, "support@helpdesk.example.evil.example", "xsupport@helpdesk.example", "+support@helpdesk.example"],
)
def test_another_address_does_not(other: str) -> None:
    assert registered(make_email(to=other), BOX) == (False, f"none of ours among {other}")


@pytest.mark.parametrize(("count", "more"), [(3, ""), (4, " …")])
def test_the_miss_names_at_most_three_candidates(count: int, more: str) -> None:
    email = make_email(to=tuple(f"a{n}@x.example" for n in range(count)))
    assert registered(email, BOX)[1] == f"none of ours among a0@x.example, a1@x.example, a2@x.example{more}"


def test_ours_is_found_behind_thousands_of_others() -> None:
    many = tuple(f"a{number}@x.example" for number in range(7_000))
    assert registered(make_email(to=(*many, SUPPORT)), BOX)[0]


def test_no_recipient_at_all_is_said() -> None:
    assert registered(make_email(to=()), BOX) == (False, "no recipient header names anyone")


@pytest.mark.parametrize(
    ("email", "name"),
    [
        (make_email(to=("sales@helpdesk.example", SUPPORT)), "sales"),
        (make_email(to=SUPPORT, cc="sales@helpdesk.example"), "support"),
        (make_email(to=CUSTOMER, cc="sales+x@helpdesk.example"), "sales"),
        (make_email(to=(), resent_cc=SUPPORT, resent_to="sales@helpdesk.example"), "sales"),
        (make_email(to=(), resent_cc=SUPPORT, delivered_to="sales@helpdesk.example"), "support"),
        (make_email(to=(), delivered_to="sales@helpdesk.example"), "sales"),
        (make_email(to=CUSTOMER), "support"),
    ],
)
def test_the_mailbox_is_the_first_one_named_whichever_delivered(email: Email, name: str) -> None:
    assert receiving_mailbox(email, (BOX, SALES), BOX).name == name


def test_where_none_is_named_it_is_the_delivering_one() -> None:
    assert receiving_mailbox(make_email(to=()), (BOX, SALES), SALES) is SALES

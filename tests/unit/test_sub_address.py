"""The signed mark in a sub-address: whole hits, in whatever form the case's number is written (B7.1)."""

from typing import Any

import pytest

from mailcase import tokens
from mailcase.linking.token import token_hits
from mailcase.snapshot import TokenHit
from tests.builders import KEYS, addresses, make_email, make_mailbox, make_policy

BOX = make_mailbox()
POLICY = make_policy(BOX)
GROUPS = ("sales", "default")
TOKEN = tokens.sub_address_token(KEYS, "default", 12)
LONG = 10**18 - 1  # the longest running number that an address may name


def hits(written: str, field: str = "to") -> tuple[TokenHit, ...]:
    over: dict[str, Any] = {"to": (), "cc": (), field: addresses(written)}
    email = make_email(**over)
    return token_hits(email, (), (BOX,), POLICY, GROUPS)


@pytest.mark.parametrize("name", ["12", "0012", "SR-12", "SR-00012"])
@pytest.mark.parametrize("field", ["to", "cc", "resent_to", "resent_cc", "delivered_to"])
def test_the_hit_says_which_case_of_which_group_and_where_it_stood(name: str, field: str) -> None:
    written = f"support+{name}.{TOKEN}@helpdesk.example"
    assert hits(written, field) == (TokenHit("default", 12, False, "sub-address", written),)


@pytest.mark.parametrize(
    "local",
    [
        f"support+13.{TOKEN}",
        f"support+SR-13.{TOKEN}",
        f"support+12.{TOKEN[:-1]}",
        f"support+12x.{TOKEN}",
        f"support+²12.{TOKEN}",
        f"support+.{TOKEN}",
        f"support+{TOKEN}",
        f"support12.{TOKEN}",
        f"sales+12.{TOKEN}",
        "support+12.",
    ],
)
def test_what_is_not_wholly_ours_is_no_hit(local: str) -> None:
    assert hits(f"{local}@helpdesk.example") == ()


def test_a_plain_number_has_at_most_eighteen_digits() -> None:
    token = tokens.sub_address_token(KEYS, "default", LONG)
    assert [one.running for one in hits(f"support+{LONG}.{token}@helpdesk.example")] == [LONG]
    token = tokens.sub_address_token(KEYS, "default", LONG + 1)
    assert hits(f"support+{LONG + 1}.{token}@helpdesk.example") == ()

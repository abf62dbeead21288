"""Signed marks in sub-addresses, ids and quoted bodies: whole hits, in whatever form a number stands (B7.1, B7.3)."""

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


@pytest.mark.parametrize("name", ["12", "0012", "SR-12", "SR-00012", "SR-12+x", "a.SR-12"])
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


MARK = tokens.mark(KEYS, "default", 12, tokens.reference("x"), automatic=True)
ID = tokens.message_id(MARK, "mid.helpdesk.example")


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"in_reply_to": (ID,), "references": (ID,)}, "In-Reply-To"),
        ({"references": (ID,)}, "References"),
        ({}, "carried mail"),
    ],
)
def test_a_mark_in_an_id_says_where_the_id_stood(over: dict[str, Any], where: str) -> None:
    ids = ("<foreign@x.example>", ID)
    assert token_hits(make_email(**over), ids, (BOX,), POLICY, GROUPS) == (TokenHit("default", 12, True, where, ID),)


FOREIGN = [f"[ref:c{number}.m{'a' * 13}.{'b' * 16}] " for number in range(20)]
OURS = f"[ref:{MARK}] "


@pytest.mark.parametrize(
    ("over", "found"),
    [
        ({"text": OURS.upper().replace("REF", "ref")}, True),
        ({"html": OURS}, True),
        ({"text": OURS * 2, "html": OURS}, True),
        ({"text": FOREIGN[0] * 2 + OURS}, True),
        ({"text": "".join(FOREIGN[:19]) + OURS}, True),
        ({"text": "".join(FOREIGN) + OURS}, False),  # so many marks are looked at
    ],
)
def test_a_quoted_mark_is_one_hit_however_often_it_stands_there(over: dict[str, Any], found: bool) -> None:
    hit = TokenHit("default", 12, True, "body mark", MARK)
    assert token_hits(make_email(**over), (), (BOX,), POLICY, GROUPS) == ((hit,) if found else ())

"""Marks of senders to thousands and of programs without a name, and what a person's mail may look like instead."""

import pytest

from mailcase.junk.kinds import classify
from mailcase.junk.mass_mail import SENDER_HEADERS, mass_mark
from mailcase.message import Email, Kind
from tests.builders import make_email, make_mailbox, make_policy

BOX = make_mailbox()
POLICY = make_policy(BOX)
TRACKED = "44.41.17.14.11.2010.1139.1.328.1477949.614@reply.shop.example"


def hop(envelope: str, server: str = "PowerMTA(TM) v3.5r15", whom: str = " for <bob@x.example>") -> Email:
    told = f"from 192.0.2.1 by mta.shop.example ({server}) id h13{whom}; Wed, 15 Dec 2010 12:21:20 -0500"
    return make_email([("Received", "from a by b"), ("Received", f"{told} (envelope-from <{envelope}>)")])


@pytest.mark.parametrize(
    "email",
    [
        *(make_email({name: "md_1"}) for name in SENDER_HEADERS),
        hop("carol-bob=x.example@shop.example"),
        hop("carol-bob=x.example@shop.example", whom=""),
        make_email(reply_to=TRACKED),
    ],
)
def test_each_mark_of_a_mass_sender_makes_bulk_mail(email: Email) -> None:
    verdict = classify(email, BOX, POLICY)
    assert (verdict.kind, verdict.rule) == (Kind.BULK, "bulk mail")


@pytest.mark.parametrize(
    "email",
    [
        hop("carol@shop.example"),
        hop("carol-bob=x.example@shop.example", server="Postfix"),
        hop("SRS0=hash=tt=x.example=erin@forwarder.example"),
        hop("bounces+SRS=hash=tt@tenant.example"),
        hop("erin+caf_=help=x.example@mail.example"),
        hop("prvs=0123456789=erin@x.example"),
        make_email(return_path="bounces+SRS=hash=tt@tenant.example"),
        make_email(return_path="erin+caf_=help=x.example@mail.example"),
        make_email(reply_to="33.6.12.34.56.78@x.example"),
        make_email({"X-Report-Abuse-To": "abuse@hoster.example"}),
    ],
)
def test_a_persons_mail_that_was_relayed_or_forwarded_has_none(email: Email) -> None:
    assert classify(email, BOX, POLICY).kind is Kind.PERSON


INJECTED = "<20101015032506.28448.qmail@web.example>"


@pytest.mark.parametrize(
    ("sender", "message_id", "kind"),
    [
        ("anonymous@web.example", INJECTED, Kind.NOTIFICATION),
        ("Anonymous@WEB.example", INJECTED, Kind.NOTIFICATION),
        ("erin@web.example", INJECTED, Kind.PERSON),
        ("anonymous@web.example", "<UN39PRPHW0U4.CFO7@web.example>", Kind.PERSON),
        ("anonymous@mail.example", INJECTED, Kind.PERSON),
    ],
)
def test_a_program_without_a_name_is_a_machine(sender: str, message_id: str, kind: Kind) -> None:
    assert classify(make_email(senders=sender, message_id=message_id), BOX, POLICY).kind is kind


def test_what_is_shown_of_a_mark_is_short() -> None:
    assert mass_mark(hop(f"carol={'b' * 99}@shop.example")) == f"Received by PowerMTA, envelope-from carol={'b' * 74}@"
    assert mass_mark(make_email(reply_to=f"{'1.' * 40}1@shop.example")) == f"Reply-To {'1.' * 40}@"


@pytest.mark.parametrize("text", ["(PowerMTA" * 10_000, "(PowerMTA (envelope-from <" + "=" * 50_000, "1." * 50_000])
def test_hostile_values_are_read_without_an_error(text: str) -> None:
    assert mass_mark(make_email([("Received", text)] * 50, reply_to=f"{text}@x.example")) == ""

"""What a relay says after the final dot tells the Message-ID that it gave our mail, or nothing (decision 022)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.outbox.drain.handing import _other_ids
from mailcase.outbox.failures import Taken
from mailcase.outbox.mime import envelope
from mailcase.outbox.references import sound
from mailcase.outbox.relay_ids import MOST, ids_told
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.smtp import SmtpSender
from mailcase.tokens import mark, message_id
from tests.builders import CUSTOMER, KEYS, SUPPORT
from tests.servers.outbox_desk import make_mail

OURS = message_id(mark(KEYS, "default", 12, "abcdefghijkl", automatic=True), "helpdesk.example")
MINE = (OURS, SUPPORT, CUSTOMER)
SES = "0102018f3c5d7e9a-4718d6c3-8547-4f89-a995-fa9a5d16749c-000000"
EXCHANGE = (
    "2.6.0 <AM0PR04MB1@AM0PR04MB1.eurprd04.prod.outlook.com> [InternalId=31, Hostname=AM0.eurprd04.prod.outlook.com] "
    "8193 bytes in 0.1, 70 KB/sec Queued mail for delivery"
)


@pytest.mark.parametrize(
    ("host", "said", "ids"),
    [
        ("smtp.office365.com", EXCHANGE, ("<AM0PR04MB1@AM0PR04MB1.eurprd04.prod.outlook.com>",)),
        ("smtp-mail.outlook.com", "2.0.0 OK <x1@y.outlook.com> [Hostname=y.outlook.com]", ("<x1@y.outlook.com>",)),
        ("relay.example", "<SNT0-1@snt0.hotmail.com>\nQueued mail for delivery", ("<SNT0-1@snt0.hotmail.com>",)),
        ("email-smtp.eu-west-1.amazonaws.com", f"Ok {SES}", (f"<{SES}@eu-west-1.amazonses.com>",)),
        ("Email-SMTP.us-east-1.amazonaws.com.", f"Ok {SES}", (f"<{SES}@email.amazonses.com>",)),
        ("email-smtp-fips.us-east-2.amazonaws.com", f"Ok {SES}", (f"<{SES}@us-east-2.amazonses.com>",)),
        (
            "vpce-1.email-smtp.eu-central-1.vpce.amazonaws.com",
            f"Ok {SES}",
            (f"<{SES}@eu-central-1.amazonses.com>",),
        ),
        # nothing is learned
        ("relay.example", "2.0.0 <anna@internal.example> ok Saved", ()),
        ("relay.example", "2.6.0 <31@x.example> queued", ()),
        ("relay.example", f"Ok {SES}", ()),
        ("email-smtp.eu-west-1.amazonaws.com.evil.example", f"Ok {SES}", ()),
        ("email-smtp.eu-west-1.amazonaws.com", f"queued, not Ok {SES}", ()),
        ("relay.example", "2.0.0 Ok: queued as 4XyZ12", ()),
        ("relay.example", "", ()),
        ("relay.example", f"2.6.0 {OURS} Queued mail for delivery", ()),
        ("relay.example", f"2.6.0 {OURS.upper()} Queued mail for delivery", ()),
        ("relay.example", f"2.1.5 <{CUSTOMER.upper()}> accepted from <{SUPPORT}>", ()),
        (
            "relay.example",
            "2.6.0 <31-without-a-domain> [Hostname=x] <a b@x> [Hostname=x] <a@b@c> [Hostname=x] "
            "<gr\u00fc\u00dfe@x.example> Queued mail for delivery",
            (),
        ),
        ("relay.example", f"2.6.0 <{'a' * 900}@x.example> [Hostname=x]", ()),
        ("relay.example", f"{'x' * 2000} <late@x.example> [Hostname=x]", ()),
    ],
)
def test_each_kind_of_relay(host: str, said: str, ids: tuple[str, ...]) -> None:
    assert ids_told(host, said, MINE) == ids


def test_another_mail_of_ours_is_never_another_id() -> None:
    other = message_id(mark(KEYS, "default", 13, "abcdefghijkl", automatic=True), "helpdesk.example")
    assert ids_told("relay.example", f"2.6.0 {other} Queued mail for delivery", MINE) == ()


def test_no_more_than_a_few_are_taken() -> None:
    said = " ".join(f"<{n}@x.example> [Hostname=x]" for n in range(9))
    assert ids_told("relay.example", said, MINE) == ("<0@x.example>", "<1@x.example>")


PIECES = st.sampled_from(["<", ">", "@", "a@x.example", f"<{CUSTOMER}>", OURS, f"Ok {SES}", " ", "\n", "\x00", "é"])
HOSTS = st.sampled_from(["relay.example", "email-smtp.eu-west-1.amazonaws.com", "", "\n", "é"]) | st.text(max_size=40)


@given(HOSTS, st.lists(PIECES | st.text(max_size=20), max_size=200).map("".join))
def test_whatever_is_said_each_id_is_sound_foreign_and_one_of_few(host: str, said: str) -> None:
    found = ids_told(host, said, MINE)
    assert len(found) == len(set(found)) <= MOST
    assert all(sound(one) and one.count("@") == 1 for one in found)
    assert not {one.lower() for one in found} & {OURS.lower(), f"<{CUSTOMER}>", f"<{SUPPORT}>"}


@given(st.text(max_size=60), st.from_regex(r"[a-z0-9._=+-]{1,60}@[a-z0-9.-]{1,60}", fullmatch=True))
def test_an_id_in_exchanges_words_is_found_wherever_it_stands(before: str, inner: str) -> None:
    before = before.replace("<", "").replace("@", "")
    assert ids_told("relay.example", f"{before}<{inner}> [InternalId=1", MINE) == (f"<{inner}>",)


def test_the_ids_that_the_mail_names_are_not_its_own() -> None:
    headers = (("In-Reply-To", "<a1@x.example>"), ("References", "<a0@x.example> <a1@x.example>"))
    mail = make_mail(1, CUSTOMER, headers=headers)
    ready, sender = envelope(mail, null_sender=True), SmtpSender(SmtpSettings("relay.example"))
    for told, learned in (("a1@x.example", ()), ("a0@x.example", ()), ("b1@x.example", ("<b1@x.example>",))):
        taken = Taken(said=f"2.6.0 <{told}> Queued mail for delivery")
        assert _other_ids(sender, mail, ready, taken) == learned

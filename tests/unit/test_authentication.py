"""Authentication-Results of trusted servers (RFC 8601): they lower trust, a forged one says nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.junk.authentication import authenticate
from mailcase.junk.authentication_results import authserv_id, methods, received_by
from mailcase.message import Email
from tests.builders import CUSTOMER, make_email

TRUSTED = frozenset({"mx.helpdesk.example"})
AR = "Authentication-Results"
PASS = "mx.helpdesk.example; dmarc=pass (p=reject) header.from=visitor.example"
FAIL = "mx.helpdesk.example; dmarc=fail header.from=visitor.example"
OURS = "from mail.visitor.example ([192.0.2.1]) by mx.helpdesk.example with ESMTPS id 1; Tue, 3 Nov 2026 09:15:00 +0000"
LMTP = "from mx.helpdesk.example by store.helpdesk.internal (Dovecot) with LMTP id 2; Tue, 3 Nov 2026 09:15:00 +0000"
FOREIGN = "from pc.visitor.example by mail.visitor.example with ESMTPSA id 3; Tue, 3 Nov 2026 09:14:00 +0000"
GMAIL = "mx.google.com; dkim=pass header.i=@visitor.example; dmarc=pass (p=NONE sp=NONE) header.from=visitor.example"


def result(*headers: tuple[str, str], trusted: frozenset[str] = TRUSTED, **over: Any) -> str:
    return authenticate(make_email(headers, **over), trusted).result


VALUES = [
    (PASS, "pass"),
    ("MX.HelpDesk.Example 1; DMARC=Pass HEADER.FROM=Visitor.Example", "pass"),
    ('mx.helpdesk.example; dmarc=pass header.from="visitor.example"', "pass"),
    ("mx.helpdesk.example (a (nested) one); dmarc = pass header.from = visitor.example.", "pass"),
    ("mx.helpdesk.example; dmarc=pass header.from=evil.example", "unknown"),
    ("mx.helpdesk.example; dmarc=pass", "unknown"),
    (FAIL, "fail"),
    ("mx.helpdesk.example; dmarc=fail", "fail"),
    ("mx.helpdesk.example; spf=pass smtp.mailfrom=visitor.example; dmarc=fail header.from=visitor.example", "fail"),
    ("mx.helpdesk.example; dkim=pass header.d=visitor.example", "pass"),
    ("mx.helpdesk.example; dkim=pass header.i=@visitor.example", "pass"),
    ("mx.helpdesk.example; dkim=pass header.i=@mail.visitor.example", "pass"),
    ("mx.helpdesk.example; dkim=pass header.d=evil.example", "unknown"),
    ("mx.helpdesk.example; dkim=pass header.d=example", "unknown"),
    ("mx.helpdesk.example; dkim=pass header.d=notvisitor.example", "unknown"),
    ("mx.helpdesk.example; dkim=fail header.d=visitor.example", "unknown"),
    ("mx.helpdesk.example; dkim=fail header.d=a.example; dkim=pass header.d=visitor.example", "pass"),
    ("mx.helpdesk.example; spf=pass smtp.mailfrom=bounce@mail.visitor.example", "pass"),
    ("mx.helpdesk.example; spf=pass smtp.mailfrom=visitor.example", "pass"),
    ("mx.helpdesk.example; spf=pass smtp.mailfrom=<bounce@visitor.example>", "pass"),
    ("mx.helpdesk.example; spf=pass smtp.mail=visitor.example", "pass"),
    ("mx.helpdesk.example; dkim=pass header.d=Xvisitor.example", "unknown"),
    ("mx.helpdesk.example; spf=pass smtp.helo=visitor.example", "unknown"),
    ("mx.helpdesk.example; spf=softfail smtp.mailfrom=visitor.example", "unknown"),
    ("mx.helpdesk.example; dmarc=none; dkim=pass header.d=visitor.example", "pass"),
    ("mx.helpdesk.example; auth=pass smtp.auth=erin", "unknown"),
    ("mx.helpdesk.example; none", "unknown"),
    ("mx.helpdesk.example", "unknown"),
    ("mx.helpdesk.example; (dmarc=pass header.from=visitor.example)", "unknown"),
    (r'mx.helpdesk.example; x="\"; dmarc=pass header.from=visitor.example"', "unknown"),
    (r"mx.helpdesk.example (a \) b); dmarc=pass header.from=visitor.example", "pass"),
    ('mx.helpdesk.example; x="; dmarc=pass header.from=visitor.example"', "unknown"),
    ("mx.helpdesk.example.evil.example; dmarc=pass header.from=visitor.example", "unknown"),
    ("evil.example; dmarc=pass header.from=visitor.example", "unknown"),
    ("dmarc=pass header.from=visitor.example", "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_a_trusted_field_says_pass_fail_or_nothing(value: str, expected: str) -> None:
    assert result((AR, value)) == expected


@pytest.mark.parametrize("sender", ["erin@x", "erin@none", "erin@xxxx"])
def test_a_pass_for_no_domain_is_none(sender: str) -> None:
    assert result((AR, "mx.helpdesk.example; dmarc=pass"), senders=sender) == "unknown"
    assert result((AR, "mx.helpdesk.example; dkim=pass header.d="), senders=sender) == "unknown"


def test_without_trusted_servers_everything_is_unknown() -> None:
    assert result((AR, FAIL), trusted=frozenset()) == "unknown"


def test_a_trusted_id_may_be_written_in_any_case() -> None:
    assert result((AR, PASS), trusted=frozenset({"MX.Helpdesk.example"})) == "pass"


PLACES = [
    ([(AR, PASS), ("Received", OURS), ("Received", FOREIGN)], "pass"),
    ([("Received", OURS), (AR, PASS), ("Received", FOREIGN)], "pass"),
    ([("Received", LMTP), (AR, PASS), ("Received", OURS)], "pass"),
    ([("Received", LMTP), ("Received", OURS), (AR, PASS), ("Received", FOREIGN)], "pass"),
    ([("Received", OURS), ("Received", FOREIGN), (AR, PASS)], "unknown"),
    ([(AR, FAIL), ("Received", OURS), (AR, PASS)], "fail"),
    ([(AR, "mx.helpdesk.example; none"), ("Received", OURS), (AR, PASS)], "unknown"),
    ([(AR, "mx.helpdesk.example; spf=none"), (AR, PASS), ("Received", OURS)], "pass"),
    ([(AR, "other.example; dmarc=pass"), (AR, PASS), ("Received", OURS)], "pass"),
    ([(AR, "mx.helpdesk.example; spf=none")] * 10 + [(AR, FAIL)], "unknown"),  # so many fields are looked at
    ([(AR, PASS), (AR, FAIL), ("Received", OURS)], "fail"),
    ([("Received", OURS), ("Received", FOREIGN), (AR, FAIL)], "unknown"),
]


@pytest.mark.parametrize(("headers", "expected"), PLACES)
def test_only_fields_above_what_the_sender_wrote_count(headers: list[tuple[str, str]], expected: str) -> None:
    assert result(*headers) == expected


def test_gmail_writes_its_field_below_its_own_received() -> None:
    headers = [
        ("Received", "by 2002:a05:6a06:: with SMTP id x; Tue, 3 Nov 2026 01:15:00 -0800 (PST)"),
        ("Received", "from mail.visitor.example by mx.google.com with ESMTPS id y; Tue, 3 Nov 2026 01:15:00 -0800"),
        (AR, GMAIL),
        ("Received", FOREIGN),
    ]
    assert result(*headers, trusted=frozenset({"mx.google.com"})) == "pass"


EXCHANGE = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=visitor.example; dkim=none; "
    "dmarc=pass action=none header.from=visitor.example;compauth=pass"
)


STORE = "from EUR04HT001.eop-eur04.prod.protection.outlook.com by AB1.eurprd01.prod.outlook.com with HTTPS; Tue, 3 Nov"
EDGE = "from EUR04FT002.eop-EUR04.prod.protection.outlook.com by EUR04HT001.eop-eur04.prod.protection.outlook.com; Tue"
BORDER = "from mail.visitor.example (192.0.2.1) by EUR04FT002.mail.protection.outlook.com (10.1.1.1) with SMTP; Tue"
ONLINE = frozenset({"exchange-online"})
POSTFIX = ("Received", "from mail.visitor.example by mx.helpdesk.example (Postfix) with ESMTPS id 4C; Tue, 3 Nov 2026")
EXCHANGE_PLACES = [
    ([("Received", STORE), ("Received", EDGE), (AR, EXCHANGE), ("Received", BORDER)], "pass"),
    ([("Received", STORE), ("Received", EDGE), (AR, EXCHANGE.replace("dmarc=pass", "dmarc=fail"))], "fail"),
    ([("Received", STORE), (AR, EXCHANGE), ("Received", BORDER)], "pass"),
    # the customer's own, below the border: where ours is missing, and where it is there
    ([("Received", STORE), ("Received", EDGE), ("Received", BORDER), (AR, EXCHANGE)], "unknown"),
    ([("Received", STORE), (AR, "spf=none smtp.mailfrom=x.example"), ("Received", BORDER), (AR, EXCHANGE)], "unknown"),
    # a mailbox elsewhere: nothing says that Microsoft wrote it
    ([(AR, EXCHANGE)], "unknown"),
    ([POSTFIX, (AR, EXCHANGE)], "unknown"),
    ([POSTFIX, ("Received", STORE), (AR, EXCHANGE)], "unknown"),
    ([("Received", STORE.replace("prod.outlook.com", "prod.notoutlook.com")), (AR, EXCHANGE)], "unknown"),
    (
        [("Received", STORE), ("Received", EDGE), (AR, "exchange-online; dmarc=pass header.from=visitor.example")],
        "unknown",
    ),
]


@pytest.mark.parametrize(("headers", "expected"), EXCHANGE_PLACES)
def test_exchange_online_writes_no_id_and_counts_only_above_its_border(
    headers: list[tuple[str, str]], expected: str
) -> None:
    assert result(*headers, trusted=ONLINE) == expected


@pytest.mark.parametrize("trusted", [{"outlook.com"}, {"protection.outlook.com"}, {"mx.helpdesk.example"}])
def test_a_field_without_an_id_counts_only_where_the_mode_is_set(trusted: set[str]) -> None:
    headers = [("Received", STORE), ("Received", EDGE), (AR, EXCHANGE), ("Received", BORDER)]
    assert result(*headers, trusted=frozenset(trusted)) == "unknown"


INSIDE = ("Received", "by 2002:a05:6402:1::2 with SMTP id x; Tue, 3 Nov 2026 01:15:00 -0800 (PST)")
AT_GOOGLE = ("Received", "from mail.visitor.example by mx.google.com with ESMTPS id y; Tue, 3 Nov 2026 01:15:00 -0800")
GMAIL_PLACES = [
    ([INSIDE, INSIDE, AT_GOOGLE, (AR, GMAIL), ("Received", FOREIGN)], "pass"),
    ([("Received", "by 10.1.2.3 with SMTP id z; Tue"), AT_GOOGLE, (AR, GMAIL)], "pass"),
    ([("Received", "by [10.1.2.3] with SMTP id z; Tue"), AT_GOOGLE, (AR, GMAIL)], "pass"),
    ([("Received", "by mail.visitor.example with SMTP id z; Tue"), (AR, GMAIL)], "unknown"),
    ([POSTFIX, (AR, GMAIL)], "unknown"),  # it came with a mail that another server of ours took
    ([INSIDE, POSTFIX, (AR, GMAIL)], "unknown"),
    ([("Received", "from 10.1.2.3 by 10.1.2.4 with SMTP; Tue"), (AR, GMAIL)], "unknown"),
    ([INSIDE, AT_GOOGLE, (AR, "mx.google.com; dmarc=none"), ("Received", FOREIGN), (AR, GMAIL)], "unknown"),
    ([INSIDE, AT_GOOGLE, (AR, EXCHANGE)], "unknown"),
]


@pytest.mark.parametrize(("headers", "expected"), GMAIL_PLACES)
def test_gmails_field_counts_below_googles_own_received_alone(headers: list[tuple[str, str]], expected: str) -> None:
    assert result(*headers, trusted=frozenset({"mx.google.com", "exchange-online"})) == expected


@pytest.mark.parametrize(
    "over",
    [
        {"senders": (CUSTOMER, "b@visitor.example")},
        {"defects": ("duplicate_from",)},
        {"senders": ()},
        {"senders": "erin"},
    ],
)
@pytest.mark.parametrize(("value", "expected"), [(PASS, "unknown"), (FAIL, "fail")])
def test_a_doubtful_from_never_passes_but_fails(over: dict[str, Any], value: str, expected: str) -> None:
    assert result((AR, value), **over) == expected


def test_an_idn_domain_is_compared_as_a_labels() -> None:
    value = "mx.helpdesk.example; dmarc=pass header.from=bücher.example"
    assert result((AR, value), senders="x@xn--bcher-kva.example") == "pass"


@pytest.mark.parametrize(
    ("email", "trusted", "said"),
    [
        (make_email({AR: PASS}), TRUSTED, "dmarc=pass header.from=visitor.example"),
        (make_email({AR: FAIL}), TRUSTED, "dmarc=fail header.from=visitor.example"),
        (make_email({AR: PASS}), frozenset[str](), "no trusted server is configured"),
        (make_email({AR: GMAIL}), TRUSTED, "no Authentication-Results of a trusted server"),
        (make_email({AR: PASS}, senders=()), TRUSTED, "not exactly one From"),
        (make_email({AR: "mx.helpdesk.example" + "; spf=none" * 6}), TRUSTED, "; ".join(["spf=none"] * 5)),
    ],
)
def test_the_detail_shows_what_the_server_wrote(email: Email, trusted: frozenset[str], said: str) -> None:
    assert authenticate(email, trusted).detail == said


def test_a_field_is_split_into_methods() -> None:
    found = methods('a.example; dkim/1=pass reason="good; yes" header.d=x.example; spf=none')
    assert [(one.name, one.result) for one in found] == [("dkim", "pass"), ("spf", "none")]
    assert found[0].properties == {"reason": "good; yes", "header.d": "x.example"}


@pytest.mark.parametrize(
    ("words", "properties"),
    [
        ("header.b=ab==", {"header.b": "ab=="}),
        (r'reason="a\ b" header.d=x.example', {"reason": "a b", "header.d": "x.example"}),
    ],
)
def test_a_property_is_read_to_its_end(words: str, properties: dict[str, str]) -> None:
    assert methods(f"a; dkim=pass {words}")[0].properties == properties


@pytest.mark.parametrize("value", ["(x) a.example; spf=none", r"(\x) A.example", "((a) b) a.example 1", '"a.example"'])
def test_the_servers_id_stands_before_the_results_and_behind_comments(value: str) -> None:
    assert authserv_id(value) == "a.example"


def test_the_first_of_a_repeated_property_counts() -> None:
    assert methods("a; dmarc=pass header.from=x.example header.from=y.example")[0].properties == {
        "header.from": "x.example"
    }


def test_no_more_methods_are_read_than_the_cap() -> None:
    assert len(methods("a.example; " + "spf=pass;" * 500)) == 50


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (OURS, "mx.helpdesk.example"),
        (GMAIL, ""),
        ("", ""),
        ("from x (by y) by Z.example. with SMTP", "z.example"),
        ("by", ""),
    ],
)
def test_the_receiving_host_is_found(value: str, host: str) -> None:
    assert received_by(value) == host


@given(st.text())
def test_any_value_is_read(value: str) -> None:
    authserv_id(value)
    methods(value)
    received_by(value)
    assert result((AR, "mx.helpdesk.example;" + value)) in ("pass", "fail", "unknown")


@pytest.mark.parametrize(
    "text", ["(" * 50_000, '"' * 50_001, ";" * 50_000, "=" * 50_000, " " * 50_000, "a=b " * 12_000, "\\" * 50_000]
)
def test_hostile_values_are_read(text: str) -> None:
    assert result((AR, text), (AR, "mx.helpdesk.example; " + text), ("Received", text)) == "unknown"

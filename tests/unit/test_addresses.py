"""Addresses are compared in one form, and no hostile header makes the parser slow or wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.addresses import key_of, parse_addresses, without_tag


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Joe@EXAMPLE.com", "joe@example.com"),
        ("joe@example.com.", "joe@example.com"),
        ('"Joe"@example.com', "joe@example.com"),
        ('"Joe Doe"@example.com', "joe doe@example.com"),
        ("joe(a comment (nested))@example.com", "joe@example.com"),
        ("joe@example.com (Joe)", "joe@example.com"),
        ("<joe@example.com>", "joe@example.com"),
        ("joe . doe @ example . com", "joe.doe@example.com"),
        ("joe@Bücher.example", "joe@xn--bcher-kva.example"),
        ("joe@XN--BCHER-KVA.example", "joe@xn--bcher-kva.example"),
        ("ｊｏｅ@ｅｘａｍｐｌｅ。com", "joe@example.com"),
        ("joe@[192.0.2.1]", "joe@[192.0.2.1]"),
        ("MAILER-DAEMON", "mailer-daemon"),
        ("support+SR-1.abc@example.com", "support+sr-1.abc@example.com"),
        ("joe@exa\x00mple.com\r\n", "joe@example.com"),
        ("no\u00adre\u200bply@example.com", "noreply@example.com"),
        ('no"-"re"p"ly@example.com', "no-reply@example.com"),
        ("no\\-reply@example.com", "no-reply@example.com"),
        ('"no\\\\-reply"@example.com', "no-reply@example.com"),
        ("", ""),
        ("<>", ""),
        ('"', ""),
    ],
)
def test_a_key_is_the_same_however_the_address_is_written(address: str, key: str) -> None:
    assert key_of(address) == key


@pytest.mark.parametrize(
    ("key", "bare"),
    [
        ("support+x@example.com", "support@example.com"),
        ("support+a+b@example.com", "support@example.com"),
        ("support@example.com", "support@example.com"),
        ("+x@example.com", "+x@example.com"),
        ("support@exa+mple.com", "support@exa+mple.com"),
        ("mailer-daemon", "mailer-daemon"),
    ],
)
def test_a_tag_is_taken_off_the_local_part_only(key: str, bare: str) -> None:
    assert without_tag(key) == bare


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("joe@x.example", [("", "joe@x.example")]),
        ("Joe <joe@x.example>", [("Joe", "joe@x.example")]),
        ('"Doe, Joe" <joe@x.example>, b@y.example', [("Doe, Joe", "joe@x.example"), ("", "b@y.example")]),
        (r'"a \"b\" c" <joe@x.example>', [('a "b" c', "joe@x.example")]),
        ("joe@x.example (Joe)", [("Joe", "joe@x.example")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
        ("=?utf-8?b?Sm9lIDxqb2VAeC5leGFtcGxlPg==?=", [("Joe", "joe@x.example")]),
        ("Friends: a@x.example, B <b@x.example>;", [("", "a@x.example"), ("B", "b@x.example")]),
        ("Group: a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("<@relay.example,@hub.example:joe@x.example>", [("", "joe@x.example")]),
        ("joe@x.example <joe@x.example>", [("", "joe@x.example")]),
        ('"joe@x.example" <eve@y.example>', [("joe@x.example", "eve@y.example")]),
        ('"Joe <joe@x.example>', [("Joe", "joe@x.example")]),
        ("Joe ( <joe@x.example>", [("Joe (", "joe@x.example")]),
        ("Joe <joe@x.example", [("Joe", "joe@x.example")]),
        ("MAILER-DAEMON (Mail Delivery System)", [("Mail Delivery System", "MAILER-DAEMON")]),
        ("Joe <joe@x.example> via List <list@y.example>", [("Joe via List <joe@x.example>", "list@y.example")]),
        ("MAILER-DAEMON <>", [("", "MAILER-DAEMON")]),
        ("Mail Delivery System", []),
        ("Joe <>", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_list_is_read_as_its_writer_meant_it(header: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in parse_addresses(header)] == found


def test_cve_2023_27043_does_not_name_the_wrong_sender() -> None:
    found = parse_addresses("alice@customer.example)<mallory@evil.example>")
    assert [one.key for one in found] == ["mallory@evil.example"]


@pytest.mark.parametrize(
    "header",
    ["(" * 50_000, "\\" * 50_000, '"' * 50_001, "<" * 50_000, '"\\' * 50_000, '(")' * 30_000, "a @ " * 20_000],
    ids=["parens", "backslashes", "quotes", "angles", "escapes", "mixed", "blanks"],
)
def test_a_hostile_header_is_read_to_its_end(header: str) -> None:
    assert len(parse_addresses(header)) <= 1
    assert isinstance(key_of(header), str)


@given(st.text(max_size=300) | st.text(alphabet='ab@.<>()",;:\\ \t=?[]', max_size=300))
def test_any_header_gives_clean_addresses_and_stable_keys(header: str) -> None:
    for one in parse_addresses(header):
        assert one.key
        assert not set(one.name + one.address + one.key) & {"\x00", "\n", "\r", "\ud800"}
    assert parse_addresses(header) == parse_addresses(header)


@given(st.text(alphabet="abcXYZ0123.-_+ü", min_size=1, max_size=30), st.sampled_from(["x.example", "Bücher.example"]))
def test_key_of_a_key_is_the_key(local: str, domain: str) -> None:
    key = key_of(f"{local}@{domain}")
    assert key_of(key) == key

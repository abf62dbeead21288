"""K5: which addresses can be written to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.junk.sendable import _fault, why_not_sendable


@pytest.mark.parametrize(
    "address",
    [
        "erin@visitor.example",
        "erin+x@visitor.example",
        "o'neil@visitor.example",
        "erin@mail.visitor.example",
        "erin@bücher.example",
        "erin@xn--bcher-kva.example",
        "jürgen@visitor.example",
        "erin@host.test",
        "erin@host.local",
        "erin@host.local.",
        "erin@localhost",
        "erin@intranet",
        "e" * 64 + "@visitor.example",
    ],
)
def test_an_ordinary_or_internal_address_is_sendable(address: str) -> None:
    assert why_not_sendable(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "erin",
        "@visitor.example",
        "erin@",
        "erin@visitor..example",
        "erin..x@visitor.example",
        "erin@visitor.example, mallory@evil.example",
        "erin@visitor.example\r\nBcc: mallory@evil.example",
        "Erin <erin@visitor.example>",
        '"erin x"@visitor.example',
        "erin@[192.0.2.1]",
        "erin@192.0.2.1",
        "erin@x.invalid",
        "erin@-x.example",
        "e" * 65 + "@visitor.example",
        "erin@" + "x" * 64 + ".example",
        "erin@" + "x." * 200 + "example",
        "a" * 50_000,
        "(" * 50_000,
        "erin@visitor.example\u202e",
    ],
)
def test_what_is_not_exactly_one_address_is_not(address: str) -> None:
    assert why_not_sendable(address)


@given(st.text())
def test_asking_never_raises(text: str) -> None:
    assert isinstance(why_not_sendable(text), str)
    assert isinstance(why_not_sendable(f"{text}@visitor.example"), str)


@given(st.text("abZ09._+-!'\" é", max_size=70), st.sampled_from(["a.example", "-a.example", "x.invalid", "a..b", ""]))
def test_what_is_known_of_a_domain_never_changes_what_is_said_of_the_whole_address(local: str, domain: str) -> None:
    why_not_sendable(f"a@{domain}")  # the domain is known from now on
    assert why_not_sendable(f"{local}@{domain}") == _fault(f"{local}@{domain}")

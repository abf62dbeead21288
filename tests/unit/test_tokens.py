"""Signed marks: ours verify, everything else does not (T3, T4)."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.tokens import TokenKeys, keyed, mark, message_id, reference, sub_address_token, verify, verify_sub_address

KEYS = TokenKeys((b"new" * 11, b"old" * 11))
REF = reference("m:<a@b>:2026", "registration", "erin@visitor.example")


@pytest.mark.parametrize("automatic", [True, False])
def test_our_message_id_verifies_for_its_group_alone(automatic: bool) -> None:
    ours = message_id(mark(KEYS, "it", 12, REF, automatic=automatic), "mid.helpdesk.example")
    found = verify(KEYS, ("hr", "it"), ours.upper())
    assert found is not None
    assert (found.group, found.running, found.automatic) == ("it", 12, automatic)
    assert verify(KEYS, ("hr",), ours) is None


def test_a_retired_key_still_verifies_and_the_first_signs() -> None:
    old = mark(TokenKeys((b"old" * 11,)), "it", 5, REF, automatic=True)
    assert verify(KEYS, ("it",), old) is not None
    assert verify(TokenKeys((b"new" * 11,)), ("it",), mark(KEYS, "it", 5, REF, automatic=True)) is not None


def test_a_mark_with_another_case_number_is_forged() -> None:
    ours = mark(KEYS, "it", 12, REF, automatic=True)
    assert verify(KEYS, ("it",), ours.replace("c12.", "c13.")) is None
    assert verify(KEYS, ("it",), ours[:-1] + ("a" if ours[-1] != "a" else "b")) is None


@given(st.text(max_size=500))
def test_foreign_text_never_verifies(text: str) -> None:
    assert verify(KEYS, ("it",), text) is None
    assert not verify_sub_address(KEYS, "it", 12, text)


def test_a_sub_address_token_is_bound_to_group_and_case() -> None:
    token = sub_address_token(KEYS, "it", 12)
    assert verify_sub_address(KEYS, "it", 12, token.upper())
    assert not verify_sub_address(KEYS, "it", 13, token)
    assert not verify_sub_address(KEYS, "hr", 12, token)


def test_keys_do_not_show_in_a_repr() -> None:
    assert "new" not in repr(KEYS)


@pytest.mark.parametrize("key", [b"", b"k", b"k" * 40, b"k" * 64, b"k" * 200])
def test_a_digest_is_hmac_sha256_each_time(key: bytes) -> None:
    for data in (b"", b"Hi There", b"x" * 5000):
        assert [keyed(key, data), keyed(key, data)] == [hmac.digest(key, data, "sha256")] * 2


def test_a_digest_is_that_of_rfc_4231() -> None:
    assert keyed(b"\x0b" * 20, b"Hi There").hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"

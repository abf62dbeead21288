"""What a relay's permanent refusal says of the mail, and what it does not."""

import pytest

from mailcase.outbox.failures import Refused


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        ("5.5.3 no", True),
        ("Too many recipients", True),
        ("#5.5.3 smtp;too many", True),
        ("5.7.1 [10.4.5.3] is on a list", False),
        ("5.7.1 [4.5.3.9] is on a list", False),
    ],
)
def test_an_address_of_a_server_is_no_status_code(text: str, *, too_many: bool) -> None:
    assert Refused("relay.example RCPT", 550, text).too_many is too_many

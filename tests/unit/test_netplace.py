"""Plain text is for this very machine alone."""

import pytest

from mailcase.netplace import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "imap.example.com", "localhost.example.com", "127.0.0.1.example.com", ""]
)
def test_any_other_is_not(host: str) -> None:
    assert not is_loopback(host)

"""The source's settings."""

import pytest

from mailcase.errors import ConfigError
from mailcase.intake.imap.marking import After, parse_after
from mailcase.intake.imap.settings import ImapSettings


@pytest.mark.parametrize(
    ("host", "port", "source"),
    [
        ("IMAP.Example.com", 993, "imap:imap.example.com:me@example.com"),
        ("imap.example.com", 143, "imap:imap.example.com:me@example.com"),
        ("127.0.0.1", 1143, "imap:127.0.0.1:1143:me@example.com"),
    ],
)
def test_the_source_is_host_and_user_whatever_the_mailbox_is_called(host: str, port: int, source: str) -> None:
    assert ImapSettings("any name", host, "me@example.com", "secret", port=port).source == source


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(ImapSettings("support", "host", "me", "secret"))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("keep", After("keep")),
        ("seen", After("seen")),
        ("delete", After("delete")),
        ("move:Archive/2026", After("move", "Archive/2026")),
        ("move:a:b", After("move", "a:b")),
    ],
)
def test_after_is_read(text: str, after: After) -> None:
    assert parse_after(text) == after


@pytest.mark.parametrize("text", ["", "move", "move:", "Keep", "keep:x", "archive"])
def test_an_unknown_after_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigError, match="after"):
        parse_after(text)

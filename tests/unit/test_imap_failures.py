"""What a refusal means."""

import pytest

from mailcase.errors import Permanent, Transient
from mailcase.intake.imap.failures import (
    FolderMissing,
    LoginRefused,
    OverQuota,
    Refused,
    ServerBusy,
    login_refusal,
    refusal,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"[UNAVAILABLE] backend down", ServerBusy),
        (b"[INUSE] locked", ServerBusy),
        (b"[LIMIT] too many", ServerBusy),
        (b"[SERVERBUG] oops", ServerBusy),
        (b"[TRYCREATE] no folder", FolderMissing),
        (b"[NONEXISTENT] no folder", FolderMissing),
        (b"[OVERQUOTA] full", OverQuota),
        (b"[NOPERM] no", Refused),
        (b"no", Refused),
    ],
)
def test_a_refused_command_says_whether_trying_again_can_help(text: bytes, kind: type[Exception]) -> None:
    error = refusal("MOVE", "NO", text)
    assert type(error) is kind
    assert isinstance(error, Transient if kind is ServerBusy else Permanent)


@pytest.mark.parametrize(
    ("result", "text", "kind"),
    [
        ("NO", b"[AUTHENTICATIONFAILED] no", LoginRefused),
        ("NO", b"[EXPIRED] no", LoginRefused),
        ("NO", b"[AUTHORIZATIONFAILED] no", LoginRefused),
        ("NO", b"Login failed.", LoginRefused),
        ("NO", b"[UNAVAILABLE] later", ServerBusy),
        ("BAD", b"what", ServerBusy),
    ],
)
def test_a_refused_login_is_told_from_a_busy_server(result: str, text: bytes, kind: type[Exception]) -> None:
    assert type(login_refusal("user", result, text)) is kind


def test_a_servers_text_cannot_break_our_log() -> None:
    assert str(refusal("SELECT", "NO", b"a\x1b[31m\nb\xff" + b"x" * 1000)).startswith("SELECT: NO a?[31m?b")
    assert len(str(refusal("SELECT", "NO", b"x" * 1000))) < 400

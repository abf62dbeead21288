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
        (b"Server Unavailable. 15", ServerBusy),
        (b"[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", ServerBusy),
        (b"[ALERT] Account exceeded bandwidth limits.", ServerBusy),
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
        ("NO", b"[ALERT] Too many simultaneous connections. (Failure)", ServerBusy),
        ("NO", b"Server Unavailable. 15", ServerBusy),
        ("NO", b"Temporary authentication failure.", ServerBusy),
        ("NO", b"System Error (Failure)", ServerBusy),
        ("NO", b"LOGIN Server error - Please try again later", ServerBusy),
        ("NO", b"[AUTHENTICATIONFAILED] too often: try again later", LoginRefused),
        ("NO", b"Too many failed login attempts, try again later", LoginRefused),
        ("NO", b"Too many failed logins, please try again later", LoginRefused),
        ("NO", b"Too many login failures: try again later", LoginRefused),
        ("NO", b"Too many invalid logins, temporarily unavailable", LoginRefused),
        ("NO", b"[ALERT] Account temporarily unavailable: locked, try again later", LoginRefused),
        ("NO", b"[ALERT] Application-specific password required (Failure)", LoginRefused),
        ("NO", b"[WEBALERT https://mail.example/] Web login required.", LoginRefused),
    ],
)
def test_a_refused_login_is_told_from_a_busy_server(result: str, text: bytes, kind: type[Exception]) -> None:
    assert type(login_refusal("user", result, text)) is kind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"Request is throttled. Suggested Backoff Time: 92415 milliseconds", 92.415), (b"Request is throttled.", 0)],
)
def test_how_long_a_server_wants_to_be_left_alone_is_read(text: bytes, seconds: float) -> None:
    busy = [refusal("SEARCH", "BAD", text), login_refusal("user", "NO", text)]
    assert [one.again_s for one in busy if isinstance(one, ServerBusy)] == [seconds, seconds]


def test_a_servers_text_cannot_break_our_log() -> None:
    assert str(refusal("SELECT", "NO", b"a\x1b[31m\nb\xff" + b"x" * 1000)).startswith("SELECT: NO a?[31m?b")
    assert len(str(refusal("SELECT", "NO", b"x" * 1000))) < 400

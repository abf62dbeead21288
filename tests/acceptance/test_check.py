"""`mailcase check` on real servers: what was tried, what came back, what to do; and nothing is changed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from tests.servers import new_store
from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.dovecot


def told(desk: Desk, what: str) -> tuple[bool, str, str]:
    """(ok, detail, cure) of one line."""
    rows: list[dict[str, Any]] = json.loads(
        CliRunner().invoke(app, ["--config", str(desk.config), "--json", "check"]).stdout
    )
    row = next(one for one in rows if one["what"] == what)
    return row["ok"], row["detail"], row["cure"]


def edit(desk: Desk, old: str, new: str) -> None:
    text = desk.config.read_text()
    assert old in text
    desk.config.write_text(text.replace(old, new))


def test_check_counts_what_start_would_take_and_changes_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    new_store.gone(desk.dir)
    for number in (1, 2, 3):
        desk.put(letter(number))
    ok, detail, _ = told(desk, "imap")
    assert (ok, 'INBOX: 3 mails, 3 to take (start = "all")' in detail) == (True, True)
    ok, detail, _ = told(desk, "smtp")
    assert (ok, "null sender accepted" in detail) == (True, True)
    assert not list(desk.dir.glob("*.db"))
    assert desk.sink.mails == []
    edit(desk, 'start = "all"', 'start = "new"')
    assert "3 mails, none of them to take" in told(desk, "imap")[1]


def test_check_counts_from_the_cursor_once_there_is_one(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert desk.once() == 0
    desk.put(letter(1))
    assert "INBOX: 1 mail, 1 to take" in told(desk, "imap")[1]
    desk.once()
    assert "INBOX: 1 mail, 0 to take" in told(desk, "imap")[1]


def test_check_tells_of_numbers_that_no_mask_finds_any_more(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    for number in range(1, 5):
        desk.put(letter(number))
    desk.once()
    with pytest.raises(StopIteration):
        told(desk, "numbers")
    desk.config.write_text(desk.config.read_text() + '\n[cases]\nnumber_mask = "HD-{0:05d}"\n')
    ok, detail, cure = told(desk, "numbers")
    assert (ok, "retired_masks" in cure) == (True, True)
    assert detail == "4 of 4 cases looked at have numbers that no mask finds: SR-2, SR-3, SR-4 …"
    edit(desk, 'number_mask = "HD-{0:05d}"', 'number_mask = "HD-{0:05d}"\nretired_masks = ["SR-{0}"]')
    with pytest.raises(StopIteration):
        told(desk, "numbers")


def test_check_says_what_is_compared_again_after_a_new_uidvalidity(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.put(letter(1), received=datetime(2026, 1, 1, tzinfo=UTC))
    assert desk.once() == 0
    desk.dovecot.reset_uidvalidity("user")
    desk.dovecot.restart()
    desk.put(letter(2))
    assert "INBOX: 2 mails, compared again by date: up to 1 newer than the baseline" in told(desk, "imap")[1]
    assert desk.once() == 0
    assert len(desk.deliveries()) == 1
    assert "INBOX: 2 mails, 0 to take" in told(desk, "imap")[1]


def test_check_says_what_is_compared_again_on_another_host(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.put(letter(1), received=datetime(2026, 1, 1, tzinfo=UTC))
    assert desk.once() == 0
    port = f'port = {desk.dovecot.port}\nsecurity = "none"'
    edit(desk, f'host = "127.0.0.1"\n{port}', f'host = "localhost"\n{port}')
    desk.put(letter(2))
    desk.put(letter(3))
    assert "INBOX: 3 mails, compared again by date: up to 2 newer than the baseline" in told(desk, "imap")[1]
    assert desk.once() == 0
    assert len(desk.deliveries()) == 2


def test_check_counts_nothing_while_the_store_is_not_open(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    desk.put(letter(1))
    (desk.dir / "mailcase.db").write_bytes(b"no database " * 1000)
    assert not told(desk, "store")[0]
    assert "INBOX: 1 mail; what is to take cannot be counted, the store is not open" in told(desk, "imap")[1]


def test_a_refused_login_names_the_place_of_the_password_and_never_the_password(open_desk: OpenDesk) -> None:
    desk = open_desk()
    (desk.dir / "secret").write_text("hunter2-wrong\n")
    edit(desk, 'password = "pass"', 'password = { file = "secret" }')
    ok, detail, cure = told(desk, "imap")
    assert (ok, "login refused for user" in detail) == (False, True)
    assert "the file secret (mode 0644, 14 bytes, ends with a newline: it is cut off; others can read it" in cure
    done = desk.call("--verbose", "check")
    assert done.returncode == 1
    assert b"hunter2" not in done.stdout + done.stderr


def secured(desk: Desk, *, imap: int, smtp: int, imap_ca: str = "", host: str = "127.0.0.1") -> None:
    """Let both servers be reached by TLS at once, on these ports."""
    text = desk.config.read_text().replace('security = "none"', 'security = "tls"')
    text = text.replace(f"port = {desk.dovecot.port}", f'port = {imap}\nca_file = "{imap_ca}"')
    text = text.replace(f"port = {desk.sink.port}", f"port = {smtp}").replace('host = "127.0.0.1"', f'host = "{host}"')
    desk.config.write_text(text)


def test_an_unknown_certificate_is_to_be_named_and_the_place_is_told_once(open_desk: OpenDesk) -> None:
    desk = open_desk()
    with SmtpSink(tls="tls") as sink:
        secured(desk, imap=desk.dovecot.tls_port, smtp=sink.port)
        for what, port in (("imap", desk.dovecot.tls_port), ("smtp", sink.port)):
            ok, detail, cure = told(desk, what)
            assert (ok, detail.count(f"127.0.0.1:{port}"), "certificate" in detail) == (False, 1, True), detail
            assert cure == f"name the certificate of its CA (or the server's own), as PEM, in [mailbox.{what}] ca_file"


def test_a_certificate_of_another_host_is_no_matter_of_the_ca(open_desk: OpenDesk) -> None:
    desk = open_desk()
    secured(desk, imap=desk.dovecot.tls_port, smtp=1, imap_ca=str(desk.dovecot.cert), host="127.1")
    ok, _, cure = told(desk, "imap")
    assert (ok, cure) == (False, "[mailbox.imap] host must be a name that the server's certificate bears")


def test_a_port_without_tls_says_which_security_it_may_want(open_desk: OpenDesk) -> None:
    desk = open_desk()
    secured(desk, imap=desk.dovecot.port, smtp=desk.sink.port)
    for what in ("imap", "smtp"):
        ok, detail, cure = told(desk, what)
        assert (ok, detail.count("127.0.0.1:")) == (False, 1), detail
        assert 'the port speaks no TLS at once: security = "starttls", or another port' in cure


def test_a_missing_folder_and_a_dead_server_say_what_to_do(open_desk: OpenDesk) -> None:
    desk = open_desk()
    edit(desk, 'poll = "1s"', 'poll = "1s"\nfolders = ["INBOX", "Nowhere"]')
    ok, detail, cure = told(desk, "imap")
    assert (ok, "Nowhere" in detail, "name folders of the server" in cure) == (False, True, True)
    desk.sink.stop()
    ok, detail, cure = told(desk, "smtp")
    assert (ok, "look at host, port and security of [mailbox.smtp]" in cure) == (False, True)

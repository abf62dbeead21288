"""`mailcase audit` and `mailcase mailbox test` on a real Dovecot: what they say of a mailbox is so."""

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli import awaited
from mailcase.cli.main import app
from mailcase.config import load
from mailcase.daemon import run
from mailcase.lock import hold
from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter


def asked(desk: Desk, *args: str) -> tuple[int, Any]:
    """Exit status and JSON of a command that only looks; run here, a process would cost a second."""
    done = CliRunner().invoke(app, ["--config", str(desk.config), "--json", *args], catch_exceptions=False)
    return done.exit_code, json.loads(done.stdout)


def once(desk: Desk) -> None:
    """`mailcase run --once`, here."""
    assert asyncio.run(run(load(desk.config), once=True)) == 0


def counted(desk: Desk, *args: str) -> tuple[int, dict[str, int], str]:
    """Exit status of an audit, the counts of the only folder, and its note."""
    status, told = asked(desk, "audit", "support", *args)
    (folder,) = told["folders"]
    return status, folder["counts"], folder["note"]


def test_audit_explains_every_difference_and_fails_only_for_a_mail_that_is_missing(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.put(letter(1))
    once(desk)
    for number in (2, 3, 4):
        desk.put(letter(number))
    once(desk)
    assert counted(desk) == (0, {"decided": 3, "before_start": 1}, "")
    desk.put(letter(5))
    next(file for file in desk.dovecot.files("user") if b"Problem 2" in file.read_bytes()).unlink()
    with sqlite3.connect(desk.dir / "mailcase.db") as journal:  # as if it had never been taken
        journal.execute("UPDATE delivery SET key = '1:99', uid = 99 WHERE message_id = '<m3@visitor.example>'")
    with hold(desk.dir, "mailcase run"):  # a daemon at work is no reason to wait
        status, told = asked(desk, "audit", "support")
    (folder,) = told["folders"]
    assert (status, told["missing"], folder["on_server"]) == (1, 1, 4)
    assert folder["counts"] == {"decided": 1, "before_start": 1, "gone": 2, "to_come": 1, "missing": 1}
    found = {(one["state"], one["uid"]): one for one in folder["differences"]}
    assert set(found) == {("gone", 2), ("missing", 3), ("to_come", 5), ("gone", 99)}
    assert (found["gone", 2]["outcome"], found["missing", 3]["delivery"]) == ("created", None)
    assert counted(desk, "--since", "2999-01-01")[:2] == (0, {})
    assert desk.dovecot.flags("user") == [""] * 4  # nobody has read them
    once(desk)  # the whole list is compared: what was missing comes, and is counted for the digest
    assert counted(desk)[:2] == (0, {"decided": 3, "before_start": 1, "gone": 2})
    with sqlite3.connect(desk.dir / "mailcase.db") as store:
        assert store.execute("SELECT value FROM counter WHERE name = 'late'").fetchall() == [(1,)]


def test_audit_knows_what_was_taken_away_as_configured_and_a_renumbered_folder(open_desk: OpenDesk) -> None:
    desk = open_desk(after="delete", start="all")
    desk.put(letter(1))
    once(desk)
    assert counted_note(desk) == ({"moved_away": 1}, "")
    desk.put(letter(2))
    desk.dovecot.reset_uidvalidity("user")
    counts, note = counted_note(desk)
    assert (counts, "the server renumbered it" in note) == ({"to_come": 1}, True)


def counted_note(desk: Desk) -> tuple[dict[str, int], str]:
    status, counts, note = counted(desk)
    assert status == 0
    return counts, note


@contextmanager
def delivering_back(desk: Desk, give: Callable[[bytes], object]) -> Iterator[None]:
    """Whatever the SMTP server takes is given back a moment later."""
    ended = threading.Event()

    def work() -> None:
        done = 0
        while not ended.wait(0.02):
            for mail in desk.sink.mails[done:]:
                give(b"Return-Path: <>\r\n" + mail.data)
                done += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_round_trip_comes_back_and_is_never_a_case(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    desk.put(letter(1, subject="mailcase: test of the mailbox support"))
    with delivering_back(desk, desk.put):
        status, trip = asked(desk, "mailbox", "test", "support", "--timeout", "30")
    assert (status, trip["ok"]) == (0, True), trip
    assert [one["name"] for one in trip["steps"]] == ["source", "connect", "send", "arrive"]
    assert trip["steps"][-1]["detail"] == "INBOX, UID 2"
    assert [(one.sender, one.recipients) for one in desk.sink.mails] == [("", ("support@helpdesk.example",))]
    assert len(desk.dovecot.files("user")) == 2  # it stays: after = "keep"
    once(desk)
    assert desk.outcomes()[trip["message_id"]] == ("ignored", "own_mail", None)
    assert len(desk.cases()) == len(desk.outbox()) == 1


def test_a_round_trip_says_which_step_failed_and_what_to_do(open_desk: OpenDesk) -> None:
    desk = open_desk()
    status, trip = asked(desk, "mailbox", "test", "support", "--timeout", "4")  # with time for the steps before
    failed = trip["steps"][-1]
    assert (status, failed["name"], failed["detail"]) == (1, "arrive", "not within the time limit")
    assert "Junk" in failed["cure"]
    desk.sink.script.mail = "550 5.7.1 you may not send from here"
    status, trip = asked(desk, "mailbox", "test", "support")
    failed = trip["steps"][-1]
    assert (status, failed["name"], "you may not send from here" in failed["detail"]) == (1, "send", True)
    desk.config.write_text(desk.config.read_text().replace('password = "pass"', 'password = "wrong"'))
    status, trip = asked(desk, "mailbox", "test", "support")
    assert [(one["name"], one["ok"]) for one in trip["steps"]] == [("source", False)]
    assert len(desk.sink.mails) == 1  # where the mailbox cannot be read nothing is sent


def test_while_a_round_trip_waits_it_says_for_what_beside_the_data(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    monkeypatch.setattr(awaited, "FIRST_S", 0.0)
    trip = ["--config", str(desk.config), "--json", "mailbox", "test", "support", "--timeout", "4"]
    done = CliRunner().invoke(app, trip)
    assert json.loads(done.stdout)["steps"][-1]["name"] == "arrive"
    assert re.search(r"^waiting for the probe to come back to support@\S+ \([0-4] s at most\) …$", done.stderr, re.M)


def test_a_probe_that_the_daemon_was_quicker_to_take_has_come_back_too(open_desk: OpenDesk) -> None:
    desk = open_desk(start="all")
    once(desk)
    text = desk.config.read_text()
    start, end = text.index("[mailbox.imap]"), text.index("[mailbox.smtp]")
    desk.config.write_text(text[:start] + text[end:])  # no source of its own: it comes by a pipe, or LMTP
    with delivering_back(desk, lambda raw: desk.call("ingest", "-", "--mailbox", "support", stdin=raw)):
        status, trip = asked(desk, "mailbox", "test", "support", "--timeout", "30")
    assert (status, trip["steps"][-1]["detail"]) == (0, "taken by the daemon: ignored (own_mail)"), trip

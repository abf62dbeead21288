"""`mailcase status`: one screen from the store alone, 1 where something needs a person, with the cure."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mailcase import config
from mailcase.cli.main import app
from mailcase.clock import utcnow
from mailcase.health.proof import FLAG, Proof
from mailcase.health.situation import DaemonTold, Facts
from mailcase.intake.state import MailboxState, Withheld
from mailcase.life.admitting import Rules
from mailcase.life.entries import Kind
from mailcase.policy_build import build
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, Desk, mail
from tests.servers.status_place import MAILBOX, Place, Status

RULES = Rules(frozenset(), (), frozenset(), {})


def test_a_healthy_daemon_is_one_screen_and_exit_0(place: Place, status: Status) -> None:
    place.tell()
    code, out = status()
    assert code == 0
    assert "ok  daemon               mailcase 1.2 on host-me (pid 7) runs since" in out
    assert "ok  mailbox support      reading; last look" in out
    assert "lag 0.4 s" in out
    assert "!!" not in out
    assert out.count("\n") <= 24
    data = json.loads(status("--json")[1])
    assert (data["ok"], data["needs"], data["mailboxes"][0]["state"]) == (True, [], "reading")
    assert set(data) == {
        "ok", "needs", "daemons", "mailboxes", "journal", "quarantine", "outbox", "breaker", "audit",
        "configuration", "alarms",
    }  # fmt: skip


FAILING = MailboxState(
    trouble="login_refused", error="[AUTHENTICATIONFAILED]", failing_since=utcnow() - timedelta(hours=2)
)
OLD = utcnow() - timedelta(minutes=5)


FULL = MailboxState(last_look=utcnow(), connected=True, quota=0.914)
KEPT_BACK = MailboxState(last_look=utcnow(), connected=True, withheld=Withheld(2, "INBOX UID 5, 7", OLD))
SILENT = MailboxState(last_look=utcnow(), connected=True, last_mail=utcnow() - timedelta(hours=1))
NO_ROOM = MailboxState(trouble="disk_low", error="disk low: 5 MB free", failing_since=OLD)


@pytest.mark.parametrize(
    ("told", "words", "said"),
    [
        ([], ["no_daemon"], "no daemon is running"),
        ([{"seen": OLD}], ["no_daemon"], "is gone, last seen"),
        ([{"state": FAILING}], ["login_refused"], "→ Correct user and password in [mailbox.imap]"),
        ([{"state": FAILING, "by_token": frozenset({"imap:support"})}], ["login_refused"], "the server does not take"),
        ([{"state": FAILING, "paused": frozenset({"support"})}], [], "mailbox support"),
        ([{"disk_low": True}], ["disk_low"], "→ Make room"),
        ([{"disk_low": True, "state": NO_ROOM, "disk_low_since": OLD}], ["disk_low"], "waiting since"),
        ([{"config_error": "x.toml:3: no"}], ["config_refused"], "x.toml:3: no"),
        ([{"state": KEPT_BACK}], ["mail_withheld"], "2 mails on the server not given: INBOX UID 5, 7"),
        ([{"state": FULL}], ["mailbox_full"], "mailbox is nearly full since"),
        ([{"state": FULL, "quota_over": 0.95}], [], "91% of its room used"),
        ([{"silent_hours": {"support": 1}, "state": SILENT}], ["mailbox_silent"], "no mail comes any more since"),
        ([{"clock_ahead_s": 3600.4}], ["clock_differs"], "3600 s ahead of the database's clock"),
        ([{"restart_needed": ("[http]",)}], ["restart_needed"], "on host-me: [http]"),
        ([{"policy_hash": "old"}], ["reload_due"], "host-me works by policy old"),
        ([{}, {"owner": "you", "policy_hash": "x"}], ["policies_differ"], "work by different rules"),
    ],
)
def test_what_needs_a_person_is_marked_with_its_cure(
    place: Place, status: Status, told: list[dict[str, Any]], words: list[str], said: str
) -> None:
    for one in told:
        place.tell(**one)
    code, out = status()
    assert (code, "!!" in out) == (int(bool(words)), bool(words))
    assert said in out
    assert out.count("→") == len(words)
    assert [one["condition"] for one in json.loads(status("--json")[1])["needs"]] == words


def test_the_newest_look_through_the_store_is_shown_and_what_it_found(place: Place, status: Status) -> None:
    place.tell()
    assert "ok  audit                the daemon has not looked through the store yet" in status()[1]
    assert json.loads(status("--json")[1])["audit"] is None
    ago = utcnow() - timedelta(hours=3, minutes=1)
    clean = Proof(ago, 0.42, 35, 99, before=ago - timedelta(days=1))
    place.store.set_flag(FLAG, clean.to_text())
    code, out = status()
    said = (
        "ok  audit                looked through 3 h ago in 0.4 s, 35 mails since the look before: 0 doubled, 0 stuck"
    )
    assert (code, said in out.splitlines()) == (0, True)
    first = ("mail twice: message 1, 2; case SR-1, SR-2",)
    place.store.set_flag(FLAG, replace(clean, since=ago, doubled=1, found={"mail_twice": 1}, first=first).to_text())
    code, out = status()
    assert (code, "!!  audit                looked through 3 h ago" in out, first[0] in out) == (1, True, True)
    data = json.loads(status("--json")[1])
    assert [one["condition"] for one in data["needs"]] == ["store_unsound"]
    assert data["audit"] == {
        "at": data["audit"]["since"], "took_s": 0.42, "mails": 35, "before": data["audit"]["before"], "doubled": 1,
        "stuck": 0, "found": {"mail_twice": 1}, "first": [*first], "since": data["needs"][0]["since"],
    }  # fmt: skip


def test_a_group_that_is_not_there_is_told_with_the_near_name(place: Place, status: Status) -> None:
    rule = '[[assignment]]\nagent = "jnae@helpdesk.example"\n'
    place.file.write_text(MAILBOX.replace("[mailbox.imap]", 'assignee_group = "First lne"\n[mailbox.imap]') + rule)
    place.hash = build(config.load(place.file, {})).policy.hash
    place.tell()
    agent = {"address": "jane@helpdesk.example", "name": "Jane"}
    place.store.person_add(Kind.AGENT, agent, RULES, utcnow())
    place.store.person_add(Kind.GROUP, {"name": "First line", "members": (agent["address"],)}, RULES, utcnow())
    code, out = status()
    assert (code, "support: cases go to nobody" in out) == (1, True)
    assert "[[mailbox]] assignee_group: there is no group First lne; did you mean First line?" in out
    assert "[[assignment]] 1, agent: there is no agent jnae@helpdesk.example; did you mean jane@" in out
    rows = [one for one in checked(place) if one["what"] in ("group", "agent")]
    assert [(one["ok"], one["name"]) for one in rows] == [(False, "support"), (False, "")]
    told = "[mailbox] assignee_group of mailbox support: nobody is told of its cases: there is no group"
    assert told in rows[0]["detail"]
    assert "nobody is told of its cases: there is no agent" in rows[1]["detail"]
    assert rows[0]["detail"].startswith(f"{place.file}:")
    assert 'mailcase group add "First lne"' in rows[0]["cure"]


def checked(place: Place) -> list[dict[str, Any]]:
    """The rows of `check` for that configuration, with no server to ask."""
    alone = place.file.read_text().partition("[mailbox.imap]")[0] + place.file.read_text().partition('"none"\n')[2]
    place.file.write_text("[acknowledge]\ncreated = false\nfollowed = false\n" + alone)
    done = CliRunner().invoke(app, ["--config", str(place.file), "--json", "check"])
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_of_several_daemons_the_one_that_works_a_mailbox_is_named(place: Place, status: Status) -> None:
    place.tell("other")
    place.tell("me", unheld={"support": utcnow() - timedelta(minutes=2)})
    code, out = status()
    assert code == 1
    assert re.search(r"mailbox support +reading by host-me \(pid 7\); last look", out)
    assert "no daemon works this mailbox" in out
    told = json.loads(status("--json")[1])
    assert told["mailboxes"][0]["daemon"] == {"host": "host-me", "pid": 7}


def test_after_a_restart_a_mailbox_is_starting_and_its_last_mail_known(place: Place, status: Status) -> None:
    place.tell("before")
    place.store.leave_health("before")
    assert "mailbox support      nobody reads it now; last look" in status()[1]
    now = utcnow()
    facts = Facts(sources={"support": "imap"}, policy_hash=place.hash)
    place.store.tell_health(DaemonTold("me", "host-me", 8, "1.2", now, now, facts), [])
    assert "ok  mailbox support      starting; last look" in status()[1]
    place.tell(state=MailboxState(last_look=now, connected=True))
    code, out = status()
    assert (code, "last mail never" in out, "lag" in out) == (0, True, False)


def test_quarantine_outbox_and_unknown_recipients_are_shown(place: Place, status: Status) -> None:
    place.tell()
    desk = Desk(place.store, Clerk())
    now = utcnow()
    desk.receive(mail("a"), mail("b", subject="not for us", to="help@x.example"), now=now, received_at=now)
    place.store.quarantine(_journal(place.store), "poison", now - timedelta(days=3))
    code, out = status()
    assert code == 1
    assert "1 mail could not be processed" in out
    assert "quarantine retry ID" in out
    assert "1 pending" in out
    assert "1 mail in seven days to addresses it does not have: help@x.example (1)\n" in out
    data = json.loads(status("--json")[1])
    assert (data["quarantine"]["mails"], data["outbox"]["pending"]) == (1, 1)
    assert data["mailboxes"][0]["unregistered"]["mails"] == 1


def test_mail_without_a_recipient_that_can_be_read_is_said_to_be_that(place: Place, status: Status) -> None:
    place.tell()
    now = utcnow()
    desk = Desk(place.store, Clerk())
    desk.receive(mail("b", subject="not for us", to="help@x.example"), now=now, received_at=now)
    with place.store._engines.write() as conn:
        conn.execute(sa.update(t.delivery).values(mail_to=""))
    out = status()[1]
    assert "1 mail in seven days to addresses it does not have; no recipient in them can be read\n" in out
    assert "`mailcase message list --outcome ignored`" in out


def test_the_cure_names_the_mailbox_and_one_hour_is_no_hours(place: Place, status: Status) -> None:
    place.tell(silent_hours={"support": 1}, state=SILENT)
    out = status()[1]
    assert "no new mail for more than 1 hour\n" in out
    assert "`mailcase mailbox test support` sends a mail" in out
    assert "no mails wait for their decision" in out


def test_a_relay_that_is_down_is_named_with_what_waits_for_it(place: Place, status: Status) -> None:
    place.tell()
    now = utcnow()
    Desk(place.store, Clerk()).receive(mail("a"), now=now, received_at=now)
    waiting = [one.id for one in place.store.due(now, 10)]
    place.store.hold(waiting, now + timedelta(minutes=1), reason="smtp_lost", error="127.0.0.1:25 refuses")
    code, out = status()
    assert (code, "1 wait for the relay of support (127.0.0.1:25 refuses)" in out) == (0, True)
    (relay,) = json.loads(status("--json")[1])["outbox"]["relays"]
    assert (relay["mailbox"], relay["reason"], relay["mails"]) == ("support", "smtp_lost", 1)


def test_answers_that_come_back_are_told_with_the_cure(place: Place, status: Status) -> None:
    place.tell()
    now = utcnow()
    Desk(place.store, Clerk()).receive(*(mail(f"m{at}") for at in range(10)), now=now)
    for one in place.store.due(now, 10):
        place.store.claim(one.id, "me", now)
        place.store.finish(one.id, "sent", now)
    with place.store._engines.write() as conn:  # as ten reports do
        conn.execute(sa.update(t.outbox).values(state="bounced"))
    code, out = status()
    assert (code, "!!  outbox" in out, "support: many answers come back" in out) == (1, True, True)
    assert "10 of 10 automatic mails of the last 24 hours came back" in out
    assert json.loads(status("--json")[1])["mailboxes"][0]["automatic"] == {"sent": 10, "bounced": 10}


def _journal(store: Store) -> int:
    from tests.contract.store_kit import journalled

    return journalled(store, 1, 900)[0].delivery.id


@pytest.mark.parametrize("edit", ["[cases]\nbogus = 1\n", "[cases\n", 'x = "'])
def test_a_bad_edit_is_shown_and_the_daemon_too(place: Place, status: Status, edit: str) -> None:
    place.tell()
    place.file.write_text(f'[store]\nurl = "sqlite:///mailcase.db"\n{MAILBOX}\n{edit}')
    code, out = status()
    assert code == 1
    assert "the configuration's files are wrong" in out
    assert "mailbox support      reading" in out


def test_a_broken_store_table_is_a_configuration_error(place: Place, status: Status) -> None:
    place.file.write_text("[store]\nurl = \n")
    assert status()[0] == 78

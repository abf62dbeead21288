"""The same mail again in every way, threads out of order, and two daemons on one SQLite store (F17, F18, F19)."""

import re
import signal
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import Box, desk_scene, findings, must_hold
from tests.servers.letters import DESK, letter

pytestmark = pytest.mark.dovecot

NOW = datetime.now(UTC)
SALES = "sales@helpdesk.example"


def two_mailboxes(open_desk: OpenDesk) -> Desk:
    """One group, two mailboxes on one server."""
    desk = open_desk(dovecot={"user": "pass", "sales": "pass"})
    text = desk.config.read_text()
    second = text[text.index("[[mailbox]]") :].replace('"support"', '"sales"').replace(DESK, SALES)
    desk.config.write_text(text + second.replace('user = "user"', 'user = "sales"'))
    assert desk.once() == 0
    return desk


def received(raw: bytes, by: str) -> bytes:
    """The copy that came another way."""
    return b"Received: from x by " + by.encode() + b"; Mon, 2 Nov 2026 10:00:00 +0000\r\n" + raw


def as_list_copy(raw: bytes) -> bytes:
    """What a mailing list makes of it."""
    marked = re.sub(rb"Subject: ", b"List-Id: <all.lists.example>\r\nSubject: [all] ", raw)
    return received(marked, "lists.example") + b"-- \r\nTo leave this list write to all-leave@lists.example\r\n"


def test_the_same_mail_in_every_way_and_a_thread_turned_round_are_one_case_each(open_desk: OpenDesk) -> None:
    desk = two_mailboxes(open_desk)
    both = letter("both", to=f"{DESK}, {SALES}", date=NOW)
    twice, listed = letter("twice", date=NOW), letter("listed", to=f"{DESK}, all@lists.example", date=NOW)
    root = letter("root", date=NOW)
    reply = letter("reply", sender="croot@visitor.example", In_Reply_To="<mroot@visitor.example>", date=NOW)
    references = "<mroot@visitor.example> <mreply@visitor.example>"
    last = letter("last", sender="croot@visitor.example", References=references, date=NOW)
    mine = [both, twice, received(twice, "mx2.example"), listed, as_list_copy(listed), last, reply, root]
    theirs = [received(both, "mx3.example")]
    for one in mine:
        desk.put(one)
    desk.dovecot.put("sales", theirs[0])
    assert desk.once() == 0
    boxes = [Box(mine, shelf=desk.dovecot), Box(theirs, "sales", desk.dovecot, "sales")]
    assert findings(replace(desk_scene(desk, []), boxes=boxes)) == []
    outcomes = sorted(str(one["outcome"]) for one in desk.deliveries())
    assert outcomes == ["created"] * 4 + ["duplicate"] * 3 + ["linked"] * 2
    assert len(desk.cases()) == 4
    assert sorted(desk.sink.to) == sorted(f"c{one}@visitor.example" for one in ("both", "twice", "listed", "root"))


def test_a_frozen_daemon_keeps_its_store_and_a_dead_one_gives_it_up(open_desk: OpenDesk) -> None:
    desk = open_desk(after="move:Done")
    assert desk.once() == 0
    first = desk.run()
    desk.wait(lambda: "started" in (desk.dir / "daemon.log").read_text(), "it has started")
    first.send_signal(signal.SIGSTOP)
    mails = [letter(number) for number in range(20)]
    for one in mails:
        desk.put(one)
    second = desk.call("run", "--once")
    assert (second.returncode, f"process {first.pid}" in second.stderr.decode()) == (75, True)
    first.send_signal(signal.SIGCONT)
    desk.wait(lambda: len(desk.deliveries()) > 0, "it goes on where it was")
    first.kill()
    first.wait()
    desk.left_alone()
    assert desk.once() == 0
    must_hold(desk, mails)
    assert len(desk.cases()) == len(mails)

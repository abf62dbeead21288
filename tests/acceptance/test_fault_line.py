"""The real program and a real Dovecot with a bad line between them, and a person beside them (F11, F12, F13, F16)."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mailcase.log import Event
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import Box, Scene, desk_scene, findings, message_id, must_hold
from tests.servers.letters import letter
from tests.servers.proxy import Fault, Proxy, wait_fired
from tests.servers.second_client import SecondClient

pytestmark = pytest.mark.dovecot

Line = Callable[..., tuple[Desk, Proxy]]
_PATIENCE_S = 240  # each try that fails doubles the pause, and a machine that stands still for a second makes it fail
BODY = re.compile(rb"BODY\[\] \{\d+\}\r\n")
OTHER = """
[[mailbox]]
name = "other"
address = "other@helpdesk.example"
[mailbox.imap]
host = "127.0.0.1"
port = {port}
security = "none"
user = "other"
password = "pass"
poll = "1s"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
"""


@pytest.fixture
def line(open_desk: OpenDesk) -> Iterator[Line]:
    """A desk whose IMAP goes through a proxy; its mailbox has been read once."""
    with ExitStack() as stack:

        def made(*, more: str = "", **settings: str) -> tuple[Desk, Proxy]:
            desk = open_desk(dovecot={"user": "pass", "other": "pass"}, **settings)
            proxy = stack.enter_context(Proxy(desk.dovecot.port))
            text = desk.config.read_text().replace(f"port = {desk.dovecot.port}", f"port = {proxy.port}")
            desk.config.write_text(text + more.format(port=desk.dovecot.port, smtp=desk.sink.port))
            assert desk.once() == 0
            return desk, proxy

        yield made


def log_of(desk: Desk) -> str:
    return (desk.dir / "daemon.log").read_text()


def test_a_line_cut_in_a_mail_or_in_the_answer_to_move_loses_and_doubles_nothing(line: Line) -> None:
    desk, proxy = line(after="move:Done")
    mails = [letter(1, body="0123456789\r\n" * 300)]
    desk.put(mails[0])
    length = len(mails[0])
    bye = Fault(re.compile(rb"(?=\* SEARCH \d)"), say=b"* BYE going down\r\n")
    for fault in (*(Fault(BODY, plus=at) for at in (0, 1, length // 2, length - 1)), bye):
        proxy.arm(fault)
        assert desk.once() == 1
        wait_fired(fault)
        assert desk.deliveries() == []
    lost = Fault(re.compile(rb"(?=\* OK \[COPYUID)"))
    proxy.arm(lost)
    assert desk.once() == 1
    wait_fired(lost)
    desk.left_alone()
    assert len(desk.dovecot.mails("user", "Done")) == 1
    mails.append(letter(2))
    desk.put(mails[1])
    assert desk.once() == 0
    must_hold(desk, mails)
    assert sorted(desk.sink.to) == ["c1@visitor.example", "c2@visitor.example"]


def test_a_line_that_stalls_ends_in_our_own_time_out_and_holds_up_no_other_mailbox(line: Line) -> None:
    desk, proxy = line(extra='timeout = "1s"', more=OTHER)
    daemon = desk.run()
    desk.wait(lambda: log_of(desk).count('"connected"') >= 2, "both are watched")
    mine = [letter(0)]
    theirs = [letter("theirs", to="other@helpdesk.example")]
    proxy.stall()
    desk.put(mine[0])
    desk.dovecot.put("other", theirs[0])
    desk.wait(lambda: "ctheirs@visitor.example" in desk.sink.to, "the other mailbox goes on")
    desk.wait(lambda: "no answer within 1 s" in log_of(desk), "we gave up waiting")
    assert desk.sink.to == ["ctheirs@visitor.example"]
    proxy.go_on()
    for number, then in enumerate(("stall", "half", "slow"), 1):
        desk.wait(lambda: len(desk.sink.mails) == 1 + len(mine), "all that came is answered", _PATIENCE_S)
        fault = Fault(BODY, plus=5, then=then)  # type: ignore[arg-type]  # three of the words of Then
        proxy.arm(fault)
        mine.append(letter(number, body="x" * 2000))
        desk.put(mine[-1])
        wait_fired(fault, _PATIENCE_S)
    desk.wait(lambda: len(desk.sink.mails) == 1 + len(mine), "all that came is answered", _PATIENCE_S)
    assert desk.stop(daemon) == 0
    desk.config.write_text(desk.config.read_text().replace('timeout = "1s"', 'timeout = "30s"'))  # audit asks too
    boxes = [Box(mine, shelf=desk.dovecot), Box(theirs, "other", desk.dovecot, "other")]
    scene = desk_scene(desk, [])
    assert findings(Scene(scene.url, boxes, scene.sinks, scene.call)) == []
    assert len(desk.cases()) == 1 + len(mine)


async def test_what_a_person_reads_moves_and_deletes_meanwhile_is_a_note_and_no_error(line: Line) -> None:
    desk, proxy = line(after="move:Done")
    person = SecondClient(desk.dovecot.host, desk.dovecot.port, "user", "pass")
    mails = [letter(number) for number in range(6)]
    for one in mails:
        desk.put(one)
    known = Fault(re.compile(rb"(?=\S+ UID FETCH \S+ \(UID BODY\.PEEK)"), then="hold", way="up")
    taken = Fault(re.compile(rb"(?=\S+ UID MOVE)"), then="hold", way="up")
    proxy.arm(known)
    daemon = desk.run("--verbose")
    wait_fired(known)  # we know of the mails and are about to fetch them
    await person.create("Kept")
    await person.flag("1:2", r"\Seen")
    await person.move("2:3", "Kept")
    await person.expunge("4")
    proxy.arm(taken)
    proxy.go_on()
    wait_fired(taken)  # they are decided, and we are about to move them
    await person.expunge("5")
    proxy.go_on()
    desk.wait(lambda: len(desk.sink.mails) == 3 and not desk.dovecot.mails("user"), "what was left is done")
    assert desk.stop(daemon) == 0
    gone = [message_id(one) for one in mails[1:5]]
    must_hold(desk, mails, vanished=gone)
    assert set(desk.outcomes()) == {message_id(mails[at]) for at in (0, 4, 5)}
    said = log_of(desk)
    notes = [one for one in map(json.loads, said.splitlines()) if one["event"] == Event.MAIL_GONE.word]
    assert [(one["level"], one["uids"]) for one in notes] == [("debug", [2, 3, 4])]
    assert '"level": "error"' not in said
    assert f'"{Event.CONNECTION_LOST.word}"' not in said  # Dovecot refuses a MOVE of what is gone; it is said again

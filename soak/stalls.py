"""Servers that fall silent for as long as the shipped time-outs are: nothing is shortened here."""

import re
import sqlite3
import time
from contextlib import closing
from typing import Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import Box, desk_scene, findings
from tests.servers.letters import letter
from tests.servers.proxy import Fault, Proxy, Then, wait_fired
from tests.servers.smtp import SmtpSink

SAYS = "IMAP and SMTP that stall, trickle or are half open, for the whole of the shipped time-outs"
MINUTES = 25.0
COUNTED = True
_BODY: Final = re.compile(rb"BODY\[\] \{\d+\}\r\n")
_LOOK: Final = 240.0  # seconds until a mailbox is read again: its time-out of 60 s, and the pauses between tries
#: name -> where the octets stop; the last is the longest: ten times the time-out of a command after the final dot.
STALLS: Final[dict[str, tuple[str, Fault, float]]] = {
    "imap silent in a mail": ("imap", Fault(_BODY, plus=9, then="stall"), _LOOK),
    "imap half open in a mail": ("imap", Fault(_BODY, plus=9, then="half"), _LOOK),
    "imap one octet a second": ("imap", Fault(_BODY, plus=9, then="slow", pause=1.0), _LOOK),
    "imap silent after MOVE": ("imap", Fault(re.compile(rb"(?=\* OK \[COPYUID)"), then="stall"), _LOOK),
    "smtp silent at MAIL": ("smtp", Fault(re.compile(rb"MAIL FROM[^\r]*\r\n"), then="stall", way="up"), _LOOK),
    "smtp silent after the dot": ("smtp", Fault(re.compile(rb"\r\n\.\r\n"), then="stall", way="up"), 720.0),
}


def run(work: Work) -> Outcome:
    """One stall after another; what an interrupted run has done is not done again.

    With fewer minutes than all take, the last ones are left to the next run and said so.
    """
    done: dict[str, list[str]] = work.kept("done", {})
    took: dict[str, float] = work.kept("took", {})
    before = len(done)  # one more at least in each run
    for name, (where, fault, longest) in STALLS.items():
        if name in done or (work.left() < longest / 4 and len(done) > before):
            continue
        began = time.monotonic()
        done[name] = _stalled(where, _fresh(fault), longest)
        took[name] = time.monotonic() - began
        work.keep("done", done)
        work.keep("took", took)
        work.say(f"{name}: {took[name]:.0f} s, {done[name] or 'held'}")
    lines = [f"{name}: over it after {took[name]:.0f} s; {len(found)} findings" for name, found in done.items()]
    left_out = [f"not done yet for want of time: {name}" for name in STALLS if name not in done]
    found = [f"{name}: {line}" for name, one in done.items() for line in one]
    return Outcome(not found, (*lines, *left_out, *found), unfinished=bool(left_out))


def _fresh(fault: Fault) -> Fault:
    then: Then = fault.then
    return Fault(fault.after, fault.plus, then, fault.way, pause=fault.pause)


def _stalled(where: str, fault: Fault, longest: float) -> list[str]:
    """A desk with the shipped time-outs: one mailbox behind the bad line, one beside it that must go on."""
    with Dovecot(users={"user": "pass", "other": "pass"}) as dovecot, SmtpSink() as sink:
        server = dovecot.port if where == "imap" else sink.port
        with Proxy(server) as proxy:
            desk = Desk(dovecot, sink, after="move:Done")
            try:
                text = desk.config.read_text().replace('timeout = "5s"\n', "")
                own = text[text.index("[[mailbox]]") :].replace('"support"', '"other"').replace("support@", "other@")
                text = text.replace(f"port = {server}", f"port = {proxy.port}")
                desk.config.write_text(text + own.replace('user = "user"', 'user = "other"'))
                return _watch(desk, proxy, fault, longest)
            finally:
                desk.close()


def _watch(desk: Desk, proxy: Proxy, fault: Fault, longest: float) -> list[str]:
    assert desk.once() == 0
    mine, theirs = (
        [letter(n, body="x" * 2000) for n in range(3)],
        [letter(n, to="other@helpdesk.example") for n in (7, 8)],
    )
    proxy.arm(fault)
    daemon = desk.run()
    for one in mine:
        desk.put(one)
    wait_fired(fault, 60)
    desk.dovecot.put("other", theirs[0])
    desk.wait(lambda: "c7@visitor.example" in desk.sink.to, "the other mailbox goes on", 30)
    desk.dovecot.put("other", theirs[1])
    desk.wait(lambda: len(desk.outbox()) == 5 and _quiet(desk), "all that came is done with", longest)
    assert desk.stop(daemon) == 0
    shelf = desk.dovecot
    boxes = [Box(mine, shelf=shelf, after="move:Done"), Box(theirs, "other", shelf, "other", "move:Done")]
    scene = desk_scene(desk, [])
    return findings(type(scene)(scene.url, boxes, scene.sinks, scene.call))


def _quiet(desk: Desk) -> bool:
    """Answered and moved; and the daemon knows that it moved them, whatever reply it never got."""
    return set(desk.states()) <= {"sent", "uncertain"} and not desk.dovecot.mails("user") and _all_marked(desk)


def _all_marked(desk: Desk) -> bool:
    with closing(sqlite3.connect(desk.dir / "mailcase.db")) as db:
        return bool(db.execute("SELECT count(*) FROM delivery WHERE NOT marked").fetchone() == (0,))

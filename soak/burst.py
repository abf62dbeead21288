"""Ten thousand mails into one of ten mailboxes while a few arrive in the others."""

from dataclasses import replace

from soak.part import Outcome, Work
from tests.servers.burst import FEW_ANSWERS, USERS, Burst
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.smtp import SmtpSink

SAYS = "A flood into one of ten mailboxes: the others wait less than a minute, and memory stays flat"
MINUTES = 5.0
ANEW = True
FLOOD = 10_000
_LONGEST_DELAY = 60.0  # seconds (F20)
_MOST_GROWTH = 32  # MiB from the middle to the end


def run(work: Work) -> Outcome:
    """One flood; shorter where fewer minutes are asked for (2,000 mails a minute). A run begins anew."""
    flood = min(FLOOD, max(500, int(2000 * work.minutes)))
    with Dovecot(users=USERS) as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, extra=FEW_ANSWERS)
        try:
            return _flood(work, Burst(desk), flood)
        finally:
            desk.close()


def _flood(work: Work, burst: Burst, flood: int) -> Outcome:
    desk = burst.desk
    assert desk.once() == 0
    burst.flood(flood)
    burst.trickle()
    work.say(f"{flood} mails lie there")
    began = work.elapsed()
    daemon = desk.run()
    overtaken = burst.watch(daemon, every=0.5, mails=flood // 10, seconds=600 + flood / 5)
    took = work.elapsed() - began
    desk.wait(burst.placed, "every answer left or is held", 120)
    status = desk.stop(daemon)
    found = findings(replace(desk_scene(desk, []), boxes=burst.boxes()))
    half, most = burst.memory[len(burst.memory) // 2], max(burst.memory)
    good = not found and not status and max(burst.delays) <= _LONGEST_DELAY and most - half <= _MOST_GROWTH
    lines = (
        f"{flood} mails in one mailbox and {len(burst.delays)} in nine others in {took:.0f} s: {len(found)} findings",
        f"a mail of a small mailbox waited at most {max(burst.delays):.1f} s; {overtaken} of the flood were behind one",
        f"memory of the daemon: {burst.memory[0]} MiB at first, {half} MiB half-way, {most} MiB at most",
        *found[:20],
    )
    return Outcome(good, lines)

"""A relay that answers nine minutes after the final dot, and one that never does (F24, RFC 1047, S1)."""

import time
from contextlib import ExitStack
from typing import Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

SAYS: Final = "250 nine minutes after the final dot is waited for; after ten the answer is uncertain, never repeated"
MINUTES: float = 12.0
ANEW: Final = True

_LATE: Final = 9  # times the timeout of a command: that long the relay takes, and the other one says nothing
_GIVEN_UP: Final = 11  # by then nobody waits any more


def run(work: Work) -> Outcome:
    """Two desks side by side. Twelve minutes are the real length (timeout 60 s); fewer make the timeout shorter.

    A run begins anew.
    """
    timeout = max(1, round(work.minutes * 60 / (_GIVEN_UP + 1)))
    with ExitStack() as stack:
        desks = [_desk(stack, timeout) for _ in range(2)]
        put = [letter("slow", sender="slow@visitor.example")]
        daemons = [desk.run() for desk in desks]
        for desk in desks:
            desk.put(put[0])
        for desk in desks:
            desk.wait(desk.sink.waiting.is_set, "the final dot did not come", 60)
        began = time.monotonic()
        for times in range(1, _GIVEN_UP + 1):
            time.sleep(max(0.0, began + times * timeout - time.monotonic()))
            work.say(f"{times * timeout} s after the final dot: {[dict(desk.states()) for desk in desks]}")
            if times == _LATE:
                desks[0].sink.go_on.set()
        codes = [desk.stop(daemon) for desk, daemon in zip(desks, daemons, strict=True)]
        again = [desk.once() for desk in desks]
        states = [dict(desk.states()) for desk in desks]
        found = [line for desk in desks for line in findings(desk_scene(desk, put))]
        mails = [len(desk.sink.mails) for desk in desks]
    good = states == [{"sent": 1}, {"uncertain": 1}] and mails == [1, 1] and not found and not any(codes + again)
    told = f"answer after {_LATE * timeout} s: {states[0]}; no answer: {states[1]} after {10 * timeout} s"
    return Outcome(good, (told, f"mails at the relays after a restart: {mails}; {len(found)} findings", *found[:10]))


def _desk(stack: ExitStack, timeout: int) -> Desk:
    desk = Desk(stack.enter_context(Dovecot()), stack.enter_context(SmtpSink()))
    stack.callback(desk.close)
    desk.config.write_text(desk.config.read_text().replace('timeout = "5s"', f'timeout = "{timeout}s"'))
    desk.once()
    return desk

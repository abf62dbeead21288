"""A relay that answers nine minutes after the final dot, and one that never does (F24, RFC 1047, S1)."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from soak.part import Outcome, Work
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import desk_scene, findings
from tests.servers.letters import letter
from tests.servers.prefork import Process
from tests.servers.smtp import SmtpSink

SAYS: Final = "250 nine minutes after the final dot is waited for; after ten the answer is uncertain, never repeated"
MINUTES: float = 12.0

_LATE: Final = 9  # times the timeout of a command: that long the relay takes
_GIVEN_UP: Final = 11  # by then nobody waits any more
#: What the relay does -> times the timeout until that is looked at, and what must have become of the answer.
CASES: Final[dict[str, tuple[int, str]]] = {"answer": (_LATE, "sent"), "no answer": (_GIVEN_UP, "uncertain")}
_SENT_WITHIN: Final = 60.0  # seconds, after the relay's answer


@dataclass(frozen=True)
class _Waiting:
    """A daemon that waits for its relay."""

    desk: Desk
    daemon: Process
    put: bytes


def run(work: Work) -> Outcome:
    """All cases side by side. Twelve minutes are the real length (timeout 60 s); fewer make the timeout shorter.

    A case is kept when it has ended; after an interruption only those that had not are tried again.
    """
    timeout = max(1, round(work.minutes * 60 / (_GIVEN_UP + 1)))
    done: dict[str, dict[str, Any]] = work.kept("done", {})
    with ExitStack() as stack:
        waiting = {name: _waiting(stack, timeout) for name in CASES if name not in done}
        began = time.monotonic()
        for times in range(1, _GIVEN_UP + 1):
            if not waiting:
                break
            time.sleep(max(0.0, began + times * timeout - time.monotonic()))
            states = {name: dict(one.desk.states()) for name, one in waiting.items()}
            work.say(f"{times * timeout} s after the final dot: {states}")
            for name in [name for name in waiting if CASES[name][0] == times]:
                done[name] = _ended(waiting.pop(name), CASES[name][1], times * timeout)
                work.keep("done", done)
                work.say(f"{name}: {done[name]}")
    return _outcome(done)


def _waiting(stack: ExitStack, timeout: int) -> _Waiting:
    desk = Desk(stack.enter_context(Dovecot()), stack.enter_context(SmtpSink()))
    stack.callback(desk.close)
    desk.config.write_text(desk.config.read_text().replace('timeout = "5s"', f'timeout = "{timeout}s"'))
    desk.once()
    put = letter("slow", sender="slow@visitor.example")
    daemon = desk.run()
    desk.put(put)
    desk.wait(desk.sink.waiting.is_set, "the final dot did not come", 60)
    return _Waiting(desk, daemon, put)


def _ended(one: _Waiting, wanted: str, seconds: int) -> dict[str, Any]:
    """Let the relay answer if it is to; what became of the mail, a restart of the daemon included."""
    desk = one.desk
    if wanted == "sent":
        desk.sink.go_on.set()
        desk.wait(lambda: "sending" not in desk.states(), "the answer of the relay was not heard", _SENT_WITHIN)
    codes = [desk.stop(one.daemon), desk.once()]
    states, mails = dict(desk.states()), len(desk.sink.mails)
    found = findings(desk_scene(desk, [one.put]))
    good = states == {wanted: 1} and mails == 1 and not found and not any(codes)
    return {"good": good, "states": states, "mails": mails, "found": found, "after": seconds}


def _outcome(done: Mapping[str, Mapping[str, Any]]) -> Outcome:
    told = "; ".join(f"{name} after {done[name]['after']} s: {done[name]['states']}" for name in CASES)
    found = [line for one in done.values() for line in one["found"]]
    mails = [done[name]["mails"] for name in CASES]
    last = f"mails at the relays after a restart: {mails}; {len(found)} findings"
    return Outcome(all(one["good"] for one in done.values()), (told, last, *found[:10]))

"""How long a dead and a frozen daemon's mailboxes go unread at the shipped lease of 20 s (architecture.md)."""

import time
from typing import Final

from soak.part import Outcome, Work
from tests.servers.crew import Crew
from tests.servers.letters import letter

SAYS: Final = "three daemons with the shipped lease: one killed, one frozen; its mailboxes are read again within 30 s"
MINUTES: float = 5.0
ANEW: Final = True

_LEASE: Final = "20s"
_AIM: Final = 30.0  # seconds
_FAIR: Final = {0: 4, 1: 4, 2: 4}
_PATIENCE: Final = 120.0


def run(work: Work) -> Outcome:
    """Trouble after trouble for the length asked for, two at least. A run begins anew."""
    took: dict[str, list[float]] = {"killed": [], "frozen": []}
    with Crew(3, lease=_LEASE) as crew:
        for at in range(3):
            crew.start(at)
        crew.wait_for_shares(_FAIR, _PATIENCE)
        crew.wait(lambda: _connected(crew) >= len(crew.names), "not all mailboxes are read", _PATIENCE)
        number = 0
        while work.left() > _PATIENCE or not all(took.values()):
            kind = "frozen" if number % 2 else "killed"
            took[kind].append(_trouble(crew, number, kind))
            number += 1
            work.say(f"{kind}: {took[kind][-1]:.1f} s")
        codes = [crew.stop(at) for at in range(3)]
        crew.must_hold()
    longest = {kind: max(seconds) for kind, seconds in took.items()}
    lines = [f"{kind}, {len(took[kind])} times: read again after {one:.1f} s at most" for kind, one in longest.items()]
    return Outcome(max(longest.values()) <= _AIM and not any(codes), (*lines, "nothing lost, nothing twice"))


def _connected(crew: Crew) -> int:
    """Mailboxes that were read once: what comes from now on is new, whoever reads it."""
    return sum(len(crew.events(at, "baseline_set")) for at in range(3))


def _trouble(crew: Crew, number: int, kind: str) -> float:
    """One daemon is gone; a mail for each mailbox arrives; the seconds until the last of them is decided."""
    at = number % 3
    before = crew.decided()
    (crew.freeze if kind == "frozen" else crew.kill)(at)
    began = time.monotonic()
    for box in crew.names:
        crew.write(box, letter(f"{number}-{box}", to=f"{box}@helpdesk.example"))
    crew.wait(lambda: crew.decided() == before + len(crew.names), "mail of the mailboxes that were left", _PATIENCE)
    took = time.monotonic() - began
    if kind == "frozen":
        crew.thaw(at)
    else:
        crew.start(at)
    crew.wait_for_shares(_FAIR, _PATIENCE)
    return took

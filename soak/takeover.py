"""How long a dead and a frozen daemon's mailboxes go unread at the shipped lease of 20 s (architecture.md)."""

import time
from typing import Final

from soak.part import Outcome, Work
from tests.servers.crew import Crew
from tests.servers.letters import letter

SAYS: Final = "three daemons with the shipped lease: one killed, one frozen; its mailboxes are read again within 30 s"
MINUTES: float = 5.0

_LEASE: Final = "20s"
_AIM: Final = 30.0  # seconds
_FAIR: Final = {0: 4, 1: 4, 2: 4}
_PATIENCE: Final = 120.0
_KINDS: Final = ("killed", "frozen")


def run(work: Work) -> Outcome:
    """Rounds until the time is over, one at least; each with daemons of its own, which are compared at its end."""
    took: dict[str, list[float]] = work.kept("took", {kind: [] for kind in _KINDS})
    while work.left() > _PATIENCE or not all(took.values()):
        found = _round(work)
        took = {kind: [*took[kind], *found[kind]] for kind in _KINDS}
        work.keep("took", took)
        work.say(f"round {len(took['killed']) // len(_KINDS)}: {found}")
    longest = {kind: max(seconds) for kind, seconds in took.items()}
    lines = [f"{kind}, {len(took[kind])} times: read again after {one:.1f} s at most" for kind, one in longest.items()]
    return Outcome(max(longest.values()) <= _AIM, (*lines, "nothing lost, nothing twice"))


def _round(work: Work) -> dict[str, list[float]]:
    """One crew, each trouble twice. Raises AssertionError where something was lost, doubled, or did not end well."""
    found: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    with Crew(3, lease=_LEASE) as crew:
        for at in range(3):
            crew.start(at)
        crew.wait_for_shares(_FAIR, _PATIENCE)
        crew.wait(lambda: _connected(crew) >= len(crew.names), "not all mailboxes are read", _PATIENCE)
        for number, kind in enumerate(2 * _KINDS):
            found[kind].append(_trouble(crew, number, kind))
            work.say(f"{kind}: {found[kind][-1]:.1f} s")
        codes = [crew.stop(at) for at in range(3)]
        assert codes == [0, 0, 0], f"they ended with {codes}"
        crew.must_hold()
    return found


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

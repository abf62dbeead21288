"""A flood into one of ten mailboxes holds up none of the others, and a new UIDVALIDITY doubles nothing (F14, F20)."""

from dataclasses import replace

import pytest

from tests.servers.burst import FEW_ANSWERS, USERS, Burst
from tests.servers.desk import OpenDesk
from tests.servers.invariants import desk_scene, findings

pytestmark = pytest.mark.dovecot

FLOOD = 1000


def test_a_flood_is_fair_and_flat_and_after_a_new_uidvalidity_there_is_nothing_new(open_desk: OpenDesk) -> None:
    desk = open_desk(dovecot=USERS, extra=FEW_ANSWERS)
    burst = Burst(desk)
    assert desk.once() == 0
    burst.flood(FLOOD)
    burst.trickle()
    daemon = desk.run()
    burst.watch(daemon, every=0.25, mails=2, seconds=240)
    assert burst.behind() > 0, "mails of the small mailboxes were decided while the flood still ran"
    assert max(burst.memory) - burst.half < 32, (burst.half, burst.memory)
    desk.wait(burst.placed, "every answer left or is held", 60)
    assert desk.stop(daemon) == 0
    scene = replace(desk_scene(desk, []), boxes=burst.boxes())
    assert findings(replace(scene, call=None)) == []
    before, left, states = len(desk.cases()), len(desk.sink.mails), desk.states()
    desk.dovecot.reset_uidvalidity("user")
    assert desk.once() == 0
    outcomes = [one["outcome"] for one in desk.deliveries()]
    assert outcomes.count("duplicate") == FLOOD
    assert (len(desk.cases()), len(desk.sink.mails), desk.states()) == (before, left, states)
    assert findings(scene) == []

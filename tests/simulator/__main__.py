"""`python -m tests.simulator SEED`: one history alone, with what broke in it."""

import sys

from tests.simulator.twin_world import TwinWorld, broken
from tests.simulator.world import Plan

if __name__ == "__main__":
    world = TwinWorld.of(Plan.of(int(sys.argv[1])))
    world.run()
    found = broken(world)
    sys.stdout.write("\n".join([str(world.plan), *(found or ["every promise held"]), ""]))
    sys.exit(1 if found else 0)

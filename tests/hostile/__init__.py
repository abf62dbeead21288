"""Hostile mails by name: every kind of fault-matrix rows F22, F23, F30-F33 and F36-F39; made anew, always the same.

`HOSTILE` are those up to 1 MB or so, which the tests send the whole road; `BIG` are those of 50 MB, which the
soak measures. A new one is a line in the module of its kind. `as_answer` makes an agent's mail of each.
"""

from typing import Final

from tests.hostile.evasion import EVASION
from tests.hostile.expanding import EXPANDING
from tests.hostile.forged import FORGED
from tests.hostile.injection import INJECTION
from tests.hostile.markup import MARKUP
from tests.hostile.names import NAMES
from tests.hostile.of import AGENT, Hostile, as_answer
from tests.hostile.resource import BIG, RESOURCE
from tests.hostile.slow import SLOW
from tests.hostile.unclean import UNCLEAN

HOSTILE: Final[dict[str, Hostile]] = {
    one.name: one for one in (*RESOURCE, *EXPANDING, *INJECTION, *SLOW, *MARKUP, *FORGED, *NAMES, *UNCLEAN, *EVASION)
}

__all__ = ["AGENT", "BIG", "HOSTILE", "Hostile", "as_answer"]

"""What the daemon's parser processes run: a mail is read, and what depends on it alone is found out there too.

Imported by the parser processes, so neither it nor what it imports may import the store or the policy.
"""

from collections.abc import Sequence

from mailcase.foreseeing import foresee
from mailcase.intake import worker
from mailcase.message import Email


def read_all(raws: Sequence[bytes], seconds: float) -> list[Email | str]:
    """As `worker.read_all`."""
    return worker.read_all(raws, seconds, foresee)

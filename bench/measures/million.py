"""The same with a million stored messages."""

from typing import Final

from bench.fill import MESSAGES_A_CASE
from bench.measures.growth import grown

SAYS: Final = "CPU a mail with 1,000,000 stored messages beside none (aim: at most 1.3 times)"
MAILS: Final = 1000
_MESSAGES: Final = 1_000_000
_AIM: Final = 1.3


def run(mails: int) -> list[str]:
    """The report, in Markdown."""
    return grown(mails, _MESSAGES // MESSAGES_A_CASE, _AIM)

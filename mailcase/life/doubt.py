"""What agents are told of a mail whose sender is not verified: B8 wants that they see it."""

from typing import Final

from mailcase.life.happening import Happening, What

#: Above the words of such a mail; `outbox.german` has it.
NOT_VERIFIED: Final = "Not verified: {who} is none of the people of this case, or somebody writes under that address."
_ANSWERS: Final = (What.CUSTOMER_REPLIED, What.REOPENED)


def doubt(happening: Happening) -> str:
    """The line for a mail on a case whose sender is a stranger to it, or not surely the one he says; else ""."""
    if not happening.unverified or happening.what not in _ANSWERS:
        return ""
    return NOT_VERIFIED.format(who=happening.by or "nobody")

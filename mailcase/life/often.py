"""How often an agent may answer by mail on one case, and what he is told once when that is too often."""

from datetime import datetime, timedelta
from typing import Final

from mailcase.life.refused import Refused

#: Replies of one agent on one case, of which one by mail would be one more.
WINDOWS: Final = ((timedelta(hours=1), 10), (timedelta(days=1), 30))


class Often(Refused):
    """A reply by mail that looks like a machine's; he is told once for each `once`, since his machine answers that."""

    def __init__(self, text: str, once: str) -> None:
        super().__init__(text)
        self.once = once

    @classmethod
    def of_words(cls, running: int, last: int) -> "Often":
        """The same words as those of the message `last`."""
        return cls("these are the words of your last reply on this case: nothing was sent", f"same:{running}:{last}")

    @classmethod
    def of_limit(cls, running: int, most: int, window: timedelta, now: datetime) -> "Often":
        """More than `most` within that time; told once a day."""
        hours = int(window.total_seconds() // 3600)
        told = f"you have sent {most} replies on this case within {hours} h, more are not sent by mail for now"
        return cls(f"{told}; `mailcase case reply` sends one", f"often:{running}:{now:%Y-%m-%d}")

"""How full a mailbox is: asked of its server now and then, and never at the cost of its mail."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from mailcase.intake.imap.exchange import ConnectionLost
from mailcase.intake.imap.failures import Refused, ServerBusy
from mailcase.intake.imap.ports import MailSession
from mailcase.log import Event, emit

QUOTA_EVERY_S: Final = 600.0  # it grows with the mail of days, and costs a server more than a search


class Filling:
    """`await filling.ask(session, "INBOX")` after each look; `filled` gets the share, None where there is no limit."""

    def __init__(self, filled: Callable[[float | None], None]) -> None:
        self._filled = filled
        self._asked: float | None = None
        self._given_up = False

    async def ask(self, session: MailSession, folder: str) -> None:
        """Ask if it is due; raises nothing of the server's.

        After a refusal what it said last still counts. A server that hangs or hangs up over the question is not asked
        again: whoever uses the session next finds the connection lost.
        """
        now = asyncio.get_running_loop().time()
        if self._given_up or (self._asked is not None and now - self._asked < QUOTA_EVERY_S):
            return
        self._asked = now
        try:
            with suppress(Refused, ServerBusy):
                self._filled(await session.quota(folder))
        except ConnectionLost as error:
            self._given_up = True
            emit(Event.QUOTA_UNANSWERED, error=str(error))

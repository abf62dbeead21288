"""An MTA's pipe, `mailcase ingest -`: 75 until the mail is in the journal, 0 from then on, whatever comes after."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mailcase.cli.output import note
from mailcase.errors import Unavailable

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.ports import Arrival, Journalled, Settled

_DECIDE_WITHIN: Final = 30.0  # seconds; then the daemon does it, and the MTA need not wait


def take_piped(opened: "Callable[[], tuple[Settings, Arrival]]") -> "list[Settled]":
    """Take one mail in; `opened` reads configuration and mail.

    Once the mail is journalled it is ours: what fails then is told on standard error, and the daemon decides it.

    Raises:
        Unavailable: it is not journalled, whatever the reason (a wrong configuration too): an MTA keeps a mail on
            75, and returns it to its sender on any other status.
    """
    kept: list[Journalled] = []
    try:
        return asyncio.run(_take(*opened(), kept))
    except Exception as error:
        said = str(error) or repr(error)
        if not kept:
            raise Unavailable(f"{said}\n→ the mail was not taken (exit 75): a mail server keeps it") from error
        note(f"the mail is in the journal, the daemon decides it; not decided here: {said}")
        return []


async def _take(settings: "Settings", arrival: "Arrival", kept: "list[Journalled]") -> "list[Settled]":
    from mailcase import acts
    from mailcase.house import open_house

    async with open_house(settings) as house:
        house.disk.check()
        kept += await house.call(house.store.journal, [arrival], None)
        return await asyncio.wait_for(acts.decide(house, kept, [arrival]), _DECIDE_WITHIN)


def tell(show: Callable[[], None]) -> None:
    """Show what became of it; an MTA that does not listen is no failure."""
    try:
        show()
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python's last flush fails
        note(f"the result could not be printed: {error.strerror}")

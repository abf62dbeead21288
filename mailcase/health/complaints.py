"""Tells the administrators once of each complaint that a recipient's provider sent (RFC 5965, reliability.md 3.2)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from mailcase.errors import Transient
from mailcase.health.letters import Letter, moment
from mailcase.log import Event, emit
from mailcase.waiting import first_of

if TYPE_CHECKING:  # the store makes the complaints
    from mailcase.health.alarms import Post
    from mailcase.health.pulse import Pulse
    from mailcase.store.store import Store

LOOK_EVERY: Final = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint that was noted on a case."""

    message_pk: int
    mail: int | None  # the id that `mailcase message show` takes
    case: str  # number; "" where the case is gone
    at: datetime


def letter(one: Complaint, host: str, zone: tzinfo) -> Letter:
    """What happened, what it means and what to do; no mail's content is in it."""
    about = f" about {one.case}" if one.case else ""
    text = (
        f"A recipient complained about a mail of ours{about}, at {moment(one.at, zone)}.\n"
        "What it means: he marked it as spam, and his provider told us; many complaints make providers refuse our "
        "mail. Where the complaint names an address that we wrote to, it gets no automatic mail any more.\n"
        f"What to do: see the complaint with `mailcase message show {one.mail}`, and whether he asked for the mail.\n"
        f"\n-- \nmailcase on {host}. You are told once of each complaint, at most of twenty a day.\n"
    )
    return Letter(f"[mailcase] complaint{about}", text)


class Complaints:
    """`await complaints.run(stop)`; what was told is known by the outbox, also over restarts."""

    def __init__(
        self,
        store: "Store",
        call: Callable[..., Awaitable[Any]],
        pulse: "Pulse",
        post: "Post",
        now: Callable[[], datetime],
        queued: Callable[[], None],
    ) -> None:
        self._store = store
        self._call = call
        self._pulse = pulse
        self._post = post
        self._now = now
        self._queued = queued
        self._told: set[int] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until the stop event; a store that is busy is asked again."""
        while not stop.is_set():
            try:
                await self.look()
            except Transient as error:
                emit(Event.STORE_BUSY, error=str(error))
            await first_of(LOOK_EVERY, stop)

    async def look(self) -> None:
        """Queue a mail for each complaint that nobody was told of; raises Transient from the store."""
        situation = self._pulse.view().situation
        if not self._pulse.began or not self._post.reaches(situation):
            return
        found = await asyncio.to_thread(self._store.complaints, self._now())
        for one in (one for one in found if one.message_pk not in self._told):
            written = letter(one, situation.host, self._post.zone)
            for notice in self._post.write("alarm", written, f"complaint {one.message_pk}", situation):
                if await self._call(self._store.queue_notice, notice, self._now()):
                    self._queued()
            self._told.add(one.message_pk)

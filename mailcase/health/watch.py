"""Everything that watches over a running daemon, wired: keeper, alarms, digest, audit, and the HTTP pages."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mailcase.clock import utcnow
from mailcase.configuration.named import named
from mailcase.health.alarms import Alarms, Post
from mailcase.health.auditor import Auditor
from mailcase.health.complaints import Complaints
from mailcase.health.daily import Daily
from mailcase.health.keeper import Keeper
from mailcase.health.situation import Facts
from mailcase.house import House
from mailcase.log import Event, emit


class Watch:
    """The parts of a daemon that look after it; `facts` is asked every few seconds."""

    def __init__(self, house: House, facts: Callable[[], Facts]) -> None:
        self._house = house
        shop = (house.store, house.call)
        self.keeper = Keeper(
            *shop, facts, house.owner, utcnow, lambda: house.settings.alarm.after, lambda: named(house.settings)
        )
        post = Post(lambda: house.settings, lambda: house.policy, lambda: house.built.smtp)
        self._alarms = Alarms(*shop, self.keeper.pulse, post, house.drain.wake, house.owner)
        told = (*shop, self.keeper.pulse, post, utcnow, house.drain.wake)
        self._daily, self._complaints = Daily(*told), Complaints(*told)
        self._auditor = Auditor(*shop, self.keeper.pulse, lambda: house.tenure.is_senior, utcnow)

    def parts(self) -> Mapping[str, Callable[[asyncio.Event], Coroutine[Any, Any, None]]]:
        """What runs until the stop event, by name; each may be started anew after an error."""
        return {
            "keeper": self.keeper.run,
            "alarms": self._alarms.run,
            "digest": self._daily.run,
            "complaints": self._complaints.run,
            "audit": self._auditor.run,
        }

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within it, [http] listen is open; raises ConfigError where nobody may listen there."""
        settings = self._house.settings
        if not settings.http.listen:
            yield
            return
        from mailcase.health.server import HttpServer  # here: prometheus_client takes 50 ms that others need not wait

        server = HttpServer(
            settings.http.listen, self.keeper.pulse, utcnow, lambda said: settings.refusal(("http", "listen"), said)
        )
        server.start()
        emit(Event.HTTP_LISTENING, listen=settings.http.listen)
        try:
            yield
        finally:
            server.stop()

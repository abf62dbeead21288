"""What this process last knew, kept in memory: /health and /metrics answer from it while the store is locked."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mailcase.health.conditions import BY_WORD, Condition, conditions
from mailcase.health.situation import Facts, Numbers, Situation, Unregistered

SILENT_AFTER: Final = timedelta(seconds=60)  # a keeper that did not look for so long hangs


@dataclass(frozen=True, slots=True)
class View:
    """One moment of it."""

    situation: Situation
    unregistered: tuple[Unregistered, ...] = ()

    @property
    def holds(self) -> frozenset[str]:
        """Keys of the store's conditions: each daemon judges them by its own configuration."""
        return frozenset(one.key for one in conditions(self.situation) if BY_WORD[one.word].of == "store")

    def conditions(self, now: datetime) -> tuple[Condition, ...]:
        """What needs a person; a daemon that stopped looking does too."""
        found = conditions(replace(self.situation, now=now))
        looked = self.situation.now
        if now - looked > SILENT_AFTER:
            return (Condition("daemon_hangs", looked, "the daemon has not looked after itself"), *found)
        return found


@dataclass(slots=True)
class Pulse:
    """The newest view, put in by the keeper, read from any thread."""

    host: str
    after: Callable[[], timedelta]  # [alarm] after, as now configured
    started_at: datetime
    over: Mapping[str, datetime] = field(default_factory=dict)  # as Facts.over; put in by the alarms, whole
    _view: View | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def view(self) -> View:
        """The newest one; before the first look, an empty one of the start."""
        with self._lock:
            return self._view or View(Situation(self.started_at, Facts(), Numbers(), self.host, self.after()))

    @property
    def began(self) -> bool:
        """Whether the keeper has looked at all; before, nothing can be said to be over."""
        with self._lock:
            return self._view is not None

    def looked(self, now: datetime, facts: Facts, numbers: Numbers | None, *, written: bool) -> Situation:
        """Take in what was found; None: the store could not be read, the numbers from before stay."""
        before = self.view()
        since = None if numbers is not None and written else before.situation.store_since or now
        situation = Situation(now, facts, numbers or before.situation.numbers, self.host, self.after(), since)
        self._put(replace(before, situation=situation))
        return situation

    def counted(self, unregistered: tuple[Unregistered, ...]) -> None:
        """Take in the recipients that are not registered."""
        self._put(replace(self.view(), unregistered=unregistered))

    def _put(self, view: View) -> None:
        with self._lock:
            self._view = view

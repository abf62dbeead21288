"""The circuit breaker: far more automatic mail than usual is held until a person looks (K9)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mailcase.policy import AcknowledgePolicy
from mailcase.ports import SendCounts

FLAG: Final = "breaker"  # set, with the time it opened, while it is open; `outbox release` clears it
WATCH_FLAG: Final = "breaker_watch"  # what the breaker remembers beside that
_HOUR: Final = timedelta(hours=1)
_STEP: Final = timedelta(minutes=1)  # how exactly the last time above the threshold is remembered


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered: open since when, from which count on, last seen above, or released."""

    opened_at: datetime | None = None
    threshold: int = 0
    above_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether automatic mail is held."""
        return self.opened_at is not None

    def next(
        self, counts: SendCounts, busiest_hour: int, rules: AcknowledgePolicy, now: datetime, *, flag: bool
    ) -> "Breaker":
        """The breaker after a look at the counts.

        It opens at `breaker` times the busiest hour of the last seven days, never below `total`; it
        closes by release (`flag` is no longer set; then it stays closed for an hour) or after an
        hour below the threshold that opened it.
        """
        if self.is_open and not flag:
            return Breaker(released_at=now)
        threshold = max(rules.breaker * busiest_hour, rules.total.count)
        if self.is_open:
            return self._while_open(counts, now)
        if flag:
            return Breaker(now, threshold, now)
        if counts.last_hour >= threshold and not self._just_released(now):
            return Breaker(now, threshold, now)
        return self

    def _while_open(self, counts: SendCounts, now: datetime) -> "Breaker":
        above_at = self.above_at or now
        if counts.last_hour >= self.threshold:
            return self if timedelta(0) <= now - above_at < _STEP else replace(self, above_at=now)
        if above_at > now:  # the clock was set back (F28): its hour begins anew, or it would never end
            return replace(self, above_at=now)
        return Breaker() if now - above_at >= _HOUR else self

    def _just_released(self, now: datetime) -> bool:
        return self.released_at is not None and timedelta(0) <= now - self.released_at < _HOUR

    def to_text(self) -> str:
        """For the flag."""
        moments = (self.opened_at, self.above_at, self.released_at)
        return " ".join([str(self.threshold), *(at.isoformat() if at else "-" for at in moments)])

    @classmethod
    def from_text(cls, text: str | None) -> "Breaker":
        """From the flag; nothing, or what cannot be read, is a closed breaker."""
        try:
            threshold, opened, above, released = (text or "").split(" ")
            moments = [None if at == "-" else datetime.fromisoformat(at) for at in (opened, above, released)]
            return cls(moments[0], int(threshold), moments[1], moments[2])
        except ValueError:
            return cls()

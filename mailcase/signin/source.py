"""The access token of one account: kept in memory, renewed in time, asked for once however many want it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from mailcase.errors import MailcaseError, TokenRefused, Transient
from mailcase.log import Event, emit
from mailcase.signin.answer import Answer, Ask
from mailcase.signin.grant import Grant
from mailcase.signin.refreshing import Refreshing

RENEW_BEFORE: Final = 300.0  # seconds before its end, or half of a short life
FRESH: Final = 60.0  # seconds in which a new token, once refused and replaced, is not replaced again
REFUSED_PAUSES: Final = (300.0, 600.0, 1800.0, 3600.0)  # seconds: after a refusal people must act, not we
BUSY_PAUSE: Final = 5.0  # seconds in which others are told the same instead of asking again


@dataclass(frozen=True, slots=True)
class _Held:
    """A token, with moments of the monotonic clock: the endpoint's own clock does not matter."""

    text: str
    got: float
    ends: float

    @property
    def renew_at(self) -> float:
        return self.ends - min(RENEW_BEFORE, (self.ends - self.got) / 2)


class TokenSource:
    """Gives the tokens of one grant (ports.SignIn); made by `source_of`, so that equal settings share one.

    `ask` asks the endpoint, `now` is the monotonic clock in seconds.
    """

    def __init__(self, grant: Grant, *, ask: Ask | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.grant = grant
        self._refreshing = Refreshing(grant, ask or _ask)
        self._now = now
        self._held: _Held | None = None
        self._asking: asyncio.Task[str] | None = None
        self._trouble: MailcaseError | None = None
        self._again_at = 0.0  # until then the trouble is told again and nobody is asked
        self._refusals = 0  # in a row
        self._replaced: float | None = None  # when a fresh token was last dropped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenSource) and other.grant == self.grant

    def __hash__(self) -> int:
        return hash(self.grant)

    @property
    def left_s(self) -> float:
        """Seconds until the token that is held ends; 0 where there is none."""
        return max(0.0, self._held.ends - self._now()) if self._held else 0.0

    async def token(self) -> str:
        """See ports.SignIn. Whoever is cancelled leaves the question open for the others: its answer may rotate."""
        if self._held is not None and self._now() < self._held.renew_at:
            return self._held.text
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._renew(), name=f"token {self.grant.host}")
            self._asking.add_done_callback(_noted)
        return await asyncio.shield(self._asking)

    def refused(self, token: str) -> bool:
        """See ports.SignIn."""
        held, now = self._held, self._now()
        if held is None or held.text != token:
            return True
        if now - held.got < min(FRESH, (held.ends - held.got) / 2):
            # Only the endpoint can tell a revoked grant from a server that takes no token: it is asked, but not often.
            if self._replaced is not None and now - self._replaced < FRESH:
                return False
            self._replaced = now
        self._held = None
        return True

    async def _renew(self) -> str:
        if self._trouble is None or self._now() >= self._again_at:
            await self._try()
        if self._trouble is None and self._held is not None:
            return self._held.text
        if isinstance(self._trouble, Transient) and self._held is not None and self._now() < self._held.ends:
            return self._held.text  # it was asked for ahead of time
        raise self._told()

    async def _try(self) -> None:
        began = self._now()
        try:
            answer = await self._refreshing.ask()
        except TokenRefused as error:
            pause = REFUSED_PAUSES[min(self._refusals, len(REFUSED_PAUSES) - 1)]
            self._refusals += 1
            self._trouble, self._again_at = error, self._now() + pause
        except MailcaseError as error:
            self._trouble, self._again_at = error, self._now() + BUSY_PAUSE
        except Exception as error:  # a fault of ours or of a library is no reason to ask without a rest
            emit(Event.TASK_DIED, task=f"token {self.grant.host}", error=type(error).__name__, exc_info=error)
            said = f"{self.grant.host}: asking for a token failed ({type(error).__name__}); the log says where"
            self._trouble, self._again_at = Transient(said), self._now() + BUSY_PAUSE
        else:
            self._held = _Held(answer.token, began, began + answer.life_s)
            self._trouble, self._refusals = None, 0

    def _told(self) -> MailcaseError:
        """The trouble; a refusal with the time that is left until the endpoint is asked again."""
        trouble = self._trouble
        if isinstance(trouble, TokenRefused):
            return TokenRefused(trouble.said, cure=trouble.cure, again_s=max(1.0, self._again_at - self._now()))
        return trouble or Transient(f"{self.grant.host}: no token")


_sources: WeakValueDictionary[Grant, TokenSource] = WeakValueDictionary()


def source_of(grant: Grant) -> TokenSource:
    """The source of a grant; one for all who use the same, across a reload too.

    Two sources would rotate one refresh token under each other's hands, and ask twice.
    """
    return _sources.setdefault(grant, TokenSource(grant))


def _ask(grant: Grant, refresh_token: str) -> Awaitable[Answer]:
    from mailcase.signin.endpoint import ask  # costs start-up time, and few mailboxes need it

    return ask(grant, refresh_token)


def _noted(task: asyncio.Task[str]) -> None:
    """Read the error, so that asyncio does not warn where everyone who waited was cancelled."""
    if not task.cancelled():
        task.exception()

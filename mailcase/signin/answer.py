"""What a token endpoint gave."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailcase.signin.grant import Grant


@dataclass(frozen=True, slots=True)
class Answer:
    """An access token, how many seconds it lives, and the refresh token to show from now on."""

    token: str = field(repr=False)
    life_s: float
    refresh_token: str = field(default="", repr=False)  # "": the one that was shown stays good


#: Asks the endpoint, showing a refresh token or ""; see endpoint.ask.
Ask = Callable[[Grant, str], Awaitable[Answer]]

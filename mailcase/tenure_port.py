"""What the keeper of a daemon's share asks of the store and of those who read the mailboxes."""

from collections.abc import Collection
from typing import Protocol

from mailcase.sharing import Standing


class TenureStore(Protocol):
    """What this needs of the store; see store.tenure_door."""

    @property
    def shared(self) -> bool:
        """Whether others may work on it too."""
        ...

    def tenure_join(self, owner: str, wants: Collection[str]) -> None:
        """Be there, with a new fence; Unavailable."""
        ...

    def tenure_look(self, wants: Collection[str]) -> Standing:
        """The heartbeat, and who is there; TenureLost where this daemon is no longer, Unavailable for once."""
        ...

    def tenure_take(self, mailboxes: Collection[str]) -> frozenset[str]:
        """Those of them that could be had."""
        ...

    def tenure_give_back(self, mailboxes: Collection[str]) -> None:
        """They are free for others."""
        ...

    def tenure_leave(self) -> None:
        """An orderly stop: everything is free."""
        ...


class Workers(Protocol):
    """Those who read the mailboxes; see roster."""

    def look_again(self) -> None:
        """What this daemon works has changed."""
        ...

    def at_rest(self, mailbox: str) -> bool:
        """Whether nobody reads it and all that was read is settled."""
        ...

    async def drop(self) -> None:
        """End at once whatever is read; nothing is settled first."""
        ...

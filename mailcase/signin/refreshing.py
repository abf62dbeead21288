"""Asking with the right refresh token: the one that the endpoint gave last, then the configured one."""

from dataclasses import dataclass, field

from mailcase.errors import TokenRefused
from mailcase.signin.answer import Answer, Ask
from mailcase.signin.grant import Grant
from mailcase.signin.memory import RefreshMemory


@dataclass(slots=True)
class Refreshing:
    """Asks for one grant and keeps what is rotated; other grants than the delegated one are asked as they are."""

    grant: Grant
    endpoint: Ask
    _unsaved: str = field(default="", init=False, repr=False)  # got, and the disk did not take it

    async def ask(self) -> Answer:
        """The endpoint's answer; raises as endpoint.ask, and as RefreshMemory where its file cannot be used."""
        grant = self.grant
        if not grant.refresh_token:
            return await self.endpoint(grant, "")
        if grant.memory is None:
            return await self.endpoint(grant, grant.refresh_token)
        memory = RefreshMemory(grant.memory, grant.fingerprint)
        async with memory.held():
            return await self._ask(memory)

    async def _ask(self, memory: RefreshMemory) -> Answer:
        kept = self._unsaved or memory.read()
        try:
            answer = await self.endpoint(self.grant, kept or self.grant.refresh_token)
        except TokenRefused:
            if not kept:
                raise
            # state_dir may be an old copy: what is configured may be newer than what was kept
            answer = await self.endpoint(self.grant, self.grant.refresh_token)
            memory.forget()
            kept = ""
        self._unsaved = answer.refresh_token or (kept if self._unsaved else "")
        if self._unsaved:
            memory.write(self._unsaved)
            self._unsaved = ""
        return answer

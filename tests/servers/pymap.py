"""pymap, a small IMAP server in this process: the second real server of the source's contract."""

import argparse
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from pymap.backend.dict import Config, DictBackend, Identity
from pymap.imap import IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl import SASLAuth
from pysasl.hashing import BuiltinHash

from tests.servers.ports import free_port


class Pymap:
    """`async with Pymap(users={"user": "pass"}) as server:` then server.port; no TLS, loopback only."""

    def __init__(self, users: Mapping[str, str] | None = None) -> None:
        self.users = dict(users or {"user": "pass"})
        self.host = "127.0.0.1"
        self.port = free_port()
        self._stack = AsyncExitStack()
        self._backend: Any = None

    async def __aenter__(self) -> Self:
        os.environ.setdefault("FQDN", "localhost")  # else its greeting asks the DNS
        name, password = next(iter(self.users.items()))
        namespace = argparse.Namespace(
            host=self.host,
            port=self.port,
            debug=False,
            cert=None,
            key=None,
            tls=False,
            passlib_cfg=None,
            proxy_protocol=None,
            inherited_sockets=None,
            demo_data=False,
            demo_user=name,
            demo_password=password,
        )
        self._backend, config = await DictBackend.init(namespace, hash_context=BuiltinHash(rounds=1))
        kind: Any = type(config)
        kind.tls_auth = SASLAuth.defaults()  # else looked for in every package at each connection
        config.apply_context()
        await self._add_users(config)
        await self._backend.start(self._stack)
        await IMAPService(self._backend, config).start(self._stack)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def put(self, user: str, raw: bytes, *, folder: str = "INBOX", received: datetime | None = None) -> None:
        """Append one mail; the folder is made where it is missing; `received` becomes its INTERNALDATE."""
        box = await self._box(user, folder)
        await box.append(AppendMessage(raw, received or datetime.now(UTC)))

    async def mails(self, user: str, folder: str = "INBOX") -> int:
        """How many mails the folder holds."""
        box = await self._box(user, folder)
        return len([message async for message in box.messages()])

    async def _box(self, user: str, folder: str) -> Any:
        async with Identity(user, self._backend.login, None, frozenset()).new_session() as session:
            boxes = session.mailbox_set
            if folder.upper() != "INBOX" and folder not in await self._folders(boxes):
                await boxes.add_mailbox(folder)
            return await boxes.get_mailbox(folder)

    async def _folders(self, boxes: Any) -> list[str]:
        tree = await boxes.list_mailboxes()
        return [entry.name for entry in tree.list()]

    async def _add_users(self, config: Config) -> None:
        for name, password in list(self.users.items())[1:]:  # the first one is the demo user
            hashed = await Passwords(config).hash_password(password)
            identity = Identity(name, self._backend.login, None, frozenset({"admin"}))
            await identity.set(UserMetadata(config, name, password=hashed))

"""Raw mail that goes to a server which does not answer keeps nobody else's mail waiting (P4)."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailcase.errors import Unavailable
from mailcase.ports import Reading
from mailcase.store.raw import RawSetting, S3Access
from mailcase.store.store import Store
from mailcase.writer import Writer
from tests.contract.store_kit import NOW, Clerk, arrival, journalled, mail

URL = "sqlite:///mailcase.db"
SOON = 8.0  # seconds: less than a request to a silent server may take


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening


async def test_a_silent_bucket_keeps_no_other_mailbox_waiting(tmp_path: Path, silent: socket.socket) -> None:
    before = Store.open(URL, tmp_path)
    (row,) = journalled(before)
    before.close()
    access = S3Access(f"http://127.0.0.1:{silent.getsockname()[1]}", "", lambda: ("a", "b"))
    with (
        closing(Store.open(URL, tmp_path, raw=RawSetting("s3://mail/raw", access))) as store,
        closing(Writer()) as call,
    ):
        stuck = asyncio.create_task(call(store.journal, [arrival("1:2", b"another")], None))
        asked, _ = await asyncio.to_thread(silent.accept)
        with asked:
            async with asyncio.timeout(SOON):
                (settled,) = await call(store.settle, [Reading(row.delivery, mail("a"))], Clerk(), NOW)
                assert await call(store.due, NOW, 9)
            assert (settled.outcome, stuck.done()) == ("created", False)
        silent.close()
        with pytest.raises(Unavailable):
            await stuck

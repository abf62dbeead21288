"""A part that mail does not depend on is started anew after an error; who is paused is known before mail is read."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from mailcase import daemon
from mailcase.config import load
from mailcase.errors import ConfigError, Unavailable
from mailcase.house import House, open_house
from mailcase.recovery import Recovery
from mailcase.roster import PAUSED, Roster


async def test_a_part_that_fails_is_started_anew_and_ends_with_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "AGAIN_AFTER", 0.001)
    stop, tries = asyncio.Event(), []

    async def part(stop: asyncio.Event) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("nobody thought of that")
        stop.set()

    await daemon._kept_up("part", part, stop)
    assert len(tries) == 3


async def test_a_part_that_is_done_has_not_died() -> None:
    stop = asyncio.Event()

    async def part(_: asyncio.Event) -> None:
        pass

    kept = asyncio.create_task(daemon._kept_up("part", part, stop))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not kept.done()
    stop.set()
    await kept


@pytest.mark.parametrize("error", [ConfigError("a pooler lies between"), ValueError("nobody thought of that")])
async def test_a_part_that_finds_the_configuration_wrong_ends_the_process_as_such(error: Exception) -> None:
    async def part() -> None:
        raise error

    stop = asyncio.Event()
    ends = daemon._supervise([asyncio.create_task(part(), name="tenure")], stop)
    if isinstance(error, ConfigError):
        with pytest.raises(ConfigError, match="a pooler"):
            await ends
    else:
        assert await ends == 1
    assert stop.is_set()


class _Store:
    """Tells who is paused, after it was busy once."""

    def __init__(self) -> None:
        self.busy = 1

    def flags(self, _: str) -> dict[str, str]:
        self.busy -= 1
        if self.busy >= 0:
            raise Unavailable("busy")
        return {f"{PAUSED}support": "{}"}


class _House:
    """As much of a house as the roster asks for."""

    class _Has:
        mailboxes = {"support": None, "sales": None}  # noqa: RUF012 - never changed
        imap = {"support": object(), "sales": object()}  # noqa: RUF012 - never changed
        maildir: dict[str, object] = {}  # noqa: RUF012 - never changed

    class _Alone:
        def works(self, _: str) -> bool:
            return True

    policy = built = _Has()
    tenure = _Alone()

    def __init__(self) -> None:
        self.store = _Store()

    async def call(self, work: Any, *args: Any) -> Any:
        return work(*args)


async def test_nobody_is_read_until_it_is_known_who_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.roster._LOOK_EVERY", 0.001)
    stop, read = asyncio.Event(), []

    class _Source:
        state = None

        async def run(self) -> None:
            stop.set()

    def make(settings: Any, _: asyncio.Event) -> Any:
        read.append(settings)
        return _Source()

    house = _House()
    roster = Roster(cast(House, house), make)
    assert set(roster.asleep()) == {"support", "sales"}
    await roster.run(stop)
    assert read == [house.built.imap["sales"]]
    assert set(roster.asleep()) == {"support"}


async def test_a_stop_while_the_store_is_away_ends_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written down any more keeps no later part from its end."""
    (tmp_path / "blacklist.txt").touch()
    (tmp_path / "token.key").write_text("k" * 40 + "\n")
    (tmp_path / "token.key").chmod(0o600)
    box = '[[mailbox]]\nname = "support"\naddress = "support@helpdesk.example"\n'
    (tmp_path / "mailcase.toml").write_text(
        f'[store]\nstate_dir = "{tmp_path}"\n[acknowledge]\ncreated = false\nfollowed = false\n{box}'
    )

    def away(_: Recovery) -> None:
        raise Unavailable("store: away")

    monkeypatch.setattr(Recovery, "give_back", away)
    async with open_house(load(tmp_path / "mailcase.toml", {}), sender="test") as house:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        await house.call(house.store.undecided, 1)

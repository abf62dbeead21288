"""A rotated refresh token outlives the process, for its owner's eyes alone."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailcase.errors import ConfigError, TokenRefused
from mailcase.signin.answer import Answer
from mailcase.signin.grant import Grant
from mailcase.signin.memory import RefreshMemory
from mailcase.signin.refreshing import Refreshing


@dataclass
class Rotating:
    """An endpoint that takes each refresh token once and gives the next one."""

    good: str = "configured"
    shown: list[str] = field(default_factory=list)

    async def ask(self, _grant: Grant, refresh_token: str) -> Answer:
        self.shown.append(refresh_token)
        if refresh_token != self.good:
            raise TokenRefused("invalid_grant")
        self.good = f"rotated-{len(self.shown)}"
        return Answer("access", 3600, self.good)


def grant(folder: Path, refresh_token: str = "configured") -> Grant:
    return Grant("https://id.example/token", "app", refresh_token=refresh_token, memory=folder / "signin")


async def test_a_restart_shows_the_token_that_was_given_last(tmp_path: Path) -> None:
    endpoint = Rotating()
    await Refreshing(grant(tmp_path), endpoint.ask).ask()
    await Refreshing(grant(tmp_path), endpoint.ask).ask()
    assert endpoint.shown == ["configured", "rotated-1"]
    (file,) = (tmp_path / "signin").glob("*.json")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "access" not in file.read_text()


async def test_another_configured_token_begins_anew(tmp_path: Path) -> None:
    endpoint = Rotating()
    await Refreshing(grant(tmp_path), endpoint.ask).ask()
    endpoint.good = "new"
    await Refreshing(grant(tmp_path, "new"), endpoint.ask).ask()
    assert endpoint.shown == ["configured", "new"]


async def test_the_configured_token_is_tried_where_the_kept_one_is_refused(tmp_path: Path) -> None:
    endpoint = Rotating()
    await Refreshing(grant(tmp_path), endpoint.ask).ask()
    endpoint.good = "configured"  # state_dir came back from a backup
    refreshing = Refreshing(grant(tmp_path), endpoint.ask)
    await refreshing.ask()
    await refreshing.ask()
    assert endpoint.shown == ["configured", "rotated-1", "configured", "rotated-3"]
    endpoint.good = "nothing"
    with pytest.raises(TokenRefused):
        await refreshing.ask()


async def test_a_kept_token_that_is_no_good_is_not_shown_again(tmp_path: Path) -> None:
    shown: list[str] = []

    async def ask(_grant: Grant, refresh_token: str) -> Answer:
        shown.append(refresh_token)
        if refresh_token == "kept":
            raise TokenRefused("invalid_grant")
        return Answer("access", 3600)

    one = grant(tmp_path)
    memory = RefreshMemory(tmp_path / "signin", one.fingerprint)
    async with memory.held():
        memory.write("kept")
    await Refreshing(one, ask).ask()
    await Refreshing(one, ask).ask()
    assert shown == ["kept", "configured", "configured"]


async def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    memory = RefreshMemory(tmp_path, "f")
    (tmp_path / "f.json").write_text("{")
    assert memory.read() == ""
    (tmp_path / "f.json").write_text('["x"]')
    assert memory.read() == ""
    memory.write("x")
    assert memory.read() == "x"
    memory.forget()
    memory.forget()
    assert memory.read() == ""


async def test_two_never_show_one_refresh_token(tmp_path: Path) -> None:
    endpoint = Rotating()
    await asyncio.gather(*(Refreshing(grant(tmp_path), endpoint.ask).ask() for _ in range(4)))
    assert endpoint.shown == ["configured", "rotated-1", "rotated-2", "rotated-3"]


async def test_who_is_not_the_owner_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Rotating()
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    with pytest.raises(ConfigError, match="belongs to another user: run this as the user that runs mailcase"):
        await Refreshing(grant(tmp_path), endpoint.ask).ask()
    assert endpoint.shown == []
    assert not (tmp_path / "signin").exists()


async def test_a_token_that_the_disk_did_not_take_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Rotating()
    refreshing = Refreshing(grant(tmp_path), endpoint.ask)
    with monkeypatch.context() as full:
        full.setattr(RefreshMemory, "write", _full_disk)
        with pytest.raises(ConfigError):
            await refreshing.ask()
    await refreshing.ask()
    assert endpoint.shown == ["configured", "rotated-1"]
    assert "rotated-2" in next((tmp_path / "signin").glob("*.json")).read_text()


def _full_disk(_memory: RefreshMemory, _token: str) -> None:
    raise ConfigError("the disk is full")

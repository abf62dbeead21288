"""Intake waits while the disk is low, and says so once (R10)."""

import os
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailcase.disk import EVERY, DiskGuard
from mailcase.errors import Unavailable
from mailcase.log import Event

MB = 1024**2
Stat = namedtuple("Stat", ["f_bavail", "f_frsize"])


class Disk:
    """A file system whose free space a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free, self.looks, self.now = {"": 600}, 0, 0.0
        self.told: list[tuple[Event, Mapping[str, object]]] = []
        monkeypatch.setattr(os, "statvfs", self._statvfs)

    def _statvfs(self, path: Path) -> Stat:
        self.looks += 1
        return Stat(self.free.get(path.name, self.free[""]) * 256, 4096)

    def guard(self, *paths: Path) -> DiskGuard:
        return DiskGuard(paths, 512 * MB, lambda event, fields: self.told.append((event, fields)), lambda: self.now)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_it_tells_each_change_once_and_waits_for_a_little_more_than_the_limit(disk: Disk, tmp_path: Path) -> None:
    guard, low = disk.guard(tmp_path), []
    for free in (600, 500, 400, 520, 530, 540, 600, 500):
        disk.free[""], disk.now = free, disk.now + EVERY
        low.append(guard.is_low)
    assert low == [False, True, True, True, True, False, False, True]
    assert [event for event, _ in disk.told] == [Event.DISK_LOW, Event.DISK_OK, Event.DISK_LOW]
    assert guard.low_since is not None
    disk.free[""], disk.now = 600, disk.now + EVERY
    assert not guard.is_low
    since: object = guard.low_since
    assert since is None


def test_the_fullest_of_the_disks_counts_and_is_named(disk: Disk, tmp_path: Path) -> None:
    disk.free["raw"] = 300
    guard = disk.guard(tmp_path, tmp_path / "raw")
    with pytest.raises(Unavailable, match=r"disk low: 300 MB free in .*/raw, \[intake\] disk_low is 512 MB"):
        guard.check()
    assert guard.free == 300 * MB
    disk.free["raw"], disk.now = 700, EVERY
    guard.check()


def test_it_looks_once_a_second(disk: Disk, tmp_path: Path) -> None:
    guard = disk.guard(tmp_path)
    for _ in range(1000):
        guard.check()
    assert disk.looks == 1


def test_a_folder_that_is_yet_to_be_made_is_that_of_its_parent(tmp_path: Path) -> None:
    guard = DiskGuard.of([tmp_path / "state" / "raw", None], 1)
    assert 0 < guard.free <= os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize * 2
    guard.check()

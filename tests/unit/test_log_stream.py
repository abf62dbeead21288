"""A log that cannot be written costs its lines and nothing else (F26)."""

import json
import logging
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from mailcase import log, log_stream
from mailcase.log import Event, emit
from tests.unit.test_log import _as_it_was

__all__ = ["_as_it_was"]  # the fixture: each test leaves the log as it was

LINES = 400  # more than a pipe holds
Pipe = tuple[int, IO[str]]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """A pipe as the log's stream, and its reading end; a sleeping reader is not waited for."""
    monkeypatch.setattr(log_stream, "_PATIENCE", 0)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        log.configure(stream=stream)
        yield reading, stream
    os.close(reading)


def say(count: int) -> None:
    for number in range(count):
        emit(Event.DELIVERY, number=number, text_of_a_line="x" * 300)


def said(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]


def test_a_pipe_that_nobody_reads_costs_lines_and_tells_how_many(pipe: Pipe) -> None:
    say(LINES)
    before = said(os.read(pipe[0], 1 << 20))
    assert 0 < len(before) < LINES
    emit(Event.STOPPED)
    lost, last = said(os.read(pipe[0], 1 << 20))[-2:]
    assert (lost["event"], lost["level"], lost["lines"]) == ("log_lost", "warning", LINES - len(before))
    assert last["event"] == "stopped"


def test_a_line_longer_than_a_pipe_is_cut_and_the_next_begins_anew(pipe: Pipe) -> None:
    emit(Event.DELIVERY, long="x" * 500_000)
    cut = os.read(pipe[0], 1 << 20)
    assert not cut.endswith(b"\n")
    emit(Event.STOPPED)
    assert os.read(pipe[0], 1 << 20).startswith(b'\n{"lines": 1, "event": "log_lost"')


def test_a_reader_that_is_gone_costs_nothing_but_the_lines(pipe: Pipe) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, pipe[0])
    os.close(null)
    say(LINES)


def test_a_full_disk_costs_lines_until_there_is_room(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "log").open("w") as stream:
        log.configure(stream=stream)
        emit(Event.STARTED)
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.fstat(stream.fileno()).st_size + 500, limits[1]))
        try:
            say(10)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        emit(Event.STOPPED)
    lines = said((tmp_path / "log").read_bytes())
    words = [line["event"] for line in lines]
    assert words == ["started", "delivery", "log_lost", "stopped"]
    assert lines[2]["lines"] == 9


def test_a_stream_that_was_closed_under_the_log_costs_the_lines(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        log.configure(stream=stream)
    say(2)
    assert logging.getLogger().handlers


def test_what_is_printed_beside_the_log_keeps_its_place(pipe: Pipe) -> None:
    pipe[1].write("by hand ")
    emit(Event.STOPPED)
    assert os.read(pipe[0], 1 << 20).startswith(b"by hand {")

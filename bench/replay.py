"""Says again to PostgreSQL what a program said once, with the ids that it gives now: a client that costs little."""

import pickle
import socket
import struct
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.wire import READY, Turn, addressed, cells, messages, parameters

#: Ids of a recording begin here (`Recorded ids are told from all other numbers`): 8 octets in what is sent.
IDS_FROM: Final = 10_000_000_000_000
_CASES: Final = range(100_000_000, 1_000_000_000)  # running numbers of cases: 4 octets, and short enough for a subject
_SIZES: Final = {8: "!q", 4: "!i"}


@dataclass(slots=True)
class Said:
    """One turn, ready to be said."""

    conn: int
    sent: bytes
    answers: int  # how often the server gets ready
    state: bytes  # of the transaction after it
    ids: list[tuple[int, int, int]] = field(default_factory=list)  # where an id stands in `sent`, octets, which
    learns: list[tuple[int, int, int]] = field(default_factory=list)  # row and column of the answer, which id


@dataclass(slots=True)
class Stream:
    """Everything that one writer said; from `timed` on it counts."""

    mails: int
    timed: int
    turns: list[Said]
    kinds: Counter[str]  # of the counted turns: messages of the protocol

    @classmethod
    def of(cls, turns: Sequence[Turn], timed: int, mails: int) -> "Stream":
        """Find the ids in what was recorded."""
        known: set[int] = set()
        used: set[int] = set()
        seen: set[int] = set()
        said: list[Said] = []
        kinds: Counter[str] = Counter()
        for number, turn in enumerate(turns):
            first = turn.conn not in seen
            seen.add(turn.conn)
            one = Said(turn.conn, bytes(turn.sent), turn.answer.count(READY), bytes(turn.answer[-1:]))
            if not first:
                one.ids = _ids_in(one.sent, known)
                if number >= timed:
                    kinds.update(kind.decode() for kind, _, _ in messages(one.sent))
                    kinds["turns"] += 1
                used |= {number for _, _, number in one.ids}
            one.learns = _learned(turn.answer, used)
            known |= {number for _, _, number in one.learns}
            said.append(one)
        return cls(mails, timed, said, kinds)

    def keep(self, file: Path) -> None:
        """For a process that says it."""
        file.write_bytes(pickle.dumps(self))

    @staticmethod
    def kept(file: Path) -> "Stream":
        """What `keep` wrote."""
        found: Stream = pickle.loads(file.read_bytes())  # noqa: S301 - a file of ours, a moment old
        return found


def _is_id(number: int) -> bool:
    return number >= IDS_FROM or number in _CASES


def _ids_in(sent: bytes, known: set[int]) -> list[tuple[int, int, int]]:
    """Where ids stand in the values of what is said."""
    found = []
    binds = ((begin, content) for kind, begin, content in messages(sent) if kind == b"B")
    values = ((begin + at, value) for begin, content in binds for at, value in parameters(content))
    for at, value in values:
        if len(value) in _SIZES and (number := struct.unpack(_SIZES[len(value)], value)[0]) in known:
            found.append((at, len(value), number))
    return found


def _learned(answer: bytes | bytearray, used: set[int]) -> list[tuple[int, int, int]]:
    """Ids that the server gives here, but for those that were used by now: the last one before that counts."""
    found, row = [], 0
    for kind, _, content in messages(answer):
        if kind == b"E":
            raise AssertionError(f"an error was recorded: {content!r}")
        if kind != b"D":
            continue
        for column, cell in enumerate(cells(content)):
            if cell.isdigit() and _is_id(number := int(cell)) and number not in used:
                found.append((row, column, number))
        row += 1
    return found


class Player:
    """Says one stream to one database."""

    def __init__(self, stream: Stream, port: int, database: str) -> None:
        self.stream, self._port, self._database = stream, port, database
        self._ids: dict[int, int] = {}
        self._lines: dict[int, socket.socket] = {}

    def head(self) -> None:
        """Connect, and what does not count."""
        self._say(self.stream.turns[: self.stream.timed])

    def rest(self) -> float:
        """What counts; the CPU seconds of this process."""
        used = time.process_time()
        self._say(self.stream.turns[self.stream.timed :])
        return time.process_time() - used

    def close(self) -> None:
        """Hang up."""
        for line in self._lines.values():
            line.close()

    def _say(self, turns: Sequence[Said]) -> None:
        for one in turns:
            line = self._lines.get(one.conn)
            if line is None:
                line = self._lines[one.conn] = socket.create_connection(("127.0.0.1", self._port))
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.sendall(addressed(one.sent, self._database))
            else:
                line.sendall(self._with_ids(one) if one.ids else one.sent)
            answer = _answer(line, one.answers)
            if answer[-1:] != one.state:
                raise AssertionError(f"{answer[-600:]!r}")
            if one.learns:
                self._learn(one, answer)

    def _with_ids(self, one: Said) -> bytearray:
        sent = bytearray(one.sent)
        for at, size, number in one.ids:
            struct.pack_into(_SIZES[size], sent, at, self._ids[number])
        return sent

    def _learn(self, one: Said, answer: bytes) -> None:
        rows = [list(cells(content)) for kind, _, content in messages(answer) if kind == b"D"]
        for row, column, number in one.learns:
            self._ids[number] = int(rows[row][column])


def _answer(line: socket.socket, times: int) -> bytes:
    """Until the server has been ready so often."""
    found = line.recv(1 << 18)
    while not (found[-6:-1] == READY and found.count(READY) >= times):
        more = line.recv(1 << 18)
        if not more:
            raise AssertionError(f"the server hung up: {found[-600:]!r}")
        found += more
    return found

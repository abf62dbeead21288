"""What a program says to PostgreSQL, octet by octet: recorded by a proxy, and cut into turns of question and answer.

The messages are those of PostgreSQL's protocol 3.0 (its manual, "Frontend/Backend Protocol").
"""

import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

READY: Final = b"Z\x00\x00\x00\x05"  # ReadyForQuery, but for its last octet: the state of the transaction
_CHUNK: Final = 1 << 18


@dataclass(slots=True)
class Turn:
    """What was said on one connection, and what was answered until the server was ready again."""

    conn: int
    sent: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)


class Recorder:
    """`with Recorder(port) as recorder:` then connect to recorder.port; for a program that says one thing at a time."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._turns: list[Turn] = []
        self._pairs: list[socket.socket] = []
        self._waiting = selectors.DefaultSelector()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._count = 0

    def __enter__(self) -> Self:
        self._waiting.register(self._listener, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        for one in (self._listener, *self._pairs):
            one.close()

    def turns(self) -> list[Turn]:
        """What was said so far; parts of one question that the server answered nothing to yet are one turn."""
        found: list[Turn] = []
        last: dict[int, Turn] = {}
        for one in list(self._turns):
            before = last.get(one.conn)
            if before is not None and READY not in before.answer:
                before.sent += one.sent
                before.answer += one.answer
            else:
                found.append(one)
                last[one.conn] = one
        return [one for one in found if READY in one.answer]

    def _work(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._waiting.select(timeout=0.2):
                if key.data is None:
                    self._accept()
                else:
                    self._pass(*key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(self._to)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs += (client, server)
        self._waiting.register(client, selectors.EVENT_READ, (client, server, self._count, True))
        self._waiting.register(server, selectors.EVENT_READ, (server, client, self._count, False))
        self._count += 1

    def _pass(self, source: socket.socket, target: socket.socket, conn: int, asks: bool) -> None:
        if source.fileno() < 0:
            return  # the other side of it hung up in this very look
        octets = source.recv(_CHUNK)
        if not octets:
            for one in (source, target):
                self._waiting.unregister(one)
                one.close()
            return
        if asks:
            if not self._turns or self._turns[-1].conn != conn or self._turns[-1].answer:
                self._turns.append(Turn(conn))
            self._turns[-1].sent += octets
        else:
            next(one for one in reversed(self._turns) if one.conn == conn).answer += octets
        target.sendall(octets)


def messages(octets: bytes | bytearray) -> Iterator[tuple[bytes, int, bytes]]:
    """(type, where its content begins, content) of each message; not for the first one of a connection."""
    at = 0
    while at < len(octets):
        (length,) = struct.unpack_from("!I", octets, at + 1)
        yield bytes(octets[at : at + 1]), at + 5, bytes(octets[at + 5 : at + 1 + length])
        at += 1 + length


def parameters(bind: bytes) -> Iterator[tuple[int, bytes]]:
    """(where it begins, octets) of each value of a Bind message that is not null."""
    at = bind.index(b"\0", bind.index(b"\0") + 1) + 1  # behind the names of portal and statement
    (formats,) = struct.unpack_from("!H", bind, at)
    at += 2 + 2 * formats
    (count,) = struct.unpack_from("!H", bind, at)
    at += 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", bind, at)
        at += 4
        if length >= 0:
            yield at, bind[at : at + length]
            at += length


def cells(row: bytes) -> Iterator[bytes]:
    """The values of a DataRow message; null as nothing."""
    at = 2
    for _ in range(struct.unpack_from("!H", row)[0]):
        (length,) = struct.unpack_from("!i", row, at)
        at += 4
        yield row[at : at + max(length, 0)]
        at += max(length, 0)


def addressed(first: bytes | bytearray, database: str) -> bytes:
    """The first message of a connection, for another database."""
    words = bytes(first[8:]).rstrip(b"\0").split(b"\0")
    pairs = dict(zip(words[::2], words[1::2], strict=True)) | {b"database": database.encode()}
    content = b"".join(b"%b\0%b\0" % pair for pair in pairs.items()) + b"\0"
    return struct.pack("!I", len(content) + 8) + bytes(first[4:8]) + content

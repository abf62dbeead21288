"""A TCP proxy that cuts, stalls and slows what real clients and servers say to each other (F11, F12, F24, F25)."""

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

_CHUNK: Final = 65536
_LOOK_BACK: Final = 131072  # octets of the past in which a marker may begin

Then = Literal["cut", "stall", "half", "slow", "hold"]


@dataclass(eq=False)
class Fault:
    """Happens once, on the first connection that gets so far.

    Args:
        after: so many octets of one connection, or the end of the first match. A look-ahead (`(?=marker)`)
            stops before the marker.
        plus: that many octets more.
        then: "cut" resets both sides; "stall" passes nothing more either way and leaves both open; "half" closes
            the server's side while the client hears nothing; "slow" passes one octet each `pause` seconds; "hold" is
            `Proxy.stall` at that very place.
        way: "down" is what the server says, "up" what the client says.
        say: octets for whoever is listening, just before (a BYE, a 421).
    """

    after: int | re.Pattern[bytes]
    plus: int = 0
    then: Then = "cut"
    way: Literal["down", "up"] = "down"
    say: bytes = b""
    pause: float = 0.05
    fired: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """`with Proxy(server.port) as proxy:` then proxy.port; `proxy.arm(Fault(…))` scripts what happens next."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._to = (host, port)
        self._armed: list[Fault] = []
        self._pairs: set[_Pair] = set()
        self._lock = threading.Lock()
        self._go_on = threading.Event()
        self._go_on.set()
        self.host, self.connections = "127.0.0.1", 0
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.go_on()
        self.cut()

    def arm(self, *faults: Fault) -> None:
        """Each happens once, in any order, on whichever connection gets there first."""
        with self._lock:
            self._armed += faults

    def cut(self) -> None:
        """Reset every connection that is open now; new ones are welcome."""
        for pair in self._open():
            pair.cut()

    def mute(self) -> None:
        """Connections that are open now stay open, and nothing passes on them any more; new ones are welcome."""
        for pair in self._open():
            pair.mute()

    def stall(self) -> None:
        """From now on nothing passes, on old connections and new ones, until `go_on`."""
        self._go_on.clear()

    def go_on(self) -> None:
        """What was held back by `stall` passes."""
        self._go_on.set()

    # for the pumps

    def due(self, way: str, passed: int, past: bytes, chunk: bytes) -> tuple[Fault | None, int]:
        """The armed fault that this chunk brings about, and how many octets of the chunk still pass."""
        with self._lock:
            for fault in self._armed:
                if fault.way == way and (at := _place(fault, passed, past, chunk)) is not None:
                    self._armed.remove(fault)
                    return fault, at
        return None, len(chunk)

    def wait(self) -> None:
        """Return when nothing is stalled."""
        self._go_on.wait()

    def ended(self, pair: "_Pair") -> None:
        """A connection is over."""
        with self._lock:
            self._pairs.discard(pair)

    def _open(self) -> "list[_Pair]":
        with self._lock:
            return list(self._pairs)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(self._to)
            except OSError:
                client.close()
                continue
            pair = _Pair(self, client, server)
            with self._lock:
                self._pairs.add(pair)
            pair.start()


def _place(fault: Fault, passed: int, past: bytes, chunk: bytes) -> int | None:
    """How far into the chunk the fault happens; None if not in it."""
    if isinstance(fault.after, int):
        at = fault.after + fault.plus - passed
        return at if 0 <= at <= len(chunk) else None
    places = (found.end() + fault.plus - len(past) for found in fault.after.finditer(past + chunk))
    return next((at for at in places if 0 <= at <= len(chunk)), None)


class _Pair:
    """One client's connection and its own one to the server."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._left = 2  # pumps that still run
        self._silent = threading.Event()  # nothing passes any more
        self._over = threading.Event()

    def start(self) -> None:
        """One pump each way."""
        for way, source, target in (("up", self._client, self._server), ("down", self._server, self._client)):
            threading.Thread(target=self._pump, args=(way, source, target), daemon=True).start()

    def mute(self) -> None:
        """Neither side hears anything more."""
        self._silent.set()

    def cut(self) -> None:
        """Reset both sides."""
        self._over.set()
        for one in (self._client, self._server):
            _reset(one)

    def _pump(self, way: str, source: socket.socket, target: socket.socket) -> None:
        passed, past = 0, b""
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                self._proxy.wait()
                if self._silent.is_set():
                    continue
                self._pass_on(self._proxy.due(way, passed, past, chunk), chunk, source, target)
                passed += len(chunk)
                past = (past + chunk)[-_LOOK_BACK:]
        self._end(target)

    def _pass_on(
        self, due: tuple[Fault | None, int], chunk: bytes, source: socket.socket, target: socket.socket
    ) -> None:
        fault, at = due
        target.sendall(chunk[:at])
        if fault is None:
            return
        self._happen(fault, target, source, chunk[at:])
        if fault.then == "hold":
            self._proxy.wait()
            target.sendall(chunk[at:])

    def _happen(self, fault: Fault, target: socket.socket, source: socket.socket, rest: bytes) -> None:
        if fault.say:
            target.sendall(fault.say)
        if fault.then == "hold":
            self._proxy.stall()
        fault.fired.set()
        if fault.then == "slow":
            self._trickle(fault, target, source, rest)
        elif fault.then == "cut":
            if fault.say:
                _finish(target)  # what was said still arrives
            self.cut()
        elif fault.then in ("stall", "half"):
            self._silent.set()
            if fault.then == "half":
                _reset(self._server)

    def _trickle(self, fault: Fault, target: socket.socket, source: socket.socket, rest: bytes) -> None:
        while rest:
            for octet in rest:
                target.sendall(bytes((octet,)))
                if self._over.wait(fault.pause):
                    return
            rest = source.recv(_CHUNK)

    def _end(self, target: socket.socket) -> None:
        """One side has ended: the other hears it, unless it is to hear nothing."""
        if not self._silent.is_set():
            _finish(target)
        with self._proxy._lock:
            self._left -= 1
        if not self._left:
            self._proxy.ended(self)
            self._client.close()
            self._server.close()


def _finish(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_WR)


def _reset(one: socket.socket) -> None:
    """Wake whoever reads it, and close it with RST."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def wait_fired(fault: Fault, seconds: float = 30) -> None:
    """Block until it happened; AssertionError at the deadline."""
    if not fault.fired.wait(seconds):
        raise AssertionError(f"nothing came to {fault.after!r}: the fault never happened")

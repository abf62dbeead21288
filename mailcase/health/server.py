"""[http]: /health and /metrics on a thread of its own, answered from memory even while the store is locked."""

import io
import json
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from socketserver import ThreadingMixIn
from typing import Any, Final, TextIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client.exposition import make_wsgi_app
from prometheus_client.registry import CollectorRegistry

from mailcase import __version__
from mailcase.errors import ConfigError
from mailcase.health.conditions import Condition
from mailcase.health.metrics import Metrics
from mailcase.health.pulse import Pulse
from mailcase.log import Event, emit

_PATIENCE: Final = 10.0  # seconds for a request
_POLL: Final = 0.1  # seconds until a stop is seen
_GRACE: Final = 5.0  # seconds that a stop waits for the thread


class HttpServer:
    """`start()` listens, `stop()` ends it.

    Args:
        listen: [http] listen, "127.0.0.1:9187" or "[::1]:9187"; port 0 takes a free one (`port` says which).
        pulse: what is shown.
        now: the clock, aware UTC.
        refusal: makes the ConfigError that names the key, from what is wrong.
    """

    def __init__(
        self,
        listen: str,
        pulse: Pulse,
        now: Callable[[], datetime],
        refusal: Callable[[str], ConfigError] = lambda said: ConfigError(f"[http] listen: {said}"),
    ) -> None:
        self._listen = listen
        self._refusal = refusal
        self._app = Application(pulse, now)
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; 0 before the start."""
        return self._server.server_port if self._server else 0

    def start(self) -> None:
        """Listen from now on.

        Raises:
            ConfigError: nobody may listen there, naming [http] listen.
        """
        host, _, port = self._listen.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = type("_Server", (_Server,), {"address_family": family})
        try:
            self._server = kind((host, int(port)), _Handler)
        except (OSError, OverflowError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise self._refusal(
                f"cannot listen on {self._listen}: {said}; choose a free port of this machine"
            ) from None
        self._server.set_app(self._app)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        server.server_close()
        self._thread.join(_GRACE)


class Application:
    """The WSGI application: two pages, no parameters, nothing to change, nobody to log in."""

    def __init__(self, pulse: Pulse, now: Callable[[], datetime]) -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Metrics(pulse, now))
        self._metrics = make_wsgi_app(registry)
        self._pulse = pulse
        self._now = now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One answer; a fault of ours is an event and a 500."""
        try:
            return self._page(environ, start_response)
        except Exception as error:  # a page that cannot be made is no reason to write elsewhere than into the log
            emit(Event.TASK_DIED, task="http", error=repr(error))
            return _answer(start_response, "500 Internal Server Error", b"see the log\n", "text/plain")

    def _page(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _answer(start_response, "405 Method Not Allowed", b"only GET\n", "text/plain")
        match environ["PATH_INFO"]:
            case "/health":
                return self._health(start_response)
            case "/metrics":
                pages: Iterable[bytes] = self._metrics(environ, start_response)
                return pages
        return _answer(start_response, "404 Not Found", b"there are /health and /metrics\n", "text/plain")

    def _health(self, start_response: StartResponse) -> Iterable[bytes]:
        view, now = self._pulse.view(), self._now()
        found = view.conditions(now)
        body = {
            "ok": not found,
            "version": __version__,
            "policy": view.situation.facts.policy_hash,
            "looked_at": _text(view.situation.now),
            "needs": [_entry(one) for one in found],
        }
        status = "503 Service Unavailable" if found else "200 OK"
        return _answer(start_response, status, json.dumps(body).encode() + b"\n", "application/json")


def _entry(one: Condition) -> dict[str, Any]:
    """Without the detail: a server's words could name a person."""
    return {"condition": one.word, "mailbox": one.mailbox, "since": _text(one.since)}


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _answer(start_response: StartResponse, status: str, body: bytes, kind: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a request, so that a slow reader holds up nobody."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing: a client that is slow or goes away is no event."""

    def server_bind(self) -> None:
        """As WSGIServer's, without asking the DNS for our name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    """Quiet: a scrape is no event."""

    timeout = _PATIENCE

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""

    def get_stderr(self) -> TextIO:
        """Where wsgiref puts its tracebacks of clients that went away while they were answered."""
        return io.StringIO()

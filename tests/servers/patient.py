"""aiosmtpd's thread with a start that waits as long as it takes: the library gives its trial connection one second."""

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Final

from aiosmtpd.controller import Controller

from tests.servers.ports import wait_until

_PATIENCE_S: Final = 60.0


class PatientController(Controller):
    """`start` returns when `counted` says that the trial connection was, so that it is never taken for a client's."""

    def __init__(self, handler: object, counted: Callable[[], bool], **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", ready_timeout=_PATIENCE_S, **options)
        self._counted = counted

    def _trigger_server(self) -> None:
        with ExitStack() as stack:
            link = stack.enter_context(socket.create_connection((self.hostname, self.port), _PATIENCE_S))
            if self.ssl_context is not None:
                link = stack.enter_context(_trusting().wrap_socket(link))
            wait_until(self._counted, _PATIENCE_S, "the SMTP sink does not answer")
            link.settimeout(1.0)
            with suppress(TimeoutError):  # it may have been told to be silent
                link.recv(1024)


def _trusting() -> ssl.SSLContext:
    """For a look whether somebody answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context

"""aiosmtpd's thread with a server, with patience for a machine that is busy while it starts."""

import socket
import ssl
from typing import Any

from aiosmtpd.controller import Controller

_PATIENCE_S = 60.0


class PatientController(Controller):
    """Its trial hears the greeting, however late that comes.

    The library's own gives up after a second, and then that connection counts as one of the test's.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, ready_timeout=_PATIENCE_S, **options)

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port), _PATIENCE_S) as plain:
            if self.ssl_context is None:
                plain.recv(1)
                return
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            with trusting.wrap_socket(plain) as secured:
                secured.recv(1)

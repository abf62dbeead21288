"""Tells systemd how the daemon is: ready, alive, stopping (sd_notify(3), six lines need no library)."""

import os
import socket
import time
from typing import Final

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"


def reloading() -> str:
    """`RELOADING=1` with its moment, as Type=notify-reload wants it; `READY=1` follows (sd_notify(3))."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def notify(state: str) -> bool:
    """Send one state, such as `READY=1` or `STATUS=3 mailboxes`, to $NOTIFY_SOCKET.

    Returns whether it was handed over. Never raises: not run by systemd, or a supervisor that is
    gone, must not stop a daemon that reads mail.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # abstract name: its first byte is NUL on the wire
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.connect(address)
            sender.sendall(state.encode())
    except OSError:
        return False
    return True


def watchdog_interval() -> float | None:
    """Seconds after which systemd takes this process for dead, or None where nobody watches it.

    Send `WATCHDOG=1` in half of that time (sd_watchdog_enabled(3)). $WATCHDOG_PID names the process
    that is watched: a child that inherited the variable is not.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    micros = os.environ.get("WATCHDOG_USEC", "")
    if not (micros.isascii() and micros.isdigit()) or int(micros) == 0:
        return None
    return int(micros) / 1_000_000

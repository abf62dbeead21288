"""Whether a server is this very machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host as configured is a loopback address or `localhost`; other names are not looked up."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

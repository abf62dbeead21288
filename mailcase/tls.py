"""The TLS of every connection that we open: certificate and host name are checked, never less than TLS 1.2."""

import os
import ssl
from functools import lru_cache

from mailcase.errors import ConfigError


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or newer with the certificate and the host name checked; ConfigError for an unreadable file.

    `ca_file` names certificates in PEM that are trusted instead of the system's.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file {ca_file}: {error}; it must be a PEM file of certificates") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def shared_context(ca_file: str | None) -> ssl.SSLContext:
    """As `tls_context`, the same one for every connection until the certificates on disk change. Nobody changes it.

    To read the system's certificates costs 45 ms of the event loop: three hundred mailboxes that connect again
    would hold it up, and with it every heartbeat, for a quarter of a minute.
    """
    paths = ssl.get_default_verify_paths()
    files = (ca_file,) if ca_file else (paths.cafile, paths.capath, paths.openssl_cafile, paths.openssl_capath)
    return _made(ca_file, tuple(_facts(file) for file in files))


@lru_cache(maxsize=64)
def _made(ca_file: str | None, _facts: tuple[tuple[int, ...], ...]) -> ssl.SSLContext:
    return tls_context(ca_file)


def _facts(file: str | None) -> tuple[int, ...]:
    """What tells that a file or folder was changed; what is not there has none."""
    try:
        found = os.stat(file or "")
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)

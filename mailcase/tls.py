"""The TLS of every connection that we open: certificate and host name are checked, never less than TLS 1.2."""

import ssl

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

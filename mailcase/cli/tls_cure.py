"""What to do where TLS fails: by what OpenSSL said, for `mailcase check`."""

import ssl
from typing import Final

_OTHER_HOST: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_EXPIRED: Final = 10  # X509_V_ERR_CERT_HAS_EXPIRED
#: OpenSSL's reasons where the first bytes are a greeting in plain text.
_PLAIN_TEXT: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


def tls_cure(section: str, security: str, error: BaseException) -> str:
    """The cure for [mailbox.SECTION]; "" where TLS was not what failed."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(section, cause.verify_code)
    if cause is not None and security == "tls" and cause.reason in _PLAIN_TEXT:
        return f'[mailbox.{section}] security: the port speaks no TLS at once: security = "starttls", or another port'
    return ""


def _certificate(section: str, code: int) -> str:
    if code in _OTHER_HOST:
        key = "token_url" if section == "oauth2" else "host"
        return f"[mailbox.{section}] {key} must be a name that the server's certificate bears"
    if code == _EXPIRED:
        return "the server's certificate has expired: whoever runs the server must renew it"
    return f"name the certificate of its CA (or the server's own), as PEM, in [mailbox.{section}] ca_file"

"""What to do where a token endpoint refuses, by its word for it (RFC 6749 5.2)."""

from typing import Final

from mailcase.signin.grant import Grant

_CLIENT: Final = (
    "the provider does not know this client or what it shows: is client_id right, and in date what {shows}?"
)
_SERVICE_GRANT: Final = (
    "is [mailbox.imap] user a user of the domain, is the service account's key still valid, is the clock right?"
)
_SERVICE_CLIENT: Final = (
    "allow the service account's client id this scope: domain-wide delegation in the admin console of the domain"
)
_DELEGATED: Final = "sign in anew and put the new refresh token into [mailbox.oauth2] refresh_token"
_CONSENT: Final = "has an administrator consented to the client's permissions? is the tenant in token_url right?"
_SCOPE: Final = 'look at scope: "https://outlook.office365.com/.default" or "https://mail.google.com/"'


def cure(grant: Grant, word: str, shown: str) -> str:
    """A sentence for a person; `shown` is the refresh token that was refused, or ""."""
    if word == "invalid_scope":
        return _SCOPE
    if grant.service_account is not None:
        return _SERVICE_CLIENT if word == "unauthorized_client" else _SERVICE_GRANT
    if word in ("invalid_grant", "interaction_required", "consent_required", "login_required") and shown:
        return _DELEGATED
    if word == "invalid_client":
        return _CLIENT.format(shows=_shows(grant))
    return _CONSENT


def _shows(grant: Grant) -> str:
    if grant.client_key:
        return "client_key and client_thumbprint hold"
    return "client_secret holds" if grant.client_secret else "the refresh token was made for"

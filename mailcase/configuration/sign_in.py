"""Which keys of [mailbox.oauth2] go together, and with `auth` of the servers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mailcase.configuration.mailbox import MailboxSection, Oauth2Section
from mailcase.configuration.problems import Problem

if TYPE_CHECKING:
    from mailcase.config import Settings

_NEEDED: Final = (
    "needs [mailbox.oauth2]: token_url, client_id, scope and client_secret or client_key; or service_account; "
    "or refresh_token"
)
_UNUSED: Final = 'has no effect: set auth = "xoauth2" in [mailbox.imap] or [mailbox.smtp], or leave it out'
_OF_A_CLIENT: Final = ("client_id", "client_secret", "client_key", "client_thumbprint", "refresh_token")

_At = tuple[str | int, ...]


def contradictions(settings: "Settings") -> Iterator[Problem]:
    """Every wrong combination, at the key that must change."""
    for number, box in enumerate(settings.mailbox):
        at = ("mailbox", number)
        yield from _servers(box, at)
        if box.oauth2 is not None:
            yield from _grant(box.oauth2, (*at, "oauth2"))


def _servers(box: MailboxSection, at: _At) -> Iterator[Problem]:
    asking = [name for name, one in (("imap", box.imap), ("smtp", box.smtp)) if one and one.auth == "xoauth2"]
    if box.oauth2 is None:
        for name in asking:
            yield Problem((*at, name, "auth"), f'"xoauth2" {_NEEDED}')
    elif not asking:
        yield Problem((*at, "oauth2"), _UNUSED)


def _grant(oauth2: Oauth2Section, at: _At) -> Iterator[Problem]:
    if oauth2.service_account is not None:
        yield from _service_account(oauth2, at)
        return
    if not oauth2.client_id:
        yield Problem((*at, "client_id"), "is missing: the id that the provider gave to the application")
    if oauth2.client_secret is not None and oauth2.client_key is not None:
        yield Problem((*at, "client_secret"), "client_key is set too: leave one of them out")
    if oauth2.client_thumbprint and oauth2.client_key is None:
        yield Problem((*at, "client_thumbprint"), "without client_key it has no effect: set it, or leave this out")
    if oauth2.refresh_token is None and oauth2.client_secret is None and oauth2.client_key is None:
        yield Problem(
            (*at, "client_secret"),
            "is missing: set client_secret or client_key (the client's own grant), refresh_token (a user's), "
            "or service_account (Google)",
        )


def _service_account(oauth2: Oauth2Section, at: _At) -> Iterator[Problem]:
    for name in _OF_A_CLIENT:
        if getattr(oauth2, name):
            yield Problem((*at, name), "service_account brings its own id and key: leave this out, or service_account")
    if not oauth2.scope:
        yield Problem((*at, "scope"), 'is missing: service_account needs one, such as "https://mail.google.com/"')

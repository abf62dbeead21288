"""Trying a token endpoint as `mailcase check` does: one token is asked for, and when it ends is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from mailcase.cli.when import after
from mailcase.clock import utcnow
from mailcase.configuration.mailbox import Oauth2Section
from mailcase.configuration.secrets import describe
from mailcase.configuration.values import Secret
from mailcase.intake.imap.settings import ImapSettings
from mailcase.outbox.settings import SmtpSettings
from mailcase.ports import SignIn

NOT_SIGNED_IN: Final = "there is no token"
ENDPOINT_CURE: Final = "look at token_url of [mailbox.oauth2]; is the endpoint there, does a firewall stand between?"
_PERMISSIONS: Final = {
    "imap": "IMAP.AccessAsApp, and Add-MailboxPermission for this mailbox",
    "smtp": "SMTP.SendAsApp, and SMTP AUTH switched on for this mailbox",
}
_SECRETS: Final = ("client_secret", "client_key", "refresh_token", "service_account")


def sign_ins(imap: ImapSettings | None, smtp: SmtpSettings | None) -> list[SignIn]:
    """The sources of a mailbox's tokens, one where reading and sending share it."""
    found = [one.sign_in for one in (imap, smtp) if one is not None and one.sign_in is not None]
    return list(dict.fromkeys(found))


async def told_token(source: SignIn) -> str:
    """When its token ends, in words; raises as SignIn.token."""
    await source.token()
    now = utcnow()
    end = now + timedelta(seconds=source.left_s)
    return f"good for {after(now, end)}, until {end:%Y-%m-%d %H:%M:%S} UTC"


def oauth2_secrets(oauth2: Oauth2Section | None) -> Iterator[tuple[str, Secret]]:
    """Every secret of [mailbox.oauth2] that is set, by its key."""
    for key in _SECRETS:
        secret: Secret | None = getattr(oauth2, key, None)
        if secret is not None:
            yield key, secret


def from_where(oauth2: Oauth2Section | None, base: Path) -> list[str]:
    """Where each of them comes from, never what it is."""
    return [f"{key} comes from {describe(secret, base)}" for key, secret in oauth2_secrets(oauth2)]


def not_let_in(section: str, user: str) -> str:
    """What to do where a server refuses a token that its endpoint has just given."""
    return (
        f"the token is good, the server does not let it into {user}: Microsoft 365 wants {_PERMISSIONS[section]}, "
        f"Google the scope https://mail.google.com/; is [mailbox.{section}] user the mailbox's own address?"
    )

"""[[mailbox]]: one support address, its source and its way out (contract.md)."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from mailcase.configuration.values import (
    DomainOrNone,
    Duration,
    Flag,
    MailAddress,
    Port,
    Secret,
    Section,
    Start,
    Whole,
    Word,
    duration,
    fits,
)
from mailcase.netplace import is_loopback


def _folder(name: str) -> str:
    """The name of an IMAP folder; INBOX alone is the same however it is written (RFC 3501 5.1)."""
    return "INBOX" if name.lower() == "inbox" else name


def _target(after: str) -> str:
    kind, colon, folder = after.partition(":")
    return f"{kind}{colon}{_folder(folder)}"


Security = Literal["tls", "starttls", "none"]
Folder = Annotated[Word, AfterValidator(_folder)]
After = Annotated[
    str, fits(r"keep|seen|delete|move:.+", '"keep", "seen", "delete" or "move:Folder"'), AfterValidator(_target)
]
_PLAIN_TEXT = (
    'security = "none" sends passwords and mail in plain text: it is taken for a loopback host only; '
    'use "tls" or "starttls", or set allow_insecure = true here'
)


class ServerSection(Section):
    """What [mailbox.imap] and [mailbox.smtp] share."""

    host: Word
    allow_insecure: Flag = False
    ca_file: str = ""
    auth: Literal["password", "xoauth2"] = "password"


class ImapSection(ServerSection):
    """[mailbox.imap]"""

    port: Port = 993
    security: Security = "tls"
    user: Word
    password: Secret | None = None
    folders: tuple[Folder, ...] = Field(default=("INBOX",), min_length=1)
    sent_folder: Annotated[str, AfterValidator(_folder)] = ""
    after: After = "keep"
    poll: Duration = duration("60s")
    idle: Flag = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.security == "none" and not (self.allow_insecure or is_loopback(self.host)):
            raise ValueError(_PLAIN_TEXT)
        if self.auth == "password" and self.password is None:
            raise ValueError(
                'password is missing: password = { file = "…" }, { env = "…" } or { credential = "…" }; '
                'or auth = "xoauth2" with [mailbox.oauth2]'
            )
        if again := next((one for one in self.folders if self.folders.count(one) > 1), ""):
            raise ValueError(f"folders names {again!r} twice; write it once")
        if self.after.removeprefix("move:") in self.folders and self.after.startswith("move:"):
            raise ValueError(f"after = {self.after!r} names a folder that is read itself: mails would come back")
        if self.sent_folder and self.sent_folder in (*self.folders, self.after.removeprefix("move:")):
            raise ValueError(
                f"sent_folder = {self.sent_folder!r} holds what agents wrote: it is neither one of folders nor moved to"
            )
        return self


class SmtpSection(ServerSection):
    """[mailbox.smtp]"""

    port: Port = 587
    security: Security = "starttls"
    user: str = ""
    password: Secret | None = None
    from_name: str = ""
    timeout: Duration = duration("60s")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.security == "none" and not (self.allow_insecure or is_loopback(self.host)):
            raise ValueError(_PLAIN_TEXT)
        if self.auth == "xoauth2" and not self.user:
            raise ValueError('auth = "xoauth2" needs user: the address of the account that sends')
        if self.auth == "password" and bool(self.user) != (self.password is not None):
            raise ValueError("user and password belong together: set both, or neither for a relay without a login")
        return self


class MaildirSection(Section):
    """[mailbox.maildir]"""

    path: Word
    after: After = "keep"
    poll: Duration = duration("10s")

    @model_validator(mode="after")
    def _check(self) -> Self:
        kind, _, folder = self.after.partition(":")
        if kind == "move" and folder == "INBOX":
            raise ValueError(f"after = {self.after!r} names the Maildir itself: mails would come back")
        if kind == "move" and not all(folder.replace(".", "/").split("/")):
            raise ValueError(f'after = {self.after!r}: expected a sub-folder such as "move:Archive/2026"')
        return self


def _token_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http") or parts.username:
        raise ValueError('expected an address such as "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"')
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("http sends secrets in plain text: https:// is expected, http:// for a loopback host only")
    return url


def _thumbprint(text: str) -> str:
    """Lower-case hexadecimal without the colons that openssl prints."""
    plain = text.replace(":", "").replace(" ", "").lower()
    if plain and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", plain):
        raise ValueError("expected a certificate's thumbprint: 40 hexadecimal digits (SHA-1) or 64 (SHA-256)")
    return plain


class Oauth2Section(Section):
    """[mailbox.oauth2]: a refresh_token (delegated), a Google service_account, else the client's own credentials."""

    token_url: Annotated[str, AfterValidator(_token_url)]
    client_id: str = ""
    client_secret: Secret | None = None
    client_key: Secret | None = None  # PEM private key: a signed client assertion instead of a secret
    client_thumbprint: Annotated[str, AfterValidator(_thumbprint)] = ""  # of the certificate of client_key
    scope: str = ""
    refresh_token: Secret | None = None
    service_account: Secret | None = None  # the JSON key file of a Google service account
    ca_file: str = ""


class MailboxSection(Section):
    """[[mailbox]]"""

    name: Annotated[str, fits(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a short name of letters, digits and . _ -")]
    address: MailAddress
    aliases: tuple[MailAddress, ...] = ()
    group: Word = "default"
    category: str = "Incident"
    organization: str = ""
    language: str = ""
    assignee_group: str = ""
    notify: tuple[MailAddress, ...] = ()
    accept_any_recipient: Flag = False
    reply_to_is_sender: Flag = False
    form_senders: tuple[MailAddress, ...] = ()
    sub_addressing: Flag = False
    message_id_domain: DomainOrNone = ""
    start: Start = "new"
    silent_hours: Annotated[Whole, Field(ge=0, le=8784)] = 0
    imap: ImapSection | None = None
    maildir: MaildirSection | None = None
    smtp: SmtpSection | None = None
    oauth2: Oauth2Section | None = None

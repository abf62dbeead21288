"""What `mailcase check` tries: store and servers, each with what came back and what to do. Changes nothing."""

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from mailcase.cli.awaited import Awaited
from mailcase.cli.counting import Counter
from mailcase.cli.maildir_probe import told_maildir
from mailcase.cli.refused_cure import refused_cure
from mailcase.cli.silence import silence_cure
from mailcase.cli.smtp_probe import probe
from mailcase.cli.tls_cure import tls_cure
from mailcase.cli.token_probe import (
    ENDPOINT_CURE,
    NOT_SIGNED_IN,
    from_where,
    not_let_in,
    oauth2_secrets,
    sign_ins,
    told_token,
)
from mailcase.config import Settings
from mailcase.configuration.mailbox import MailboxSection
from mailcase.configuration.secrets import describe
from mailcase.configuration.values import Secret
from mailcase.errors import ConfigError, MailcaseError, TokenRefused, Transient
from mailcase.intake.imap.failures import FolderMissing, LoginRefused
from mailcase.intake.imap.session import ImapSession
from mailcase.intake.imap.settings import ImapSettings
from mailcase.lmtp.start import extra_missing
from mailcase.outbox.settings import SmtpSettings
from mailcase.places import cannot_make
from mailcase.policy_build import Built
from mailcase.ports import SignIn
from mailcase.store import migrate

_REACH_FILE: Final = "is the folder of [store] state_dir there, and readable for the user that runs this?"
_REACH_POSTGRES: Final = "does the server run, and are user, host and database of [store] url right, and the password?"
_PLAIN_URL: Final = "[store] url holds a password as plain text: better in .pgpass of the user that runs mailcase"
GREETING_S: Final = 10.0  # until a server's greeting: a wrong port may say nothing at all


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check`; `cure` is what to do, also where it is ok but could be better."""

    what: str
    name: str
    ok: bool
    detail: str
    cure: str = ""
    exit: int = 1  # the status that a failure ends with
    store: Literal["open", "none", "shut"] = "shut"  # whether opening it changes nothing, or there is none

    def entry(self) -> dict[str, Any]:
        """As `check` of contract.md."""
        return {"what": self.what, "name": self.name, "ok": self.ok, "detail": self.detail, "cure": self.cure}


def configuration(settings: Settings, built: Built) -> Finding:
    """What was read."""
    count, lines = len(settings.mailbox), len(built.policy.junk.blacklist.lines)
    detail = (
        f"{settings.file}, {count} {'mailbox' if count == 1 else 'mailboxes'}, "
        f"{lines} blacklist {'line' if lines == 1 else 'lines'}, templates {' '.join(built.templates.languages)}"
    )
    return Finding("configuration", "", ok=True, detail=detail, cure="; ".join(_plain_secrets(settings)))


def _plain_secrets(settings: Settings) -> list[str]:
    """A sentence for each secret that lies where others could read it."""
    named: list[tuple[str, Secret]] = [("token_keys", one) for one in settings.security.token_keys]
    for box in settings.mailbox:
        for section, server in (("imap", box.imap), ("smtp", box.smtp)):
            if server and server.password:
                named.append((f"{section} password of {box.name}", server.password))
        named += [(f"oauth2 {key} of {box.name}", secret) for key, secret in oauth2_secrets(box.oauth2)]
    told = [(name, describe(secret, settings.base)) for name, secret in named]
    shown = [f"{name} comes from {said}" for name, said in told if "chmod" in said or said.startswith("a plain text")]
    return [*shown, *([_PLAIN_URL] if urlsplit(settings.store.url).password else [])]


def store(settings: Settings) -> Finding:
    """Whether the store is there, reachable and of the right schema."""
    file = settings.sqlite_file
    name = f"sqlite {file}" if file else "postgresql"
    try:
        found = migrate.current(migrate.absolute(settings.store.url, settings.state_dir))
    except MailcaseError as error:
        kind = 78 if isinstance(error, ConfigError) else 75
        cure = "install the newer mailcase again" if kind == 78 else _REACH_FILE if file else _REACH_POSTGRES
        return Finding("store", "", ok=False, detail=f"{name}: {error}", cure=cure, exit=kind)
    newest = migrate.SCHEMAS[-1]
    if found == newest:
        detail, foreign = f"{name}, schema {found}", _other_owner(file)
        return Finding("store", "", ok=True, detail=detail, cure=foreign, store="shut" if foreign else "open")
    if file is None:
        detail = f"{name}: schema {found or 'empty'}, {newest} is needed"
        cure = "`mailcase db upgrade`, every daemon stopped"
        return Finding("store", "", ok=False, detail=detail, cure=cure, exit=78)
    if not found:
        return _first(name, file)
    detail = f"{name}, schema {found}: a migration to {newest} is due"
    cure = "the daemon's next start migrates it, after a copy; so does `mailcase db upgrade` with the daemon stopped"
    return Finding("store", "", ok=True, detail=detail, cure=cure)


def _first(name: str, file: Path) -> Finding:
    """Of a store that is not there yet: whether this user could make it."""
    if wrong := cannot_make(file):
        cure = "make the folder of [store] state_dir, owned by the user that runs mailcase"
        return Finding("store", "", ok=False, detail=f"{name}: {wrong}", cure=cure, exit=78)
    detail, cure = f"{name}: not there yet", _other_owner(file.parent) or "the first run makes it"
    return Finding("store", "", ok=True, detail=detail, cure=cure, store="none")


def _other_owner(file: Path | None) -> str:
    if file is None or not file.exists() or file.stat().st_uid == os.geteuid():
        return ""
    return "it belongs to another user: commands that write must be run as that user"


def lmtp(settings: Settings) -> list[Finding]:
    """A line where the daemon could not begin to listen, since the extra is missing; else none."""
    wrong = extra_missing(settings)
    return [Finding("lmtp", "", ok=False, detail=str(wrong), exit=78)] if wrong else []


async def servers(settings: Settings, built: Built, counter: Counter) -> list[Finding]:
    """Every token endpoint, source and SMTP server, all at once; in the order of the mailboxes."""
    tries: list[Awaitable[Finding]] = []
    awaited = Awaited()
    for box in settings.mailbox:
        imap, smtp = built.imap.get(box.name), built.smtp.get(box.name)
        tries += [_token(settings, box, one) for one in sign_ins(imap, smtp)]
        if imap:
            seen = _imap(settings, box, replace(imap, greeting_s=GREETING_S), counter)
            tries.append(_told(awaited, f"imap {box.name} at {imap.host}:{imap.port}", imap.timeout_s, seen))
        else:
            tries.append(_no_imap(settings, box))
        if smtp:
            sent = _smtp(settings, box, replace(smtp, greeting=GREETING_S))
            tries.append(_told(awaited, f"smtp {box.name} at {smtp.relay}", smtp.timeout, sent))
    return list(await asyncio.gather(*tries))


async def _told(awaited: Awaited, name: str, answer_s: float, work: Awaitable[Finding]) -> Finding:
    """The finding; people are told that it is waited for."""
    limit = f"at most {min(GREETING_S, answer_s):g} s until it greets, then {answer_s:g} s an answer"
    with awaited.of(name, lambda: limit):
        return await work


async def _token(settings: Settings, box: MailboxSection, source: SignIn) -> Finding:
    try:
        return Finding("token", box.name, ok=True, detail=await told_token(source))
    except TokenRefused as error:
        cure = "; ".join([error.cure, *from_where(box.oauth2, settings.base)])
        return Finding("token", box.name, ok=False, detail=error.said, cure=cure)
    except MailcaseError as error:
        cure = tls_cure("oauth2", "tls", error) or (isinstance(error, Transient) and ENDPOINT_CURE) or ""
        return Finding("token", box.name, ok=False, detail=str(error), cure=cure)


async def _no_imap(settings: Settings, box: MailboxSection) -> Finding:
    if box.maildir is None:
        detail = "no [mailbox.imap] or [mailbox.maildir]: mail comes by `mailcase ingest` and LMTP alone"
        return Finding("imap", box.name, ok=True, detail=detail)
    detail, wrong = told_maildir(settings.path(box.maildir.path), box.maildir.after)
    return Finding("maildir", box.name, ok=not wrong, detail=detail, cure=wrong)


async def _imap(settings: Settings, box: MailboxSection, imap: ImapSettings, counter: Counter) -> Finding:
    where = f"{imap.host}:{imap.port}"
    try:
        session = await ImapSession.open(imap)
        try:
            told = [await counter.told(session, imap, folder) for folder in imap.watched]
            await session.logout()
        finally:
            session.close()
    except TokenRefused:
        return Finding("imap", box.name, ok=False, detail=f"{where} not tried: {NOT_SIGNED_IN}")
    except MailcaseError as error:
        said = str(error).removeprefix(f"{where}: ")  # the connection's errors name the place themselves
        silent = await silence_cure("imap", imap.host, imap.port, imap.security, error)
        cure = silent or _imap_cure(settings, box, error)
        return Finding("imap", box.name, ok=False, detail=f"{where} {said}", cure=cure)
    except TimeoutError:
        return Finding("imap", box.name, ok=False, detail=f"{where} no answer in time", cure=_reachable("imap"))
    return Finding("imap", box.name, ok=True, detail=f"{where} login accepted; {'; '.join(told)}")


def _imap_cure(settings: Settings, box: MailboxSection, error: MailcaseError) -> str:
    if box.imap and (cure := tls_cure("imap", box.imap.security, error)):
        return cure
    if isinstance(error, LoginRefused) and box.imap and box.imap.auth == "xoauth2":
        return not_let_in("imap", box.imap.user)
    if isinstance(error, LoginRefused) and box.imap and box.imap.password:
        return (
            f"password comes from {describe(box.imap.password, settings.base)}. "
            'Microsoft 365 refuses passwords: set auth = "xoauth2". Google wants an app password, or the same.'
        )
    if isinstance(error, FolderMissing):
        return "name folders of the server in [mailbox.imap] folders and sent_folder; upper and lower case count"
    return refused_cure(error) or (_reachable("imap") if isinstance(error, Transient) else "")


async def _smtp(settings: Settings, box: MailboxSection, smtp: SmtpSettings) -> Finding:
    try:
        told = await probe(smtp)
    except TokenRefused:
        return Finding("smtp", box.name, ok=False, detail=f"{smtp.relay} not tried: {NOT_SIGNED_IN}")
    except MailcaseError as error:
        silent = await silence_cure("smtp", smtp.host, smtp.port, smtp.security, error)
        return Finding("smtp", box.name, ok=False, detail=str(error), cure=silent or _smtp_cure(settings, box, error))
    except TimeoutError:
        return Finding("smtp", box.name, ok=False, detail=f"{smtp.relay} no answer in time", cure=_reachable("smtp"))
    return Finding("smtp", box.name, ok=True, detail=f"{smtp.relay} {told}")


def _smtp_cure(settings: Settings, box: MailboxSection, error: MailcaseError) -> str:
    if box.smtp and (cure := tls_cure("smtp", box.smtp.security, error)):
        return cure
    if isinstance(error, ConfigError) and box.smtp and box.smtp.auth == "xoauth2":
        return not_let_in("smtp", box.smtp.user)
    if isinstance(error, ConfigError) and box.smtp and box.smtp.password:
        return f"password comes from {describe(box.smtp.password, settings.base)}"
    return _reachable("smtp") if isinstance(error, Transient) else ""


def _reachable(section: str) -> str:
    return (
        f"look at host, port and security of [mailbox.{section}]; is the server there, does a firewall stand between? "
        'A server that says nothing at all may wait for TLS: security = "tls"'
    )

"""From Settings to what the parts work with: Policy, templates, IMAP and SMTP settings."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from mailcase.cases.freemail import FREEMAIL
from mailcase.cases.numbers import Mask
from mailcase.config import Settings
from mailcase.configuration.checks import status_table
from mailcase.configuration.mailbox import MailboxSection
from mailcase.configuration.notices import assignment_rules, check_templates, notice_rules
from mailcase.configuration.sections import CLOSING_REASONS
from mailcase.configuration.values import Secret
from mailcase.errors import ConfigError
from mailcase.intake.addresses import key_of
from mailcase.intake.imap.settings import ImapSettings
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.junk import header_rules
from mailcase.junk.blacklist import Blacklist
from mailcase.maildir_settings import maildir_settings
from mailcase.outbox.settings import SmtpSettings
from mailcase.outbox.templates import TemplateSet
from mailcase.policy import (
    AcknowledgePolicy,
    AgentPolicy,
    AttachmentPolicy,
    CasePolicy,
    CategoryPolicy,
    JunkPolicy,
    LinkingPolicy,
    MailboxPolicy,
    Policy,
    TransitionRule,
)
from mailcase.server_settings import imap_settings, smtp_settings
from mailcase.shipped import FOLDER
from mailcase.template_files import load_templates, template_files, template_texts
from mailcase.tokens import TokenKeys

_SHORTEST_KEY: Final = 16  # bytes
_DECIDING: Final = ("cases", "agents", "linking", "junk", "acknowledge", "attachments", "notice", "assignment")
_NOT_DECIDING: Final = {"imap", "smtp", "maildir", "oauth2"}  # of a mailbox: how mail comes and goes
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Built:
    """Everything that a configuration says, ready for use; mailboxes without IMAP or SMTP are not in the maps."""

    policy: Policy
    templates: TemplateSet
    imap: dict[str, ImapSettings]
    smtp: dict[str, SmtpSettings]
    maildir: dict[str, MaildirSettings] = field(default_factory=dict)


def build(settings: Settings) -> Built:
    """Build everything, reading every secret; raises one ConfigError with all that is wrong."""
    wrong: list[str] = []

    def attempt(make: Callable[[], _T]) -> _T | None:
        try:
            return make()
        except ConfigError as error:
            wrong.append(str(error))
            return None

    templates = attempt(lambda: build_templates(settings))
    # Each by itself first, so that one mistake does not hide the other; the same words are said once.
    attempt(lambda: build_blacklist(settings))
    attempt(lambda: token_keys(settings))
    policy = attempt(lambda: build_policy(settings))
    imap = {box.name: attempt(partial(imap_settings, settings, box)) for box in settings.mailbox if box.imap}
    smtp = {box.name: attempt(partial(smtp_settings, settings, box)) for box in settings.mailbox if box.smtp}
    if wrong or not policy or not templates:
        raise ConfigError("\n".join(dict.fromkeys(wrong)))
    return Built(
        policy,
        templates,
        {name: made for name, made in imap.items() if made},
        {name: made for name, made in smtp.items() if made},
        {box.name: maildir_settings(settings, box) for box in settings.mailbox if box.maildir},
    )


def build_for_deciding(settings: Settings) -> Built:
    """Policy and templates without the servers: their passwords are not read (`explain`)."""
    return Built(build_policy(settings), build_templates(settings), {}, {})


def templates_folder(settings: Settings) -> Path:
    """`templates/` beside the configuration; the shipped one where there is none."""
    own = settings.base / "templates"
    return own if own.is_dir() else FOLDER / "templates"


def languages(settings: Settings) -> tuple[str, ...]:
    """Those that have a template, by the folders' names in small letters; raises ConfigError as `template_files`."""
    return tuple(sorted({file.parent.name.lower() for file in template_files(templates_folder(settings))}))


def build_templates(settings: Settings) -> TemplateSet:
    """The compiled templates.

    Raises:
        ConfigError: naming file and line of a template, or the mailbox whose language has none.
    """
    folder, default = templates_folder(settings), settings.acknowledge.language
    found = sorted({file.parent.name for file in template_files(folder) if file.suffix == ".txt"})
    if default.lower() not in map(str.lower, found):
        raise settings.refusal(("acknowledge", "language"), _no_language(folder, default, found))
    made = load_templates(folder, default)
    for number, box in enumerate(settings.mailbox):
        wanted = box.language.lower().replace("_", "-")
        if wanted and not {wanted, wanted.partition("-")[0]} & set(made.languages):
            raise settings.refusal(("mailbox", number, "language"), _no_language(folder, box.language, made.languages))
    check_templates(settings, made)
    return made


def _no_language(folder: Path, wanted: str, known: Sequence[str]) -> str:
    place = f"{folder} has" if folder != FOLDER / "templates" else "the shipped templates have"
    return f"{place} no folder {wanted}; there are {', '.join(known) or 'none'}"


def build_blacklist(settings: Settings) -> Blacklist:
    """The parsed blacklist; raises ConfigError naming file and line."""
    return _parse_blacklist(settings, _blacklist_text(settings))


def _blacklist_text(settings: Settings) -> str:
    file = settings.blacklist_file
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        text = f"there is no file {file}; `mailcase init` writes one, an empty one does"
        raise settings.refusal(("junk", "blacklist"), text) from None
    except OSError as error:
        raise settings.refusal(("junk", "blacklist"), f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text (byte {error.start})") from None


def _parse_blacklist(settings: Settings, text: str) -> Blacklist:
    try:
        return Blacklist.parse(text)
    except ValueError as error:
        raise ConfigError(f"{settings.blacklist_file}: {error}") from None


def build_policy(settings: Settings) -> Policy:
    """The part that the core reads, with its hash; raises ConfigError (blacklist, token keys)."""
    blacklist_text = _blacklist_text(settings)
    keys = token_keys(settings)
    return Policy(
        mailboxes={box.name: _mailbox(box) for box in settings.mailbox},
        statuses=status_table(settings.cases),
        cases=_cases(settings),
        linking=_linking(settings),
        junk=_junk(settings, _parse_blacklist(settings, blacklist_text)),
        acknowledge=AcknowledgePolicy(**dict(settings.acknowledge)),
        attachments=attachment_policy(settings),
        trusted_authserv_ids=frozenset(one.lower() for one in settings.security.trusted_authserv_ids),
        keys=keys,
        hash=_hash(settings, blacklist_text, keys),
        agents=AgentPolicy(**dict(settings.agents)),
        notices=notice_rules(settings),
        assignments=assignment_rules(settings),
    )


def token_keys(settings: Settings) -> TokenKeys:
    """The keys that sign and verify; raises ConfigError where one is missing or too short."""
    keys = []
    for number, secret in enumerate(settings.security.token_keys):
        place = ("security", "token_keys", number)
        try:
            key = settings.secret(secret).get_secret_value().encode()
        except ConfigError as error:
            advice = "; `mailcase init` makes one" if _missing(settings, secret) else ""
            raise settings.refusal(place, f"{error}{advice}") from None
        if len(key) < _SHORTEST_KEY:
            raise settings.refusal(place, f"a key needs at least {_SHORTEST_KEY} bytes")
        keys.append(key)
    return TokenKeys(tuple(keys))


def _missing(settings: Settings, secret: Secret) -> bool:
    """Whether it is a file that is not there; one that may not be read is there."""
    try:
        if secret.kind == "file":
            settings.path(secret.place).stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _mailbox(box: MailboxSection) -> MailboxPolicy:
    return MailboxPolicy(
        name=box.name,
        address=box.address,
        keys=frozenset(key_of(address) for address in (box.address, *box.aliases)),
        group=box.group,
        category=box.category,
        organization=box.organization,
        language=box.language,
        assignee_group=box.assignee_group,
        accept_any_recipient=box.accept_any_recipient,
        reply_to_is_sender=box.reply_to_is_sender,
        form_senders=frozenset(key_of(address) for address in box.form_senders),
        sub_addressing=box.sub_addressing,
        message_id_domain=box.message_id_domain or key_of(box.address).rpartition("@")[2],
        from_name=box.smtp.from_name if box.smtp else "",
        notify=box.notify,
    )


def _cases(settings: Settings) -> CasePolicy:
    cases = settings.cases
    plain = dict(cases)
    for name in ("number_mask", "status", "account", "category", "transition"):
        del plain[name]
    return CasePolicy(
        **{
            **plain,
            "categories": cases.category_names,
            "category_rules": tuple(CategoryPolicy(**dict(one)) for one in cases.category),
            "transitions": tuple(TransitionRule(one.from_, one.to, one.category) for one in cases.transition),
            "mask": Mask.parse(cases.number_mask),
            "retired_masks": tuple(Mask.parse(one) for one in cases.retired_masks),
            "freemail": FREEMAIL.union(cases.freemail),
            "accounts": {domain: account.name for account in cases.account for domain in account.domains},
        }
    )


def _linking(settings: Settings) -> LinkingPolicy:
    own_lists = frozenset(one.strip().strip("<>").lower() for one in settings.linking.own_lists)
    return LinkingPolicy(**{**dict(settings.linking), "own_lists": own_lists})


def _junk(settings: Settings, blacklist: Blacklist) -> JunkPolicy:
    status = status_table(settings.cases).find(settings.junk.case_status)
    return JunkPolicy(
        create_cases=settings.junk.create_cases,
        case_status=status.name if status else settings.junk.case_status,
        blacklist=blacklist,
        header_rules=tuple(header_rules.compile(one.name, one.matches, one.reason) for one in settings.junk.header),
        closing_reasons={**CLOSING_REASONS, **settings.junk.closing_reasons},
    )


def attachment_policy(settings: Settings) -> AttachmentPolicy:
    """Which attachments are offered (B14); needs no secret."""
    types = frozenset(one.lower().lstrip(".") for one in settings.attachments.types)
    return AttachmentPolicy(**{**dict(settings.attachments), "types": types})


def _hash(settings: Settings, blacklist_text: str, keys: TokenKeys) -> str:
    """Of all that decides: the same files give the same hash, whatever the connections are."""
    plain = settings.model_dump(mode="json", include=set(_DECIDING))
    plain["mailbox"] = [box.model_dump(mode="json", exclude=_NOT_DECIDING) for box in settings.mailbox]
    plain["from_names"] = [box.smtp.from_name if box.smtp else "" for box in settings.mailbox]
    plain["trusted"] = settings.security.trusted_authserv_ids
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode())
    digest.update(blacklist_text.encode())
    for key in keys.keys:
        digest.update(hashlib.sha256(key).digest())
    for name, text in template_texts(templates_folder(settings)).items():
        digest.update(f"{name}\0{text}".encode(errors="surrogateescape"))  # a file name may be any bytes
    return digest.hexdigest()[:16]

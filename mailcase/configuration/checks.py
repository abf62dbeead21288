"""What must fit together in a configuration, once every single value is right."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mailcase.cases.freemail import FREEMAIL
from mailcase.cases.statuses import Status, StatusKind, StatusTable
from mailcase.configuration import notices, sign_in
from mailcase.configuration.mailbox import ImapSection
from mailcase.configuration.problems import Problem
from mailcase.configuration.sections import CLOSING_REASONS, CasesSection
from mailcase.intake.addresses import key_of

if TYPE_CHECKING:
    from mailcase.config import Settings

#: Of one server, whichever is used: as ImapSettings.source has it, which costs a command a third of a second to import.
_USUAL_PORTS: Final = (143, 993)


def status_table(cases: CasesSection) -> StatusTable:
    """The statuses; raises ValueError where the set does not hold together."""
    return StatusTable.build(
        tuple(Status(one.name, one.kind, one.role, one.formerly, one.closing_reason) for one in cases.status)
    )


def contradictions(settings: "Settings") -> Iterator[Problem]:
    """Every problem between keys."""
    yield from _statuses(settings)
    yield from _categories(settings)
    yield from _transitions(settings)
    yield from _accounts(settings)
    yield from _names(settings)
    yield from _addresses(settings)
    yield from _folders(settings)
    yield from _maildirs(settings)
    yield from _mailboxes(settings)
    yield from sign_in.contradictions(settings)
    yield from _junk_texts(settings)
    yield from _alarm(settings)
    yield from notices.contradictions(settings)
    if settings.intake.max_size > settings.intake.memory:
        yield Problem(("intake", "max_size"), "larger than [intake] memory: such a mail could never be taken")


def _statuses(settings: "Settings") -> Iterator[Problem]:
    try:
        table = status_table(settings.cases)
    except ValueError as error:
        yield Problem(("cases", "status"), str(error))
        return
    wanted = table.find(settings.junk.case_status)
    if wanted is None or wanted.kind is not StatusKind.FINAL:
        final = ", ".join(one.name for one in table.statuses if one.kind is StatusKind.FINAL)
        yield Problem(("junk", "case_status"), f"expected a status of kind final: {final}")


def _categories(settings: "Settings") -> Iterator[Problem]:
    disabled = {one.name for one in settings.cases.category if not one.enabled}
    names = [one.name for one in settings.cases.category]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem(("cases", "category", number, "name"), f"category {name} has an entry already")
    for number, box in enumerate(settings.mailbox):
        if box.category in disabled:
            yield Problem(("mailbox", number, "category"), f"{box.category} is not enabled in [[cases.category]]")


def _transitions(settings: "Settings") -> Iterator[Problem]:
    try:
        table = status_table(settings.cases)
    except ValueError:
        return  # said already
    known = ", ".join(one.name for one in table.statuses)
    for number, one in enumerate(settings.cases.transition):
        at = ("cases", "transition", number)
        for key, name in (("from", one.from_), *(("to", name) for name in one.to)):
            if table.find(name) is None:
                yield Problem((*at, key), f"{name} is no status; there are {known}")
        if one.category and one.category not in settings.cases.category_names:
            yield Problem((*at, "category"), f"{one.category} is no category")


def _accounts(settings: "Settings") -> Iterator[Problem]:
    free = FREEMAIL.union(settings.cases.freemail)
    owners: dict[str, str] = {}
    for number, account in enumerate(settings.cases.account):
        path = ("cases", "account", number, "domains")
        for domain in account.domains:
            if domain in free:
                yield Problem(path, f"{domain} is a freemail domain, which never owns an account")
            if owners.setdefault(domain, account.name) != account.name:
                yield Problem(path, f"{domain} belongs to account {owners[domain]} already")


def _names(settings: "Settings") -> Iterator[Problem]:
    seen: set[str] = set()
    for number, box in enumerate(settings.mailbox):
        if box.name.casefold() in seen:
            yield Problem(("mailbox", number, "name"), "another mailbox has this name; names are unique")
        seen.add(box.name.casefold())


def _addresses(settings: "Settings") -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for number, box in enumerate(settings.mailbox):
        for key, address in (("address", box.address), *(("aliases", alias) for alias in box.aliases)):
            owner = owners.setdefault(key_of(address), box.name)
            if owner != box.name:
                yield Problem(("mailbox", number, key), f"{address} belongs to mailbox {owner} already")


def _folders(settings: "Settings") -> Iterator[Problem]:
    owners: dict[tuple[str, str], str] = {}
    for number, box in enumerate(settings.mailbox):
        imap = box.imap
        for source in [(_server(imap), folder) for folder in _read(imap)] if imap else []:
            if owners.setdefault(source, box.name) != box.name:
                yield Problem(
                    ("mailbox", number, "imap", "folders"),
                    f"{source[1]} of this user is read by mailbox {owners[source]}: a mail can have one mailbox only",
                )


def _server(imap: ImapSection) -> str:
    """Which server, and whose: another port is another server (tunnels), unless both are usual."""
    port = "" if imap.port in _USUAL_PORTS else str(imap.port)
    return f"{imap.host.lower()}:{port}:{imap.user}"


def _read(imap: ImapSection) -> tuple[str, ...]:
    return (*imap.folders, imap.sent_folder) if imap.sent_folder else imap.folders


def _maildirs(settings: "Settings") -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for number, box in enumerate(settings.mailbox):
        if box.maildir is None:
            continue
        at = ("mailbox", number, "maildir")
        if box.imap is not None:
            yield Problem(at, "mail has one source: leave out [mailbox.imap] or [mailbox.maildir]")
        path = str(settings.path(box.maildir.path).resolve())  # one folder may have several names
        if owners.setdefault(path, box.name) != box.name:
            yield Problem((*at, "path"), f"it is read by mailbox {owners[path]}: a mail can have one mailbox only")


def _mailboxes(settings: "Settings") -> Iterator[Problem]:
    sends = settings.acknowledge.created or settings.acknowledge.followed or settings.acknowledge.reopened
    for number, box in enumerate(settings.mailbox):
        at = ("mailbox", number)
        if box.category not in settings.cases.category_names:
            known = ", ".join(settings.cases.category_names)
            yield Problem((*at, "category"), f"{box.category} is not in [cases] categories: {known}")
        if box.organization and settings.cases.organizations and box.organization not in settings.cases.organizations:
            yield Problem((*at, "organization"), f"{box.organization} is not in [cases] organizations")
        if box.form_senders and not box.reply_to_is_sender:
            yield Problem((*at, "form_senders"), "without reply_to_is_sender = true it has no effect")
        if sends and box.smtp is None:
            yield Problem(
                (*at, "smtp"),
                "is missing, and [acknowledge] wants mail sent: add it, or set created and followed to false",
            )


def _alarm(settings: "Settings") -> Iterator[Problem]:
    alarm = settings.alarm
    owners = {key_of(address): box.name for box in settings.mailbox for address in (box.address, *box.aliases)}
    for address in alarm.to:
        if owner := owners.get(key_of(address)):
            yield Problem(
                ("alarm", "to"), f"{address} is read by mailbox {owner}: name a person, who sees it elsewhere"
            )
    sending = [box.name for box in settings.mailbox if box.smtp]
    if alarm.mailbox and alarm.mailbox not in sending:
        yield Problem(
            ("alarm", "mailbox"), f"expected a mailbox with [mailbox.smtp]: {', '.join(sending) or 'none has'}"
        )
    if alarm.to and not sending:
        yield Problem(("alarm", "to"), "no mailbox has [mailbox.smtp], by which alarms could leave")


def _junk_texts(settings: "Settings") -> Iterator[Problem]:
    known = {*CLOSING_REASONS, *(rule.reason for rule in settings.junk.header)}
    for reason in settings.junk.closing_reasons:
        if reason not in known:
            yield Problem(
                ("junk", "closing_reasons", reason), f"not a reason for junk; known are {', '.join(sorted(known))}"
            )

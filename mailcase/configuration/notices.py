"""[[notice]] and [[assignment]]: who is told of what, and who gets a new case (L6)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mailcase.cases.statuses import Status, StatusTable
from mailcase.configuration.problems import Problem
from mailcase.configuration.values import DomainOrNone, Duration, Flag, MailAddress, Section, Word, fits
from mailcase.intake.addresses import key_of
from mailcase.life.assignment import PICKS, AssignmentRule
from mailcase.life.happening import What
from mailcase.life.notice import NoticeRule
from mailcase.life.notice_rules import (
    ACKNOWLEDGEMENTS,
    AMONG_US,
    BY_MAIL_ALONE,
    RECIPIENTS,
    SHIPPED_NAMES,
    NoticeChange,
    merged,
)
from mailcase.outbox.template_values import SAMPLE
from mailcase.outbox.templates import TemplateSet

if TYPE_CHECKING:
    from mailcase.config import Settings

_NAME: Final = fits(r"[a-z][a-z0-9_]{0,39}", "a name of small letters, digits and _, such as resolved")
Priority = Literal["", "Low", "Medium", "High", "Critical"]


def _recipient(word: str) -> str:
    if word not in RECIPIENTS:
        raise ValueError(f"expected some of {', '.join(RECIPIENTS)}")
    return word


def _pick(word: str) -> str:
    if word not in PICKS:
        raise ValueError(f"expected one of {', '.join(PICKS)}")
    return word


class NoticeEntry(Section):
    """[[notice]]: what it leaves out stays as shipped."""

    name: Annotated[str, _NAME]
    when: What | None = None
    to: tuple[Annotated[str, AfterValidator(_recipient)], ...] | None = Field(default=None, min_length=1)
    template: Word | None = None
    category: Word | None = None
    status: Word | None = None
    delay: Duration | None = None
    quote: Flag | None = None
    all_recipients: Flag | None = None
    enabled: Flag | None = None


class AssignmentEntry(Section):
    """[[assignment]]: the first that fits decides."""

    name: str = ""
    mailbox: str = ""
    category: str = ""
    sender_domain: DomainOrNone = ""
    words: tuple[Word, ...] = ()
    priority: Priority = ""
    group: str = ""
    agent: MailAddress | Literal[""] = ""
    pick: Annotated[str, AfterValidator(_pick)] = "none"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.group and not self.agent:
            raise ValueError('names nobody: add group = "…" or agent = "jane@example.com"')
        if self.agent and self.pick != "none":
            raise ValueError("agent names who gets it: leave out pick")
        return self


def contradictions(settings: "Settings") -> Iterator[Problem]:
    """What does not fit the rest of the configuration."""
    yield from _notices(settings)
    yield from _assignments(settings)
    yield from _teams(settings)


def notice_rules(settings: "Settings") -> tuple[NoticeRule, ...]:
    """The shipped rules with what the configuration changes, and its own."""
    table = _statuses(settings)
    return merged(_change(one, table) for one in settings.notice)


def _change(one: NoticeEntry, table: StatusTable) -> NoticeChange:
    """A former name of a status is that of today."""
    found = table.find(one.status) if one.status else None
    return NoticeChange(**{**dict(one), "status": found.name if found else one.status})


def assignment_rules(settings: "Settings") -> tuple[AssignmentRule, ...]:
    """In the order of the file; one without a name has its number."""
    open_, isolate = _statuses(settings).open_names, settings.agents.isolate_organizations
    return tuple(
        AssignmentRule(**{**dict(one), "name": one.name or f"assignment {number}", "open": open_, "isolate": isolate})
        for number, one in enumerate(settings.assignment, 1)
    )


def _statuses(settings: "Settings") -> StatusTable:
    return StatusTable(tuple(Status(one.name, one.kind, one.role, one.formerly) for one in settings.cases.status))


def check_templates(settings: "Settings", templates: TemplateSet) -> None:
    """Every template that a rule names is there, and an acknowledgement's says nothing of the case (B8).

    Raises:
        ConfigError: naming line and key.
    """
    for number, one in enumerate(settings.notice):
        name = one.template or one.name
        if name not in templates.names:
            if one.template is None and one.name in SHIPPED_NAMES:
                continue
            place = ("notice", number, "template" if one.template else "name")
            text = f"there is no template {name}; there are {', '.join(templates.names)}"
            raise settings.refusal(place, text)
        more = sorted(templates.uses(name) - SAMPLE.keys())
        if one.name in ACKNOWLEDGEMENTS and more:
            text = f"template {name} uses {', '.join(more)}; an acknowledgement may use {', '.join(sorted(SAMPLE))}"
            raise settings.refusal(("notice", number, "template"), text)


def _notices(settings: "Settings") -> Iterator[Problem]:
    seen: set[str] = set()
    for number, one in enumerate(settings.notice):
        at = ("notice", number)
        if one.name in seen:
            yield Problem((*at, "name"), f"there is another [[notice]] named {one.name}; write one")
        seen.add(one.name)
        yield from _known(settings, number, one)
        if one.name in ACKNOWLEDGEMENTS:
            yield from _acknowledgement(number, one)
        elif one.name in SHIPPED_NAMES:
            yield from _shipped(number, one)
        else:
            yield from _own(number, one)


def _known(settings: "Settings", number: int, one: NoticeEntry) -> Iterator[Problem]:
    at = ("notice", number)
    names = settings.cases.category_names
    if one.category and one.category not in names:
        yield Problem((*at, "category"), f"{one.category} is not in [cases] categories: {', '.join(names)}")
    known = [name for status in settings.cases.status for name in (status.name, *status.formerly)]
    if one.status and one.status.casefold() not in map(str.casefold, known):
        yield Problem((*at, "status"), f"{one.status} is no status; there are {', '.join(known)}")


def _acknowledgement(number: int, one: NoticeEntry) -> Iterator[Problem]:
    """Only what B13 leaves open."""
    switch = "created" if one.name == "registration" else one.name
    if one.enabled is not None:
        yield Problem(("notice", number, "enabled"), f"its switch is [acknowledge] {switch}; leave this out")
    if one.all_recipients is not None:
        yield Problem(
            ("notice", number, "all_recipients"), 'for acknowledgements that is [acknowledge] recipients = "all"'
        )
    for key in ("when", "to", "status"):
        if getattr(one, key) is not None:
            yield Problem(("notice", number, key), f"{one.name} is an acknowledgement, which has its own; leave it out")


def _shipped(number: int, one: NoticeEntry) -> Iterator[Problem]:
    if one.when is not None:
        yield Problem(
            ("notice", number, "when"), f"{one.name} is shipped with its own; give a rule of yours its own name"
        )
    if one.to is not None and one.name in _OF_CUSTOMER and "customer" not in one.to:
        yield Problem(
            ("notice", number, "to"), f"{one.name} is written for the customer; give a rule of yours its own name"
        )
    if one.to is not None and one.name not in _OF_CUSTOMER and "customer" in one.to:
        yield Problem(
            ("notice", number, "to"), f"{one.name} is written for agents: it says more than a customer may read"
        )


_OF_CUSTOMER: Final = ("opened", "in_progress", "waiting", "resolved", "closed", "canceled")


def _own(number: int, one: NoticeEntry) -> Iterator[Problem]:
    """A rule of the house's own says when and to whom."""
    at = ("notice", number)
    if one.when is None:
        whats = ", ".join(what.value for what in What)
        yield Problem(
            (*at, "name"),
            f"{one.name} is none of the shipped rules ({', '.join(SHIPPED_NAMES)}); a rule of your own needs "
            f"when, one of {whats}",
        )
    if one.to is None:
        yield Problem((*at, "name"), f"{one.name} is a rule of your own: it needs to, some of {', '.join(RECIPIENTS)}")
    elif "customer" in one.to and one.when in BY_MAIL_ALONE:
        yield Problem(
            (*at, "to"),
            "what a mail does is told to its sender by the acknowledgements alone: registration, followed, reopened",
        )
    elif "customer" in one.to and one.when in AMONG_US:
        yield Problem((*at, "to"), "comments and tasks are among agents: the customer is told of neither")


def _assignments(settings: "Settings") -> Iterator[Problem]:
    boxes, names = [box.name for box in settings.mailbox], settings.cases.category_names
    for number, one in enumerate(settings.assignment):
        if one.mailbox and one.mailbox not in boxes:
            yield Problem(
                ("assignment", number, "mailbox"), f"{one.mailbox} is no mailbox; there are {', '.join(boxes)}"
            )
        if one.category and one.category not in names:
            text = f"{one.category} is not in [cases] categories: {', '.join(names)}"
            yield Problem(("assignment", number, "category"), text)


def _teams(settings: "Settings") -> Iterator[Problem]:
    """`notify` addresses are people, who see it elsewhere: a mail to ourselves would go in a circle."""
    owners = {key_of(address): box.name for box in settings.mailbox for address in (box.address, *box.aliases)}
    for number, box in enumerate(settings.mailbox):
        for address in box.notify:
            if owner := owners.get(key_of(address)):
                text = f"{address} is read by mailbox {owner}: name people, who read it elsewhere"
                yield Problem(("mailbox", number, "notify"), text)
        if box.notify and box.smtp is None:
            yield Problem(("mailbox", number, "notify"), "without [mailbox.smtp] nothing can be sent")

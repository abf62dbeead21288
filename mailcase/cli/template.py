"""`mailcase template show`: what a customer would get."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mailcase.cli.output import print_json, safe, safe_lines, say
from mailcase.cli.state import reading, state_of
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.actions import QueueMail
    from mailcase.config import Settings
    from mailcase.outbox.templates import TemplateSet
    from mailcase.policy import Policy
    from mailcase.ports import CaseFacts

app = typer.Typer(no_args_is_help=True, help="The mails that leave.")
#: Signs the marks that are shown: a mark of the real key on a screen could be used to write into a case.
_SAMPLE_KEY: Final = b"template show: a key for samples"
_SAMPLE_ID: Final = "<sample@customer.example>"


@app.callback()
def _group() -> None:
    """The mails that leave."""


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as registration, resolved, assigned, reply.")],
    case: Annotated[str, typer.Option(metavar="N", help="With the values of this case; else sample values.")] = "",
    language: Annotated[str, typer.Option(metavar="L", help="Such as en; else the mailbox's, else the default.")] = "",
) -> None:
    """Subject, text and HTML of a template as they would leave; the marks in it are signed with a sample key."""
    from mailcase.policy_build import build_for_deciding

    state = state_of(context)
    settings = state.settings()
    built = build_for_deciding(settings)
    _must_be_there(built.templates, name, language)
    shown = _filled(settings, built.policy, built.templates, name, case, language)
    if state.json:
        print_json({"name": name, **shown, "languages": list(built.templates.languages_of(name))})
    else:
        _print(shown)


def _filled(
    settings: "Settings", policy: "Policy", templates: "TemplateSet", name: str, case: str, language: str
) -> dict[str, Any]:
    """An acknowledgement, or a notice with its own values."""
    from mailcase.outbox.template_values import REQUIRED

    if name in REQUIRED:
        mail, facts = _of_case(settings, policy, name, case) if case else _sample(policy, name)
        return _composed(policy, templates, mail, facts, language)
    return _notice(policy, templates, name, _found(settings, policy, case) if case else None, language)


def _notice(
    policy: "Policy", templates: "TemplateSet", name: str, found: dict[str, Any] | None, language: str
) -> dict[str, Any]:
    """As the outbox would hold it; the words of an act are samples."""
    from dataclasses import replace
    from datetime import datetime

    from mailcase.cases.numbers import find_numbers
    from mailcase.cli.notice_sample import facts_of, notice_of
    from mailcase.outbox.compose_notice import NoticeComposer
    from mailcase.outbox.template_values import NOTICE_SAMPLE
    from mailcase.tokens import TokenKeys

    sample, box = NOTICE_SAMPLE, next(iter(policy.mailboxes))
    opened = datetime.fromisoformat(sample["opened"].replace(" UTC", "+00:00"))
    mail = {"direction": "in", "subject": sample["subject"], "text": "It jams again.", "received_at": opened}
    expected = datetime.fromisoformat(sample["expected"].replace(" UTC", "+00:00"))
    plain = {**sample, "number": policy.cases.mask.format(12), "mailbox": box, "created_at": opened}
    case = found or {**plain, "expected_at": expected, "messages": [mail]}
    address, who = _customer(found["contact"]) if found else ("erin@visitor.example", sample["name"])
    running = next(iter(find_numbers(policy.cases.masks, case["number"])), 0)
    facts = facts_of(case, running, policy, address, who)
    notice = notice_of(name, language, policy, facts, sample)
    made = NoticeComposer(replace(policy, keys=TokenKeys((_SAMPLE_KEY,))), templates).compose(notice, facts)
    chosen = (language, policy.mailboxes[notice.mailbox].language, policy.acknowledge.language)
    return {
        "language": templates.language_of(name, [one for one in chosen if one]), "from": made.from_address,
        "to": notice.to.address, "subject": made.subject, "text": made.text, "html": made.html,
        "headers": dict(made.headers),
    }  # fmt: skip


def _must_be_there(templates: "TemplateSet", name: str, language: str) -> None:
    """Wrong usage where there is no such template, or none in this language; says which there are."""
    if name not in templates.names:
        raise typer.BadParameter(f"there is no template {name}; there are {', '.join(templates.names)}")
    there = templates.languages_of(name)
    wanted = language.lower().replace("_", "-")
    if language and not {wanted, wanted.partition("-")[0]} & set(there):
        raise typer.BadParameter(f"template {name} is not there in {language}; there are {', '.join(there)}")


def _sample(policy: "Policy", name: str) -> "tuple[QueueMail, CaseFacts]":
    """The values with which every template is tried at load; mailbox and number as configured."""
    from datetime import datetime

    from mailcase.outbox.template_values import SAMPLE
    from mailcase.ports import CaseFacts

    number, followed = policy.cases.mask.format(12), policy.cases.mask.format(9)
    opened = datetime.fromisoformat(SAMPLE["opened"].replace(" UTC", "+00:00"))
    facts = CaseFacts(
        number, 12, SAMPLE["subject"], SAMPLE["status"], SAMPLE["category"], "Medium", opened,
        followed if name == "followed" else "",
    )  # fmt: skip
    box = next(iter(policy.mailboxes))
    return _mail(box, name, "erin@visitor.example", SAMPLE["name"], SAMPLE["subject"]), facts


def _of_case(settings: "Settings", policy: "Policy", name: str, number: str) -> "tuple[QueueMail, CaseFacts]":
    """The case's values; raises as `_found`."""
    from mailcase.cases.numbers import find_numbers
    from mailcase.ports import CaseFacts

    found = _found(settings, policy, number)
    followed = next((one["number"] for one in found["related"] if one["relation"] == "follows"), "")
    running = next(iter(find_numbers(policy.cases.masks, found["number"])), 0)
    facts = CaseFacts(
        found["number"], running, found["title"], found["status"], found["category"], found["priority"],
        found["created_at"], followed,
    )  # fmt: skip
    address, who = _customer(found["contact"])
    written = (one["subject"] for one in found["messages"] if one["direction"] == "in")
    subject = next(written, None) or found["title"]
    return _mail(found["mailbox"], name, address, who, subject), facts


def _found(settings: "Settings", policy: "Policy", number: str) -> dict[str, Any]:
    """The case as `case show` tells it, and its `agent`; Permanent where it or its mailbox is not there any more."""
    with reading(settings) as store:
        if store is None:
            raise Permanent(f"there is no case {number}: there is no store yet")
        found = store.case_show(number, policy.statuses)
        found["agent"] = store.agent_by_key(found["assignee"]) if found["assignee"] else None
    if found["mailbox"] not in policy.mailboxes:
        raise Permanent(f"case {number} came by the mailbox {found['mailbox']}, which is configured no more")
    return found


def _customer(contact: str | None) -> tuple[str, str]:
    """Address and name of a contact as `case show` writes it: `Erin Example <erin@visitor.example>`."""
    name, bracket, address = (contact or "").rpartition(" <")
    return (address.rstrip(">"), name) if bracket else (contact or "", "")


def _mail(mailbox: str, name: str, to: str, who: str, subject: str) -> "QueueMail":
    from mailcase.actions import QueueMail
    from mailcase.clock import utcnow

    return QueueMail(
        case=0,
        rule=name,
        template=name,
        mailbox=mailbox,
        to=to,
        to_name=who,
        cc=(),
        language="",
        in_reply_to=_SAMPLE_ID,
        references=(),
        subject=subject,
        suppressed="",
        expires_at=utcnow(),
    )


def _composed(
    policy: "Policy", templates: "TemplateSet", mail: "QueueMail", facts: "CaseFacts", language: str
) -> dict[str, Any]:
    """The mail as the outbox would hold it."""
    from dataclasses import replace

    from mailcase.intake.parse import read
    from mailcase.outbox.compose import Composer
    from mailcase.tokens import TokenKeys

    box = policy.mailboxes[mail.mailbox]
    composer = Composer(replace(policy, keys=TokenKeys((_SAMPLE_KEY,))), templates)
    answered = read(f"Message-ID: {_SAMPLE_ID}\r\n\r\n".encode())
    made = composer.compose(replace(mail, language=language), facts, answered, box.group)
    wanted = [one for one in (language, box.language, policy.acknowledge.language) if one]
    return {
        "language": templates.language_of(mail.template, wanted), "from": made.from_address, "to": mail.to,
        "subject": made.subject, "text": made.text, "html": made.html, "headers": dict(made.headers),
    }  # fmt: skip


def _print(shown: dict[str, Any]) -> None:
    for name in ("language", "from", "to", "subject"):
        say(f"{name:<9} {safe(shown[name] or '–')}")
    say()
    for line in safe_lines(shown["text"].strip("\n")):
        say(f"  {line}".rstrip())
    say()
    say(f"{'html':<9} {'beside the text; --json shows it' if shown['html'] else 'none: the text alone is sent'}")

"""Composing an acknowledgement: template, thread headers, signed marks; what is stored is what is sent."""

import html as markup
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from mailcase import tokens
from mailcase.actions import QueueMail
from mailcase.message import Email
from mailcase.outbox.lines import cut, one_line, printable
from mailcase.outbox.references import references, sound
from mailcase.outbox.subject import base_subject, finished
from mailcase.outbox.template_values import NEUTRAL
from mailcase.outbox.templates import TemplateSet
from mailcase.outbox.translated import name
from mailcase.policy import MailboxPolicy, Policy
from mailcase.ports import CaseFacts, Composed

SUPPRESS: Final = "OOF, AutoReply, DR, RN, NRN"  # not All: bounces are wanted (behaviour.md 6)
_LONGEST_NAME: Final = 60  # characters of a name in a greeting
_LONGEST_LOCAL: Final = 64  # octets of a local part (RFC 5321 4.5.3.1.1)
_LONGEST_QUOTE: Final = 8000  # characters
#: The line above a quotation, by language.
_WROTE: Final = {"en": "On {at} {who} wrote:", "de": "Am {at} schrieb {who}:"}
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_{|}~-]+")
_BODY_END: Final = re.compile(r"</body\s*>(?![\s\S]*</body)", re.I)


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the mail of a `QueueMail` action once the case's number is known. Pure."""

    policy: Policy
    templates: TemplateSet

    def compose(self, mail: QueueMail, case: CaseFacts, email: Email, group: str) -> Composed:
        """The mail to store in the outbox (B13, reliability.md 3.3 "Ack form").

        Args:
            mail: what the decision wants sent.
            case: the case it speaks of, with its final number.
            email: the mail that is answered.
            group: the group that receives and signs.

        Raises:
            ConfigError: no template of that name.
        """
        box = self.policy.mailboxes[mail.mailbox]
        ref = tokens.reference(group, email.identity, mail.rule, mail.to)
        signed = tokens.mark(self.policy.keys, group, case.running, ref, automatic=True)
        languages = [one for one in (mail.language, box.language, self.policy.acknowledge.language) if one]
        language = self.templates.language_of(mail.template, languages)
        filled = self.templates.render(mail.template, languages, self._values(mail, case, box, language))
        return Composed(
            message_id=tokens.message_id(signed, box.id_domain),
            subject=finished(filled.subject, case.number),
            text=marked_text(f"{filled.text}{self._quote(mail, email, filled.language)}", signed),
            html=marked_html(filled.html, signed),
            headers=self._headers(mail, case, email, box, signed),
            from_name=one_line(box.from_name, _LONGEST_NAME),
            from_address=box.address,
        )

    def _values(self, mail: QueueMail, case: CaseFacts, box: MailboxPolicy, language: str) -> Mapping[str, str]:
        """The template's values. No title, description or text of the case: a stranger may read it (B8).

        Which of them the neutral template may see is the template set's rule.
        """
        return {
            "number": case.number,
            "followed_number": case.followed_number,
            "help_desk": one_line(box.from_name, _LONGEST_NAME) or box.address,
            "address": box.address,
            "category": case.category,
            "status": name(case.status, language),
            "opened": moment(case.created_at, self.policy.cases.timezone, language),
            "subject": base_subject(mail.subject, self.policy.cases.masks, case.running),
            "name": one_line(mail.to_name, _LONGEST_NAME),
        }

    def _headers(
        self, mail: QueueMail, case: CaseFacts, email: Email, box: MailboxPolicy, signed: str
    ) -> tuple[tuple[str, str], ...]:
        headers = []
        if mail.in_reply_to is not None and sound(mail.in_reply_to):
            chain = references(mail.in_reply_to, mail.references, email.in_reply_to)
            headers += [("In-Reply-To", mail.in_reply_to), ("References", " ".join(chain))]
        if answer_to := sub_address(self.policy, box, box.group, case.running, case.number):
            headers.append(("Reply-To", answer_to))
        return (
            *headers,
            ("Auto-Submitted", "auto-replied"),
            ("X-Auto-Response-Suppress", SUPPRESS),
            (tokens.LOOP_HEADER, signed),
        )

    def _quote(self, mail: QueueMail, email: Email, language: str) -> str:
        """The mail that is answered, where `[[notice]]` wants it below; its sender has written it himself (B8)."""
        if not mail.quote or mail.template == NEUTRAL:
            return ""
        at = moment(email.date, self.policy.cases.timezone, language) if email.date else ""
        return f"\n\n{quoted(email.new_text or email.text, at, mail.to_name or mail.to, language)}"


def sub_address(policy: Policy, box: MailboxPolicy, group: str, running: int, number: str) -> str:
    """support+SR-12.token@…, or "" where the mailbox has none or the local part gets too long (T4)."""
    if not box.sub_addressing:
        return ""
    token = tokens.sub_address_token(policy.keys, group, running)
    name = number if _ATOM.fullmatch(number) else str(running)
    local, _, domain = box.address.rpartition("@")
    local = f"{local}+{name}.{token}"
    return f"{local}@{domain}" if len(local.encode()) <= _LONGEST_LOCAL else ""


#: How a language writes a moment; the others as the numbers of ISO 8601.
_DATES: Final = {"de": "%d.%m.%Y %H:%M %Z"}


@lru_cache(maxsize=256)  # the mails of one commit have one moment
def moment(at: datetime, zone: str, language: str = "") -> str:
    """`2026-11-03 10:15 CET`, German `03.11.2026 10:15 CET`.

    As it stands where the zone has no such moment (a Date of the year 9999).
    """
    with suppress(OverflowError):
        at = at.astimezone(ZoneInfo(zone))
    return at.strftime(_DATES.get(language, "%Y-%m-%d %H:%M %Z"))


def marked_text(text: str, signed: str) -> str:
    """The text with the body mark at its end, every line without controls and blanks at its end; indents stay."""
    lines = "\n".join(printable(line).rstrip() for line in text.split("\n")).strip("\n")
    return f"{lines}\n\n[ref:{signed}]\n"


def quoted(text: str, at: str, who: str, language: str) -> str:
    """A mail's text below another one, with a line that says whose it is."""
    head = _WROTE.get(language, _WROTE["en"]).format(at=at, who=one_line(who, _LONGEST_NAME))
    lines = cut(text.strip(), _LONGEST_QUOTE).split("\n")
    return "\n".join((" ".join(head.split()), *(f"> {line}".rstrip() for line in lines)))


def marked_html(body: str, signed: str) -> str:
    """The HTML with the body mark, small and grey, at its end; "" stays ""."""
    if not body:
        return ""
    mark = f'<p style="color:#8a8a8a;font-size:11px;margin:16px 0 0">[ref:{markup.escape(signed)}]</p>\n'
    end = _BODY_END.search(body)
    return body[: end.start()] + mark + body[end.start() :] if end else f"{body}\n{mark}"

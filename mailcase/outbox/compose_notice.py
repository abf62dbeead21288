"""Composing a notice or an agent's reply: template, thread headers, signed marks, in the recipient's language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailcase import tokens
from mailcase.life.notice import LastMail, Notice, NoticeFacts
from mailcase.outbox.compose import (
    SUPPRESS,
    marked_html,
    marked_text,
    moment,
    quoted,
    sub_address,
)
from mailcase.outbox.lines import one_line
from mailcase.outbox.references import references, sound
from mailcase.outbox.reply_template import REPLY, must_be_for_replies
from mailcase.outbox.subject import base_subject, finished
from mailcase.outbox.templates import TemplateSet
from mailcase.outbox.translated import name, reasons, status
from mailcase.policy import MailboxPolicy, Policy
from mailcase.ports import Composed

_LONGEST_NAME: Final = 60
_LONGEST_WRITER: Final = 400  # as agents read him: the address is not to be hidden behind a long name
_LONGEST_TITLE: Final = 150
_RE: Final = "Re: "
#: Below the last one for a while, by language.
_LAST: Final = {
    "en": "This is the last mail of this kind for now: there were many. `mailcase case list` tells what else happens.",
    "de": "Vorerst die letzte E-Mail dieser Art: Es waren viele. `mailcase case list` zeigt, was weiter geschieht.",
}


@dataclass(frozen=True, slots=True)
class NoticeComposer:
    """Makes the mails of the notice rules, and of agents who reply. Pure."""

    policy: Policy
    templates: TemplateSet

    def compose(self, notice: Notice, facts: NoticeFacts) -> Composed:
        """The mail to store in the outbox.

        Args:
            notice: what is owed, or what an agent says; its mailbox is one of the policy's.
            facts: the case it speaks of.

        Raises:
            ConfigError: no template of that name.
            Refused: an agent's reply that names a template which is none for replies.
        """
        box = self.policy.mailboxes[notice.mailbox]
        ref = tokens.reference(facts.group, notice.dedup, notice.rule, notice.to.key)
        signed = tokens.mark(self.policy.keys, facts.group, facts.running, ref, automatic=notice.automatic)
        shown = self._shown(notice, facts, signed)
        if notice.rule == REPLY and not notice.automatic:
            must_be_for_replies(notice.template, self.templates, self.policy)
        languages = [one for one in (notice.to.language, box.language, self.policy.acknowledge.language) if one]
        values = _Values(self.policy, box, notice, facts, self.templates.language_of(notice.template, languages))
        filled = self.templates.render(notice.template, languages, values.all())
        return Composed(
            message_id=tokens.message_id(signed, box.id_domain),
            subject=finished(self._subject(filled.subject, notice, facts), facts.number),
            text=marked_text(_with_last(filled.text, filled.language) if notice.last else filled.text, shown),
            html=marked_html(filled.html, shown),
            headers=tuple(self._headers(notice, facts, box, signed)),
            from_name=one_line(box.from_name, _LONGEST_NAME),
            from_address=box.address,
        )

    def _shown(self, notice: Notice, facts: NoticeFacts, signed: str) -> str:
        """The body mark; a notice to an agent is proved by its id, which its text must not tell."""
        if notice.audience != "agent":
            return signed
        ref = tokens.reference(facts.group, notice.dedup, notice.rule, "body")
        return tokens.mark(self.policy.keys, facts.group, facts.running, ref, automatic=notice.automatic)

    def _subject(self, filled: str, notice: Notice, facts: NoticeFacts) -> str:
        """Without "Re:" where the customer has not written: nothing is answered."""
        first = notice.audience == "customer" and facts.last is None and facts.others_thread is None
        return filled.removeprefix(_RE) if first else filled

    def _headers(
        self, notice: Notice, facts: NoticeFacts, box: MailboxPolicy, signed: str
    ) -> Iterator[tuple[str, str]]:
        yield from self._thread(notice, facts, box)
        if answer_to := sub_address(self.policy, box, facts.group, facts.running, facts.number):
            yield "Reply-To", answer_to
        if notice.automatic:
            yield "Auto-Submitted", "auto-generated"
            yield "X-Auto-Response-Suppress", SUPPRESS
        yield tokens.LOOP_HEADER, signed

    def _thread(self, notice: Notice, facts: NoticeFacts, box: MailboxPolicy) -> Iterator[tuple[str, str]]:
        """The customer's in his thread; the others in one of the case's own, so that mail programs show one thread."""
        last = facts.last or facts.others_thread
        if notice.audience == "customer" and last is not None and last.message_id and sound(last.message_id):
            yield "In-Reply-To", last.message_id
            yield "References", " ".join(references(last.message_id, last.references, ()))
        else:
            yield "References", case_reference(facts, box)


def _with_last(text: str, language: str) -> str:
    return f"{text.rstrip()}\n\n{_LAST.get(language, _LAST['en'])}\n"


def case_reference(facts: NoticeFacts, box: MailboxPolicy) -> str:
    """An id that stands for the case: it is nobody's mail and carries no token."""
    return f"<case.{tokens.reference(facts.group, 'case', str(facts.running))}@{box.id_domain}>"


@dataclass(frozen=True, slots=True)
class _Values:
    """What a template is filled with."""

    policy: Policy
    box: MailboxPolicy
    notice: Notice
    facts: NoticeFacts
    language: str

    def all(self) -> Mapping[str, str]:
        """By the names of templates.NOTICE_SAMPLE."""
        facts, notice, assignee = self.facts, self.notice, self.facts.assignee
        thread = self._last or facts.others_thread
        return {
            "number": facts.number,
            "followed_number": "",
            "title": one_line(facts.title, _LONGEST_TITLE),
            "subject": base_subject(
                (thread.subject if thread else "") or facts.title, self.policy.cases.masks, facts.running
            ),
            "status": status(facts.status, self.language, suspended=facts.suspended),
            "priority": name(facts.priority, self.language),
            "category": facts.category,
            "support_level": str(facts.support_level) if facts.support_level else "",
            "customer": self._customer(),
            "assignee": one_line(assignee.name or assignee.address, _LONGEST_NAME) if assignee else "",
            "actor": one_line(notice.by_name, _LONGEST_NAME if notice.audience == "customer" else _LONGEST_WRITER),
            "name": "" if len(self._to) > 1 else one_line(notice.to.name, _LONGEST_NAME),
            "text": "\n\n".join(one for one in (reasons(notice.why, self.language), notice.text.strip()) if one),
            "solution": facts.solution.strip(),
            "article": facts.article.strip(),
            "expected": self._moment(facts.expected_at) if facts.expected_at else "",
            "due": self._moment(notice.due_at) if notice.due_at else "",
            "opened": self._moment(facts.created_at),
            "sent_to": notice.sent_to,
            "quote": self._quote(),
            "help_desk": one_line(self.box.from_name, _LONGEST_NAME) or self.box.address,
            "address": self.box.address,
        }

    @property
    def _to(self) -> tuple[object, ...]:
        """Who is greeted: a group has no name."""
        also = self.notice.also_to if self.notice.audience == "agent" else ()
        return (self.notice.to, *also)

    def _customer(self) -> str:
        """As agents read him; a mail to himself needs no address."""
        person = self.facts.customer
        if person is None:
            return ""
        name = one_line(person.name, _LONGEST_NAME)
        if self.notice.audience == "customer":
            return name
        return f"{name} <{person.address}>" if name and name != person.address else person.address

    @property
    def _last(self) -> LastMail | None:
        """The customer's last mail; what nobody vouches for is not told him as his own words."""
        last, notice = self.facts.last, self.notice
        strange = last is not None and not last.verified and notice.automatic and notice.audience == "customer"
        return None if strange else last

    def _quote(self) -> str:
        last = self._last
        if not self.notice.quote or last is None:
            return ""
        return quoted(last.text, self._moment(last.at), last.sender, self.language)

    def _moment(self, at: datetime) -> str:
        """In the recipient's time zone, else that of [cases], and as his language writes it."""
        zone = self.notice.to.timezone
        return moment(at, zone if _is_zone(zone) else self.policy.cases.timezone, self.language)


def _is_zone(name: str) -> bool:
    """Whether it is a time zone that is known here: a stored name may be of another machine."""
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (KeyError, ValueError, OSError):
        return False

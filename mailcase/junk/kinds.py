"""What kind of mail it is: table 3.1 as a table, the first row that hits decides (B5)."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from mailcase.junk.automatic import automatic
from mailcase.junk.autoreply import autoreply
from mailcase.junk.bounce import bounce_wording, failed_recipients, null_or_daemon
from mailcase.junk.bulk import bulk, mailing_list
from mailcase.junk.complaint import complaint
from mailcase.junk.customer import form_customer
from mailcase.junk.delivery_report import delivery_report
from mailcase.junk.finding import Hit, KindQuestion, MailRule, Rule
from mailcase.junk.forwarded_report import forwarded_report
from mailcase.junk.header_values import headers_unseen
from mailcase.junk.own import own, own_mark
from mailcase.junk.receipt import receipt
from mailcase.message import Email, Kind, once
from mailcase.policy import MailboxPolicy, Policy


def _mail(rule: MailRule, question: KindQuestion) -> Hit | None:
    """A row that asks the mail alone."""
    return rule(question.email)


def _unless_forwarded(rule: MailRule, question: KindQuestion) -> Hit | None:
    """The same, but who forwards a report to ask about it is a person."""
    return None if forwarded_report(question.email) else rule(question.email)


def _unless_form(rule: MailRule, question: KindQuestion) -> Hit | None:
    """The same, but a web form's mail is a person's whatever its software stamps on it (B3)."""
    return None if question.form else rule(question.email)


ROWS: Final[tuple[tuple[str, Rule], ...]] = (
    ("feedback report", partial(_unless_forwarded, once(complaint))),
    ("receipt", partial(_unless_forwarded, once(receipt))),
    ("delivery report", partial(_unless_forwarded, once(delivery_report))),
    ("own mark", own),
    ("failed recipients", partial(_mail, once(failed_recipients))),
    ("null path or daemon", partial(_mail, once(null_or_daemon))),
    ("bounce wording", partial(_mail, once(bounce_wording))),
    ("automatic reply", partial(_mail, once(autoreply))),
    ("auto-submitted", partial(_unless_form, once(automatic))),
    ("mailing list", mailing_list),
    ("bulk mail", bulk),
)


@dataclass(frozen=True, slots=True)
class KindVerdict:
    """The kind with the row that decided and what it saw."""

    kind: Kind
    rule: str  # name of the row, "person" where none hit
    detail: str
    tested: int  # rows that were asked, the last one (person) counted


def classify(email: Email, mailbox: MailboxPolicy, policy: Policy) -> KindVerdict:
    """Walk the table. `mailbox` is the receiving one: its group and `reply_to_is_sender` count."""
    mark = own_mark(email, policy)
    form = form_customer(email, mailbox, policy.own_keys) is not None
    question = KindQuestion(email, mailbox, policy, mark, form)
    for tested, (name, rule) in enumerate(ROWS, 1):
        if hit := rule(question):
            return KindVerdict(hit.kind, name, hit.detail, tested)
    tested = len(ROWS) + 1
    return KindVerdict(Kind.PERSON, "person", f"{tested} tests, none says automatic{_of_what(email)}", tested)


def _of_what(email: Email) -> str:
    """How far the tests could see, where that is not the whole header."""
    return f" in the first {len(email.headers)} header fields" if headers_unseen(email) else ""

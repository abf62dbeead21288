"""Composing: thread, marks, addresses, languages, and what a mail never says (B13, reliability.md 3.3)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase import tokens
from mailcase.actions import QueueMail
from mailcase.cases.numbers import Mask
from mailcase.message import Email
from mailcase.outbox.compose import Composer
from mailcase.outbox.templates import TemplateSet
from mailcase.policy import Policy
from mailcase.ports import CaseFacts, Composed
from mailcase.template_files import load_templates
from tests.builders import CUSTOMER, KEYS, NOW, SUPPORT, make_cases, make_email, make_mailbox, make_policy
from tests.unit.test_outbox_templates import SHIPPED

TEMPLATES = load_templates(SHIPPED)
CASE = CaseFacts("SR-12", 12, "Secret title of another person", "New", "Incident", "Medium", NOW)
EVERYTHING = st.text(st.characters(exclude_categories=()))


def queue(**over: Any) -> QueueMail:
    plain = QueueMail(
        case=12,
        rule="registration",
        template="registration",
        mailbox="support",
        to=CUSTOMER,
        to_name="Erin Example",
        cc=(),
        language="",
        in_reply_to="<a1@visitor.example>",
        references=(),
        subject="Printer on floor 3 jams",
        suppressed="",
        expires_at=NOW,
    )
    return replace(plain, **over)


def compose(
    mail: QueueMail | None = None,
    case: CaseFacts = CASE,
    email: Email | None = None,
    policy: Policy | None = None,
    templates: TemplateSet = TEMPLATES,
) -> Composed:
    return Composer(policy or make_policy(), templates).compose(mail or queue(), case, email or make_email(), "default")


def header(composed: Composed, name: str) -> str | None:
    return dict(composed.headers).get(name)


def test_an_acknowledgement_stands_in_the_senders_thread() -> None:
    composed = compose(queue(references=("<r@x.example>",)))
    assert composed.subject == "Re: Printer on floor 3 jams [SR-12]"
    assert header(composed, "In-Reply-To") == "<a1@visitor.example>"
    assert header(composed, "References") == "<r@x.example> <a1@visitor.example>"
    assert (composed.from_name, composed.from_address) == ("Help desk", SUPPORT)


def test_it_says_that_it_is_automatic_and_by_whom() -> None:
    composed = compose()
    assert header(composed, "Auto-Submitted") == "auto-replied"
    assert header(composed, "X-Auto-Response-Suppress") == "OOF, AutoReply, DR, RN, NRN"
    loop = tokens.verify(KEYS, ["default"], header(composed, tokens.LOOP_HEADER) or "")
    assert loop == tokens.Mark("default", 12, automatic=True)


def test_the_message_id_and_the_body_carry_the_signed_mark() -> None:
    composed = compose()
    assert composed.message_id.endswith("@mid.helpdesk.example>")
    mark = header(composed, tokens.LOOP_HEADER)
    assert composed.message_id == f"<{mark}@mid.helpdesk.example>"
    assert composed.text.endswith(f"\n\n[ref:{mark}]\n")
    assert composed.html.count(f"[ref:{mark}]") == 1
    assert composed.html.index(f"[ref:{mark}]") < composed.html.index("</body>")


def test_the_message_id_is_the_same_for_the_same_mail_rule_and_recipient_only() -> None:
    first = compose().message_id
    assert compose().message_id == first
    others = [
        compose(queue(rule="followed")).message_id,
        compose(queue(to="frank@visitor.example")).message_id,
        compose(email=make_email(identity="other")).message_id,
        compose(case=replace(CASE, running=13)).message_id,
    ]
    assert len({first, *others}) == 5


def test_a_mail_without_a_usable_id_is_answered_outside_any_thread() -> None:
    for in_reply_to in (None, "<broken id@x>\r\nBcc: mallory@evil.example"):
        composed = compose(queue(in_reply_to=in_reply_to))
        assert header(composed, "In-Reply-To") is None
        assert header(composed, "References") is None


@pytest.mark.parametrize(
    ("number", "local"),
    [("SR-12", "support+SR-12."), ("SR 12", "support+12."), ("S" * 60 + "-12", None)],
    ids=["plain", "not an atom", "too long"],
)
def test_a_sub_address_is_the_reply_to_where_the_mailbox_has_them(number: str, local: str | None) -> None:
    policy = make_policy(make_mailbox(sub_addressing=True))
    answer_to = header(compose(case=replace(CASE, number=number), policy=policy), "Reply-To")
    assert header(compose(), "Reply-To") is None
    if local is None:
        assert answer_to is None
        return
    assert answer_to is not None
    assert answer_to.startswith(local)
    token = answer_to.partition("@")[0].rpartition(".")[2]
    assert tokens.verify_sub_address(KEYS, "default", 12, token)


@pytest.mark.parametrize(
    ("contact", "mailbox", "word"),
    [("de", "en", "Guten Tag"), ("", "de", "Guten Tag"), ("", "", "Hello"), ("fr", "", "Hello")],
)
def test_the_contacts_language_comes_before_the_mailboxs_and_the_default(contact: str, mailbox: str, word: str) -> None:
    policy = make_policy(make_mailbox(language=mailbox))
    assert compose(queue(language=contact), policy=policy).text.startswith(word)


@pytest.mark.parametrize("template", ["registration", "followed", "reopened", "neutral"])
def test_neither_the_mails_text_nor_the_cases_title_is_in_any_mail(template: str) -> None:
    composed = compose(queue(template=template), replace(CASE, followed_number="SR-9"))
    everything = composed.subject + composed.text + composed.html
    assert "error 17" not in everything
    assert "Secret title" not in everything


def test_a_neutral_mail_holds_nothing_that_the_sender_chose() -> None:
    mail = queue(template="neutral", subject="BUY NOW http://evil.example", to_name="CHEAP PILLS")
    composed = compose(mail)
    everything = composed.subject + composed.text + composed.html
    assert not any(word in everything for word in ("BUY", "CHEAP", "evil"))
    assert composed.subject == "Re: your message to us [SR-12]"


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("Re: Printer [SR-12]", "Re: Printer [SR-12]"),
        ("AW: SR-12 Printer", "Re: Printer [SR-12]"),
        ("", "Re: [SR-12]"),
        ("x" * 500, f"Re: {'x' * 127}… [SR-12]"),
    ],
)
def test_neither_re_nor_the_number_is_doubled(subject: str, wanted: str) -> None:
    assert compose(queue(subject=subject)).subject == wanted


def test_template_source_in_a_subject_or_name_stays_as_it_is() -> None:
    composed = compose(queue(subject="{{ 7*7 }}", to_name="{% raw %}<b>"))
    assert "“{{ 7*7 }}”" in composed.text
    assert "Hello {% raw %}<b>," in composed.text
    assert "Hello {% raw %}&lt;b&gt;," in composed.html


@given(EVERYTHING, EVERYTHING)
def test_whatever_the_sender_wrote_the_header_stays_ours_and_on_one_line(subject: str, name: str) -> None:
    composed = compose(queue(subject=subject, to_name=name))
    assert [key for key, _ in composed.headers] == [
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "X-Helpdesk-Loop",
    ]
    assert len(composed.subject) <= 200
    assert composed.subject.endswith("[SR-12]")
    assert not set(composed.subject) & set("\r\n\0\u2028")
    assert composed.text.count("\n") == compose().text.count("\n")
    assert "<script" not in composed.html


def test_other_masks_are_taken_off_the_subject_too() -> None:
    cases = make_cases(retired_masks=(Mask.parse("OLD{0}"),))
    composed = compose(queue(subject="Printer [OLD7]"), policy=make_policy(cases=cases))
    assert composed.subject == "Re: Printer [SR-12]"


def test_an_international_domain_makes_an_ascii_message_id() -> None:
    policy = make_policy(make_mailbox(message_id_domain="", address="support@bücher.example"))
    assert compose(policy=policy).message_id.endswith("@xn--bcher-kva.example>")


def test_html_without_a_body_end_gets_its_mark_at_the_end() -> None:
    files = {f"en/{name}.txt": "Hi" for name in ("registration", "followed", "reopened", "neutral")}
    templates = TemplateSet.compiled({**files, "en/registration.html": "<p>Hi</p>"}, "templates")
    composed = compose(templates=templates)
    assert composed.html.startswith("<p>Hi</p>\n<p ")
    assert compose(queue(template="followed"), templates=templates).html == ""

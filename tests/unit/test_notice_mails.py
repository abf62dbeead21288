"""How notices and replies read and what marks they carry, in English and German."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase import tokens
from mailcase.errors import ConfigError
from mailcase.life.happening import What
from mailcase.life.notice import LastMail, Notice, NoticeFacts, NoticeRule
from mailcase.life.notice_rules import SHIPPED
from mailcase.life.people import Agent, Person
from mailcase.life.refused import Refused
from mailcase.outbox.compose_notice import NoticeComposer
from mailcase.outbox.reply_template import must_be_for_replies
from mailcase.outbox.template_values import NOTICE_SAMPLE, REQUIRED
from mailcase.outbox.templates import TemplateSet
from mailcase.ports import Composed
from mailcase.shipped import FOLDER
from mailcase.template_files import load_templates
from tests.builders import KEYS, NOW, make_mailbox, make_policy

TEMPLATES = load_templates(FOLDER / "templates")
ERIN = Person("erin@visitor.example", "erin@visitor.example", "Erin Example")
JANE = Agent(1, "jane@helpdesk.example", "jane@helpdesk.example", "Jane Roe")
LAST = LastMail(7, "<a1@visitor.example>", ("<a0@visitor.example>",), "Re: Printer [SR-12]", "It jams.", "Erin", NOW)
FACTS = NoticeFacts(
    running=12, number="SR-12", title="Printer on floor 3 jams", status="In progress", category="Incident",
    priority="Medium", group="default", mailbox="support", created_at=NOW, first_kind="person", junk=False,
    support_level=2, expected_at=NOW + timedelta(days=2), solution="We have replaced the roller.", account_id=None,
    contact_id=1, customer=ERIN, assignee=JANE, last=LAST, article="https://kb.example/9",
)  # fmt: skip
NOTICE = Notice("resolved", "resolved", 12, "support", "notice:act:12:3:resolved:erin", ERIN, by_name="Jane Roe")
#: Of each template: something that its German and its English text say.
SAYS = {
    "opened": ("we have opened a case for you", "wir haben einen Vorgang für Sie angelegt"),
    "in_progress": ("Jane Roe is taking care of it", "Jane Roe kümmert sich darum"),
    "waiting": ("we need something from you", "brauchen wir noch etwas von Ihnen"),
    "resolved": ("We have replaced the roller.", "Ihr Vorgang SR-12 ist aus unserer Sicht gelöst"),
    "closed": ("your case SR-12 is closed", "Ihr Vorgang SR-12 ist abgeschlossen"),
    "canceled": ("we have canceled your case SR-12", "wir haben Ihren Vorgang SR-12 abgebrochen"),
    "new_case": ("a new case has come in", "ist ein neuer Vorgang eingegangen"),
    "assigned": (
        "Jane Roe has put the case SR-12 in your hands",
        "Jane Roe hat den Vorgang SR-12 in Ihre Hände gegeben",
    ),
    "group": ("nobody has taken it yet", "noch niemand hat ihn übernommen"),
    "restarted": (
        "Jane Roe has opened the case SR-12 again. It is Jane Roe's",
        "wieder geöffnet. Er liegt wie zuvor bei Jane Roe.",
    ),
    "customer_replied": ("Jane Roe has written on the case SR-12", "eine neue Nachricht von Jane Roe"),
    "undeliverable": ("could not be delivered", "konnte nicht zugestellt werden"),
    "urge": ("Jane Roe asks that the case SR-12 be looked after", "Jane Roe bittet darum, dass sich bald jemand"),
    "followed_case": ("has changed the case SR-12, which you follow", "hat den Vorgang SR-12 geändert, dem Sie folgen"),
    "comment": ("Jane Roe has commented on the case SR-12", "Jane Roe hat den Vorgang SR-12 kommentiert"),
    "task": ("Jane Roe has given you a task of the case SR-12", "Jane Roe hat Ihnen eine Aufgabe zum Vorgang SR-12"),
    "reply": ("Please turn it off.", "Please turn it off."),
    "kept_as_note": ("internal note; none of its words", "interne Notiz"),
    "partly_done": (
        "your words on the case SR-12 go to erin@visitor.example: do not",
        "geht an erin@visitor.example: Bitte",
    ),
}


def composed(templates: TemplateSet = TEMPLATES, facts: NoticeFacts = FACTS, **over: Any) -> Composed:
    policy = make_policy(make_mailbox(from_name="Help desk", sub_addressing=True))
    said = {"text": "Please turn it off.", "sent_to": ERIN.address, **over}
    return NoticeComposer(policy, templates).compose(replace(NOTICE, **said), facts)


@pytest.mark.parametrize(("name", "language"), [(name, one) for name in SAYS for one in ("en", "de")])
def test_each_template_says_what_it_is_for(name: str, language: str) -> None:
    rule = next((one for one in SHIPPED if one.template == name), None)
    audience = "customer" if rule is None or "customer" in rule.to else "agent"
    made = composed(template=name, audience=audience, to=replace(ERIN, language=language))
    assert SAYS[name][language == "de"] in made.text
    assert "[SR-12]" in made.subject
    assert "None" not in made.text
    assert not re.search(r"\n{3}|[ \t]\n|\{|\}", made.text)


def test_every_shipped_template_is_looked_at() -> None:
    assert {*SAYS, *REQUIRED} == set(TEMPLATES.names)
    assert all(TEMPLATES.languages_of(name) == ("de", "en") for name in TEMPLATES.names)


@pytest.mark.parametrize("name", sorted(SAYS.keys() - {"reply"}))  # which is nothing but the agent's words
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_case_that_tells_little_reads_well_too(name: str, language: str) -> None:
    bare = replace(FACTS, support_level=0, expected_at=None, solution="", assignee=None, last=None)
    nobody = Person("erin@visitor.example", "erin@visitor.example", language=language)
    made = composed(facts=bare, template=name, to=nobody, text="", by_name="", sent_to="")
    assert not re.search(r"\n{3}|[ \t]\n| ,|  \.|\(\)|\A\s", made.text), made.text
    assert name == "group" or not re.search(r"your group|Ihrer Gruppe", made.text)  # stand-ins and teams read it too


def test_names_and_reasons_are_in_the_language_of_who_reads_them() -> None:
    why = "reply: SR-12 is Closed: reply is not possible; possible are restart"
    told = composed(template="kept_as_note", audience="agent", why=why, to=replace(ERIN, language="de")).text
    assert "reply: SR-12 ist Abgeschlossen: reply ist nicht möglich; möglich sind restart\n\nPlease turn" in told
    assert why in composed(template="kept_as_note", audience="agent", why=why).text
    seen = composed(template="assigned", audience="agent", to=replace(ERIN, language="de")).text
    assert "Status     In Bearbeitung\n  Priorität  Mittel\n" in seen
    rests = replace(FACTS, status="Waiting for response", suspended=True)
    assert composed(facts=rests, template="followed_case", audience="agent").subject == (
        "[SR-12] Waiting for response (suspended): Printer on floor 3 jams"
    )
    german = composed(facts=rests, template="urge", audience="agent", to=replace(ERIN, language="de")).text
    assert "Wartet auf Antwort (angehalten)" in german


def test_what_a_customer_gets_answers_his_mail() -> None:
    made = composed()
    assert made.subject == "Re: Printer [SR-12]"
    headers = dict(made.headers)
    assert (headers["In-Reply-To"], headers["References"]) == (
        "<a1@visitor.example>", "<a0@visitor.example> <a1@visitor.example>",
    )  # fmt: skip
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Reply-To"].startswith("support+SR-12.")
    for text in (made.message_id, headers[tokens.LOOP_HEADER], made.text):
        assert tokens.verify(KEYS, ("default",), text[text.rfind("c12.m") :]) == tokens.Mark(
            "default", 12, automatic=True
        )


def test_a_reply_is_nobodys_automatic_mail() -> None:
    made = composed(template="reply", rule="reply", automatic=False)
    headers = dict(made.headers)
    assert not {"Auto-Submitted", "X-Auto-Response-Suppress"} & headers.keys()
    mark = tokens.verify(KEYS, ("default",), made.message_id)
    assert mark is not None
    assert not mark.automatic
    assert made.text.startswith("Please turn it off.\n\nJane Roe\nHelp desk\n")


def test_agents_get_one_thread_a_case() -> None:
    made = [composed(template=name, audience="agent", dedup=name) for name in ("assigned", "urge")]
    threads = {dict(one.headers)["References"] for one in made}
    assert len(threads) == 1
    assert all("In-Reply-To" not in dict(one.headers) for one in made)
    assert tokens.verify(KEYS, ("default",), threads.pop()) is None
    assert made[0].message_id != made[1].message_id
    assert "Erin Example <erin@visitor.example>" in made[0].text


def test_who_has_not_written_is_not_answered() -> None:
    made = composed(facts=replace(FACTS, last=None))
    assert made.subject == "Printer on floor 3 jams [SR-12]"
    assert "In-Reply-To" not in dict(made.headers)


@pytest.mark.parametrize(
    ("zone", "language", "told"),
    [
        ("Europe/Berlin", "en", "2026-11-05 10:15 CET"),
        ("Europe/Berlin", "de", "05.11.2026 10:15 CET"),
        ("", "", "2026-11-05 09:15 UTC"),
        ("Mars/Olympus", "", "2026-11-05 09:15 UTC"),
    ],
)
def test_times_are_those_of_the_recipient(zone: str, language: str, told: str) -> None:
    assert told in composed(template="in_progress", to=replace(ERIN, timezone=zone, language=language)).text


@pytest.mark.parametrize(("language", "said"), [("en", "More on it:"), ("de", "Mehr dazu:")])
def test_the_link_of_a_solution_is_told_with_it(language: str, said: str) -> None:
    to = replace(ERIN, language=language)
    assert f"\n\n{said} https://kb.example/9\n\n" in composed(to=to).text
    assert said not in composed(to=to, facts=replace(FACTS, article="")).text


OWN_REPLY = "Subject: Re: {{ subject }}\n\n{{ text }}\n\nGold service"


@pytest.mark.parametrize("name", sorted({*SAYS, *REQUIRED, "silent", "half", "nope", "mine"} - {"reply"}))
def test_a_reply_has_a_template_for_replies(name: str) -> None:
    files = {f"en/{one}.txt": "x" for one in REQUIRED} | {"en/silent.txt": "Thank you.", "en/gold.txt": OWN_REPLY}
    files |= {"en/half.txt": OWN_REPLY, "de/half.txt": "Danke.", "en/mine.txt": OWN_REPLY}
    shipped = {
        f"{one.parent.name}/{one.name}": one.read_text("utf-8") for one in (FOLDER / "templates").glob("*/*.txt")
    }
    templates = TemplateSet.compiled(files, "templates", ours=shipped)
    own = NoticeRule("mine", What.CLOSED, ("team",), "mine")
    policy = replace(make_policy(), notices=(own,))
    with pytest.raises(Refused, match="there are gold, reply") as refused:
        must_be_for_replies(name, templates, policy)
    assert ("is not there" in str(refused.value)) is (name == "nope")
    assert composed(templates, template="gold", rule="reply", automatic=False).text.startswith("Please turn it off.")
    with pytest.raises(Refused):
        composed(templates, template=name if name != "mine" else "silent", rule="reply", automatic=False)


def test_the_original_is_quoted_where_the_rule_says_so() -> None:
    assert "> It jams." not in composed().text
    made = composed(quote=True, to=replace(ERIN, language="de"))
    assert "Am 03.11.2026 09:15 UTC schrieb Erin:\n> It jams." in made.text


def test_a_hostile_title_stays_on_its_line() -> None:
    made = composed(template="assigned", audience="agent", facts=replace(FACTS, title="x\r\nBcc: a@b.example\u202e"))
    assert made.subject == "[SR-12] Assigned to you: x Bcc: a@b.example"


def test_a_folder_of_before_has_the_shipped_templates(tmp_path: Path) -> None:
    for language in ("en", "de"):
        (tmp_path / language).mkdir()
        for name in REQUIRED:
            text = (FOLDER / "templates" / language / f"{name}.txt").read_text("utf-8")
            (tmp_path / language / f"{name}.txt").write_text(text, "utf-8")
    (tmp_path / "en" / "closed.txt").write_text("Done: {{ title }}", "utf-8")
    old = load_templates(tmp_path)
    assert old.names == TEMPLATES.names
    assert composed(old, template="closed").text.startswith("Done: Printer")
    assert "abgeschlossen" in composed(old, template="closed", to=replace(ERIN, language="de")).text


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("resolved", "{{ titel }}", "unknown variable 'titel', did you mean 'title'?"),
        ("registration", "{{ title }}", "unknown variable 'title'"),  # B8: nothing of the case in an acknowledgement
    ],
)
def test_a_template_that_asks_for_what_it_may_not_have(name: str, text: str, said: str) -> None:
    files = {f"en/{one}.txt": "x" for one in REQUIRED}
    with pytest.raises(ConfigError, match=re.escape(said)):
        TemplateSet.compiled({**files, f"en/{name}.txt": text}, "templates")


def test_every_value_is_filled() -> None:
    every = "\n".join(f"{name}={{{{ {name} }}}}" for name in sorted(NOTICE_SAMPLE))
    files = {f"en/{one}.txt": "x" for one in REQUIRED}
    templates = TemplateSet.compiled({**files, "en/all.txt": every}, "templates")
    text = composed(templates, template="all", quote=True, due_at=NOW).text
    empty = [line for line in text.splitlines() if line.endswith("=")]
    assert empty == ["followed_number="]

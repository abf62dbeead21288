"""[[notice]], [[assignment]] and `notify`: what is taken, and each mistake with its line and cure."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailcase.config import Settings, load
from mailcase.configuration.notices import assignment_rules, notice_rules
from mailcase.errors import ConfigError
from mailcase.life.happening import What
from mailcase.policy_build import build_templates
from mailcase.shipped import FOLDER

MAILBOX = """
[[mailbox]]
name = "support"
address = "support@example.com"
[mailbox.smtp]
host = "smtp.example.com"
"""


def settings(folder: Path, text: str, mailbox: str = MAILBOX) -> Settings:
    file = folder / "mailcase.toml"
    file.write_text(text + mailbox, "utf-8")
    return load(file, {})


NOTICE = "[[notice]]\nname = "
WRONG = [
    ("'Resolved'", ':2: [notice] name: expected a name of small letters, digits and _, such as resolved'),
    ("'resolvd'", ":2: [notice] name: resolvd is none of the shipped rules (registration,"),
    ("'mine'\nwhen = 'urged'", ":2: [notice] name: mine is a rule of your own: it needs to, some of customer,"),
    ("'mine'\nwhen = 'urgd'\nto = ['team']", ':3: [notice] when: expected "created", "followed"'),
    ("'mine'\nwhen = 'urged'\nto = ['boss']", ":4: [notice] to entry 1: expected some of customer, assignee, group"),
    ("'mine'\nwhen = 'urged'\nto = []", ":4: [notice] to: expected at least one entry"),
    ("'mine'\nwhen = 'commented'\nto = ['customer']", ":4: [notice] to: comments and tasks are among agents"),
    ("'mine'\nwhen = 'followed'\nto = ['customer']", ":4: [notice] to: what a mail does is told to its sender by the"),
    ("'resolved'\ncategory = 'Incidnt'", ":3: [notice] category: Incidnt is not in [cases] categories: Incident,"),
    ("'resolved'\nstatus = 'Solved'", ":3: [notice] status: Solved is no status; there are New, In progress"),
    ("'resolved'\ndelay = '30'", ":3: [notice] delay: expected a length of time such as"),
    ("'resolved'\nquote = 1", ":3: [notice] quote: expected true or false"),
    ("'resolved'\nwhen = 'closed'", ":3: [notice] when: resolved is shipped with its own"),
    ("'resolved'\nto = ['team']", ":3: [notice] to: resolved is written for the customer"),
    ("'urge'\nto = ['customer']", ":3: [notice] to: urge is written for agents"),
    ("'registration'\nenabled = false", ":3: [notice] enabled: its switch is [acknowledge] created; leave this out"),
    ("'reopened'\nenabled = true", ":3: [notice] enabled: its switch is [acknowledge] reopened"),
    ("'followed'\nto = ['team']", ":3: [notice] to: followed is an acknowledgement, which has its own"),
    ("'registration'\nall_recipients = true", ':3: [notice] all_recipients: for acknowledgements that is'),
    ("'urge'\n[[notice]]\nname = 'urge'", ":4: [notice] name: there is another [[notice]] named urge; write one"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "said"), WRONG, ids=lambda one: one[:40])
def test_each_mistake_of_a_notice(entry: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, f"{NOTICE}{entry}\n")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("category = 'Incident'", ":1: [assignment]: names nobody: add group ="),
        ("agent = 'jane'", ":2: [assignment] agent: expected a mail address"),
        ("agent = 'jane@a.example'\npick = 'round_robin'", ":1: [assignment]: agent names who gets it: leave out pick"),
        ("group = 'A'\npick = 'best'", ":3: [assignment] pick: expected one of none, round_robin, least_loaded"),
        ("group = 'A'\nmailbox = 'sales'", ":3: [assignment] mailbox: sales is no mailbox; there are support"),
        ("group = 'A'\ncategory = 'Foo'", ":3: [assignment] category: Foo is not in [cases] categories"),
        ("group = 'A'\npriority = 'Urgent'", ':3: [assignment] priority: expected "", "Low", "Medium", "High"'),
        ("group = 'A'\nsender_domain = 'a b'", ":3: [assignment] sender_domain: expected a domain such as"),
    ],
)
def test_each_mistake_of_an_assignment(entry: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, f"[[assignment]]\n{entry}\n")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("name = 'mine'\nwhen = 'urged'\nto = ['team']", ":2: [notice] name: there is no template mine; there are"),
        ("name = 'urge'\ntemplate = 'urgent'", ":3: [notice] template: there is no template urgent; there are"),
        (
            "name = 'registration'\ntemplate = 'resolved'",
            ":3: [notice] template: template resolved uses article, ",
        ),
    ],
)
def test_each_mistake_of_a_template(entry: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        build_templates(settings(tmp_path, f"[[notice]]\n{entry}\n"))
    assert said in str(error.value)


def test_a_shipped_rule_changes_only_in_what_is_said(tmp_path: Path) -> None:
    text = f"{NOTICE}'resolved'\ndelay = '30m'\nquote = true\n{NOTICE}'boss'\nwhen = 'closed'\nto = ['team']\n"
    rules = {one.name: one for one in notice_rules(settings(tmp_path, text))}
    assert (rules["resolved"].delay, rules["resolved"].quote) == (timedelta(minutes=30), True)
    assert (rules["resolved"].when, rules["resolved"].to, rules["resolved"].enabled) == (
        What.RESOLVED, ("customer",), True,
    )  # fmt: skip
    assert (rules["boss"].template, rules["boss"].enabled) == ("boss", True)


def test_an_assignment_has_a_name_and_knows_what_is_open(tmp_path: Path) -> None:
    (rule,) = assignment_rules(settings(tmp_path, "[[assignment]]\ngroup = 'A'\nwords = ['toner']\n"))
    assert (rule.name, rule.words) == ("assignment 1", ("toner",))
    assert rule.open == ("New", "In progress", "Waiting for response", "Resolved", "Reopened")


def test_a_team_is_told_by_the_mailbox_that_can_send(tmp_path: Path) -> None:
    mailbox = '[[mailbox]]\nname = "a"\naddress = "a@b.example"\nnotify = ["team@b.example"]\n'
    with pytest.raises(ConfigError, match=r"\[mailbox\] notify of mailbox a: without \[mailbox.smtp\] nothing"):
        settings(tmp_path, "[acknowledge]\ncreated = false\nfollowed = false\n", mailbox)


def test_the_shipped_templates_fit_the_shipped_rules(tmp_path: Path) -> None:
    made = build_templates(settings(tmp_path, ""))
    names = {path.stem for path in (FOLDER / "templates").glob("*/*.txt")}
    assert {one.template for one in notice_rules(settings(tmp_path, ""))} <= names == set(made.names)

"""The commands for agents, groups, accounts and contacts: what they print, refuse and exit with."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailcase.cli.main import app
from mailcase.errors import Permanent
from tests.servers import new_store

CONFIG = """
[cases]
organizations = ["North", "South"]
[[cases.account]]
name = "Configured"
domains = ["c.example"]
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
aliases = ["help@helpdesk.example"]
[mailbox.smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""
ALICE, ERIN = "alice@helpdesk.example", "erin@v.example"


class Program:
    """The commands, called in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def call(self, *args: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, ["--config", str(self.folder / "mailcase.toml"), *args], input=stdin)

    def json(self, *args: str, stdin: str = "") -> Any:
        done = self.call("--json", *args, stdin=stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "mailcase.toml").write_text(CONFIG)
    (tmp_path / "token.key").write_text("k" * 40)
    (tmp_path / "blacklist.txt").write_text("")
    new_store.place(tmp_path)
    return Program(tmp_path)


def test_agents_and_groups(program: Program) -> None:
    assert program.call("agent", "list").stdout == "there are no agents yet\n"
    program.call("group", "add", "First line")
    options = ("--name", "Alice", "--language", "de", "--timezone", "Europe/Berlin", "--group", "First line")
    made = program.json("agent", "add", ALICE, *options, "--organization", "North", "--as", "boss@helpdesk.example")
    assert made == {
        "address": ALICE, "name": "Alice", "language": "de", "timezone": "Europe/Berlin", "role": "agent",
        "groups": ["First line"], "organizations": ["North"], "active": True, "open_cases": 0,
        "by": "boss@helpdesk.example",
    }  # fmt: skip
    program.json("agent", "edit", ALICE, "--role", "admin", "--add-organization", "South", "--language", "")
    (row,) = program.json("agent", "list")
    assert (row["role"], row["organizations"], row["language"], row["key"]) == ("admin", ["North", "South"], "", ALICE)
    program.json("group", "edit", "First line", "--remove-member", ALICE)
    assert program.call("group", "list").stdout.splitlines()[1].split() == ["First", "line", "0", "yes"]


def test_who_leaves_with_open_cases_is_told_of(program: Program) -> None:
    mail = f"From: {ERIN}\r\nTo: support@helpdesk.example\r\nSubject: Printer\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n"
    program.call("agent", "add", ALICE, "--name", "Alice")
    program.json("ingest", "-", "--mailbox", "support", stdin=mail)
    program.call("case", "set", "SR-1", "--assignee", ALICE)
    done = program.call("agent", "disable", ALICE)
    assert (done.exit_code, done.stdout) == (0, f"agent  address {ALICE}  name Alice  role agent  disabled\n")
    assert f"1 open case stays assigned to {ALICE}" in done.stderr
    assert "`mailcase case assign NUMBER --to ADDRESS` hands one over" in done.stderr
    assert program.json("agent", "enable", ALICE)["active"] is True


def test_accounts_and_contacts(program: Program) -> None:
    program.call("account", "add", "Visitor Ltd", "--domain", "v.example", "--domain", "w.example")
    program.call("account", "edit", "visitor ltd", "--name", "Visitors", "--remove-domain", "w.example")
    assert [(row["name"], row["domains"]) for row in program.json("account", "list")] == [("Visitors", ["v.example"])]
    program.call("contact", "add", ERIN, "--address", "e2@v.example", "--name", "Erin", "--account", "Visitors")
    told = program.call("contact", "disable", "e2@v.example")
    assert "mail from this contact is still recognised" in told.stderr
    (row,) = program.json("contact", "list")
    assert {name: row[name] for name in ("addresses", "account", "active", "timezone", "cases")} == {
        "addresses": ["e2@v.example", ERIN], "account": "Visitors", "active": False, "timezone": "", "cases": 0,
    }  # fmt: skip
    program.call("contact", "edit", ERIN, "--timezone", "Asia/Tokyo")
    assert program.json("contact", "export", ERIN)["contacts"][0]["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("args", "exit_code", "told"),
    [
        (("agent", "add", "support@helpdesk.example", "--name", "S"), 1, "an address of a mailbox of ours"),
        (("contact", "add", "Help+x@helpdesk.example"), 1, "an address of a mailbox of ours"),
        (("agent", "add", ALICE, "--name", "A", "--organization", "West"), 1, "there are North, South"),
        (("agent", "add", ALICE, "--name", "A", "--timezone", "Mars"), 2, "timezone: expected a time zone"),
        (("agent", "add", ALICE), 2, "Missing option"),
        (("agent", "edit", ALICE, "--name", "A"), 1, "there is no agent"),
        (("agent", "edit", ALICE), 2, "what is to be changed?"),
        (("agent", "edit", ALICE, "--address", "al@x.example"), 2, f"`mailcase agent disable {ALICE}`"),
        (("account", "add", "New", "--domain", "gmail.com"), 1, "a freemail domain"),
        (("account", "add", "New", "--domain", "c.example"), 1, "c.example is Configured's by [[cases.account]]"),
        (("contact", "add", ERIN, "--account", "No"), 1, "there is no account No"),
        (("contact", "add", ERIN, "--as", "nobody"), 2, "nobody is no address"),
        (("agent", "import-csv", "missing.csv"), 1, "cannot be read"),
        (("agent", "export-csv", "--separator", "x"), 2, "--separator is , or ;"),
    ],
)
def test_what_is_refused(program: Program, args: tuple[str, ...], exit_code: int, told: str) -> None:
    done = program.call(*args)
    said = str(done.exception) if isinstance(done.exception, Permanent) else done.stderr
    assert (done.exit_code, told in " ".join(said.replace("│", " ").split())) == (exit_code, True), said
    assert [row for kind in ("agent", "account", "contact") for row in program.json(kind, "list")] == []


def test_files_go_out_and_come_in_again(program: Program) -> None:
    text = f"address;name;groups\n{ALICE};=Alice;First line | Second\n"
    assert program.json("agent", "import-csv", "-", "--as", "boss@x.example", stdin=text) == {
        "file": "-", "new": 1, "changed": 0, "same": 0, "groups_made": ["First line", "Second"], "by": "boss@x.example",
    }  # fmt: skip
    file = program.folder / "agents.csv"
    assert program.call("agent", "export-csv", "--to", str(file)).stdout.endswith("agents.csv  1 agents\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"\xef\xbb\xbfaddress,name,")
    assert program.call("agent", "import-csv", str(file)).stdout == "agents  0 new, 0 changed, 1 as they were\n"
    assert program.call("agent", "export-csv", "--separator", ";").stdout.splitlines()[1] == (
        f"{ALICE};'=Alice;;;agent;First line | Second;;yes"
    )
    assert "is there already" in str(program.call("agent", "export-csv", "--to", str(file)).exception)
    assert program.json("agent", "export-csv")[0]["name"] == "=Alice"
    wrong = program.call("agent", "import-csv", "-", stdin="address,name\nb@x.example,B\nsupport@helpdesk.example,S\n")
    assert "line 3, column address: support@helpdesk.example is an address" in str(wrong.exception)
    assert [row["name"] for row in program.json("agent", "list")] == ["=Alice"]


def test_a_language_that_no_template_has_is_told(program: Program) -> None:
    done = program.call("agent", "add", ALICE, "--name", "Alice", "--language", "fr")
    assert (done.exit_code, done.stderr) == (
        0, "no template is in fr: mails go out in the default language; there are de, en\n",
    )  # fmt: skip
    assert program.call("agent", "edit", ALICE, "--language", "de_AT").stderr == ""


def test_an_address_of_another_contact_names_the_way_to_him(program: Program) -> None:
    program.call("contact", "add", ERIN)
    program.call("contact", "add", "e2@v.example")
    told = str(program.call("contact", "edit", "e2@v.example", "--add-address", ERIN).exception)
    assert f"`mailcase case contact NUMBER {ERIN}`" in told


def test_an_agents_address_is_no_customers_by_hand(program: Program) -> None:
    program.call("contact", "add", ERIN)
    for address in (ALICE, "bob@helpdesk.example"):
        program.call("agent", "add", address, "--name", "A")
    program.call("agent", "disable", "bob@helpdesk.example")
    for args in (
        ("edit", ERIN, "--add-address", ALICE.upper()),
        ("add", ALICE),
        ("add", "e3@v.example", "--address", ALICE),
    ):
        assert "is an agent's address: `mailcase agent disable" in str(program.call("contact", *args).exception)
    program.json("contact", "edit", ERIN, "--add-address", "bob@helpdesk.example")
    program.json("contact", "import-csv", "-", stdin=f"addresses,name\n{ALICE},Alice\n")
    assert program.json("contact", "edit", ALICE, "--language", "de")["addresses"] == [ALICE]


def test_an_agent_with_cases_of_his_own_is_told_of(program: Program) -> None:
    mail = f"From: {ERIN}\r\nTo: support@helpdesk.example\r\nSubject: Printer\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n"
    program.json("ingest", "-", "--mailbox", "support", stdin=mail)
    told = f"1 open case is of {ERIN} as a customer: his mails on his own cases are read as the customer's\n"
    assert program.call("agent", "add", ERIN.upper(), "--name", "Erin").stderr.lower() == told.lower()
    assert program.call("agent", "disable", ERIN).stderr == ""
    assert program.call("agent", "enable", ERIN).stderr.lower() == told.lower()
    assert program.call("agent", "add", ALICE, "--name", "Alice").stderr == ""


def test_a_misspelt_account_has_a_near_name(program: Program) -> None:
    program.call("account", "add", "Visitor Ltd")
    for name, said in (("Visitr Ltd", "; did you mean Visitor Ltd? `mailcase account add`"), ("No", "account No: ")):
        for args in (("add", "e2@v.example"), ("edit", ERIN)):
            program.call("contact", "add", ERIN)
            assert said in str(program.call("contact", *args, "--account", name).exception)


def test_two_contacts_who_are_one_are_joined(program: Program) -> None:
    home = "erin@home.example"
    for address, name in ((ERIN, "Erin"), (home, home)):
        program.call("contact", "add", address, "--name", name)
    assert program.call("contact", "merge", ERIN, "").exit_code == 2
    assert isinstance(program.call("contact", "merge", ERIN, "joe@v.example").exception, Permanent)
    done = program.call("contact", "merge", ERIN, home.upper())
    assert done.stdout == f"Erin  {ERIN}, {home}\n"
    assert done.stderr == f"his from now on: no cases and no mails of {home}\n"
    assert program.json("contact", "list")[0]["addresses"] == [home, ERIN]
    program.call("contact", "add", "e@v.example", "--name", "Erin R.")
    program.call("agent", "add", ALICE, "--name", "Alice")
    again = program.json("contact", "merge", ERIN, "e@v.example", "--as", ALICE)
    assert (again["addresses"], again["cases"], again["by"]) == ([home, ERIN, "e@v.example"], 0, ALICE)

"""What acts at the command line say of a case's standing: suspended, told later, a duplicate, of an organization."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.servers import new_store
from tests.unit.test_cli_acts import ANN, ERIN, Program

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """SR-1, made by hand, and an agent."""
    new_store.place(tmp_path)
    made = Program(tmp_path)
    made.done("agent", "add", ANN, "--name", "Ann")
    made.done("case", "create", "Printer", "--contact", ERIN)
    return made


def test_who_is_told_later_is_told_so(program: Program) -> None:
    file = program.folder / "mailcase.toml"
    file.write_text(f'{file.read_text()}\n[[notice]]\nname = "resolved"\ndelay = "30m"\n')
    done = program.done("case", "resolve", "SR-1", "--solution", "A new roller.", "--as", ANN)
    at = datetime.fromisoformat(program.json("outbox", "list")[-1]["next_attempt_at"]).astimezone(BERLIN)
    assert done.stderr == f"will be told at {at:%Y-%m-%d %H:%M %Z}, unless the case has changed by then: {ERIN}\n"


def test_a_suspended_case_is_seen_to_be_so(program: Program) -> None:
    seen = "SR-1  Waiting for response (suspended)"
    assert program.done("case", "suspend", "SR-1", "--reason", "a part").stdout.startswith(f"{seen}  assignee")
    assert "Waiting for response (suspended) · Medium" in program.done("case", "show", "SR-1").stdout
    assert "Waiting for response (suspended)" in program.done("case", "list").stdout
    program.done("case", "resume", "SR-1", "--as", ANN)
    assert program.json("case", "show", "SR-1")["suspended"] is False
    program.done("case", "wait", "SR-1", "--text", "Which?", "--as", ANN)
    assert [one["suspended"] for one in program.json("case", "list")] == [False]


def test_what_may_be_a_duplicate_is_seen_in_the_list(program: Program) -> None:
    program.done("case", "create", "Printer", "--contact", ERIN, "--allow-same-case")
    assert "[duplicate?] Printer" in program.done("case", "list").stdout
    assert [one["possible_duplicate"] for one in program.json("case", "list")] == [False, True]
    program.done("case", "close", "SR-1", "--reason", "the same")
    assert [one["possible_duplicate"] for one in program.json("case", "list")] == [False, False]


def test_an_organization_is_given_to_one_case_or_to_all_that_have_none(program: Program) -> None:
    file = program.folder / "mailcase.toml"
    added = {"[cases]": '[cases]\norganizations = ["North", "South"]', "[mailbox.smtp]": 'organization = "North"\n'}
    text = file.read_text().replace("[cases]", added["[cases]"])
    file.write_text(text.replace("[mailbox.smtp]", f"{added['[mailbox.smtp]']}[mailbox.smtp]"))
    given = program.done("case", "organization", "--missing")
    assert (given.stdout, given.stderr) == ("support  1 case belongs to North now\n", "")
    assert program.done("case", "organization", "sr-1", "south").stderr == "nobody is told\n"
    assert program.json("case", "show", "SR-1")["organization"] == "South"
    assert "is for admins" in program.refused("case", "organization", "SR-1", "none", "--as", ANN)
    program.done("case", "organization", "SR-1", "none")
    told = program.json("case", "organization", "--missing", "--mailbox", "support", "--as", "")
    assert told["mailboxes"] == [{"mailbox": "support", "organization": "North", "cases": 1}]
    assert "organization – → North" in program.done("case", "show", "SR-1").stdout
    program.done("case", "assign", "SR-1", "--to", ANN)
    file.write_text(f"{file.read_text()}\n[agents]\nisolate_organizations = true\n")
    warned = program.done("case", "organization", "SR-1", "South").stderr
    assert f"SR-1 belongs to South now, and cannot be seen by its assignee {ANN}: `mailcase case assign" in warned


def test_check_names_who_hears_in_the_place_of_a_group_that_is_not_there(program: Program) -> None:
    file = program.folder / "mailcase.toml"
    lines = 'assignee_group = "First line"\nnotify = ["team@elsewhere.example"]\n[mailbox.smtp]'
    file.write_text(f'{file.read_text().replace("[mailbox.smtp]", lines)}\n[[assignment]]\ngroup = "Second line"\n')
    rows = [one["detail"] for one in json.loads(program.call("--json", "check").stdout) if one["what"] == "group"]
    assert [
        "team@elsewhere.example (notify) is told of its cases instead: there is no group First line" in rows[0],
        "the group of their mailbox, else its notify, is told of its cases instead: there is no group" in rows[1],
    ] == [True, True], rows


def test_a_customer_is_told_by_a_mailbox_that_has_another_name_now(program: Program) -> None:
    """The case came by "support"; its address is that of "helpdesk" now, whose server the mail leaves by."""
    file = program.folder / "mailcase.toml"
    file.write_text(file.read_text().replace('name = "support"', 'name = "helpdesk"'))
    assert program.done("case", "reply", "SR-1", "Switch it off.", "--as", ANN).stderr == f"told: {ERIN}\n"

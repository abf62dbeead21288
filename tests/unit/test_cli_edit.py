"""`case edit`, and refusals that name the command which cures them."""

from pathlib import Path

import pytest

from tests.servers import new_store
from tests.unit.test_cli_acts import ERIN, Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """SR-1 and SR-2 by hand, of one customer."""
    new_store.place(tmp_path)
    made = Program(tmp_path)
    made.done("case", "create", "Printer", "--contact", ERIN, "--description", "It jams.")
    made.done("case", "create", "Other", "--contact", ERIN, "--allow-same-case")
    return made


def test_title_and_description_are_edited_with_what_was_before(program: Program) -> None:
    edited = program.done("case", "edit", "SR-1", "--title", "Plotter", "--description", "-", stdin="It hums.\n")
    assert (edited.stdout, edited.stderr) == ("SR-1  New  assignee –  edited\n", "nobody is told\n")
    case = program.json("case", "show", "SR-1")
    assert (case["title"], case["description"]) == ("Plotter", "It hums.")
    (data,) = [one["data"] for one in case["events"] if one["event"] == "edited"]
    assert (data["from_title"], data["from_description"], data["title"]) == ("Printer", "It jams.", "Plotter")
    assert "title Printer → Plotter, description changed" in program.done("case", "show", "SR-1").stdout
    assert [len(program.json("case", "list", "--text", one)) for one in ("plotter hums", "printer")] == [1, 0]
    assert "says so already" in program.refused("case", "edit", "SR-1", "--title", "Plotter")
    assert "the title is empty" in program.refused("case", "edit", "SR-1", "--title", " ")
    program.done("case", "close", "SR-1")
    program.done("case", "edit", "SR-1", "--description", "")
    bob = program.json("case", "create", "Bob's", "--contact", "bob@visitor.example")["number"]
    assert f"`mailcase case contact {bob} ADDRESS`" in program.refused("case", "merge", bob, "--into", "SR-2")
    program.done("case", "contact", bob, ERIN)
    program.done("case", "merge", bob, "--into", "SR-2")
    assert "was merged into SR-2: edit is not possible" in program.refused("case", "edit", bob, "--title", "x")

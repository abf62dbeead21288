"""`case list` with filters, `case similar` and `report` on the command line."""

import csv
import io
from pathlib import Path

import pytest

from tests.unit.test_cli_mail import CONFIG, HEAD, Program

TEXTS = (
    HEAD.format(name="erin") + "Subject: Printer jams\nMessage-ID: <1@v>\n\nThe tray is open\n",
    HEAD.format(name="bob") + "Subject: Printer again\nMessage-ID: <2@v>\n\nThe tray again\n",
    HEAD.format(name="carol") + "Subject: Invoice\nMessage-ID: <3@v>\n\nToo much\n",
)
ADMIN, AGENT = "boss@helpdesk.example", "kim@helpdesk.example"
MORE = '[cases]\norganizations = ["East", "West"]\ntimezone = "Europe/Berlin"\n[agents]\nisolate_organizations = true\n'


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Three cases; the third is resolved and Kim's; Kim has organization West, and there is an admin."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "mailcase.toml").write_text(MORE + CONFIG)
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    names = [f"{at}.eml" for at in range(len(TEXTS))]
    for name, text in zip(names, TEXTS, strict=True):
        (folder / name).write_text(text)
    made = Program(folder)
    made.json("ingest", *names, "--mailbox", "support")
    made.json("case", "set", "SR-3", "--status", "Resolved", "--assignee", AGENT)
    for address, name, *more in ((AGENT, "Kim", "--organization", "West"), (ADMIN, "Boss", "--role", "admin")):
        done = made.call("agent", "add", address, "--name", name, *more)
        assert done.returncode == 0, done.stderr
    return made


def listed(program: Program, *options: str) -> list[str]:
    return [one["number"] for one in program.json("case", "list", *options)]


LISTS = [
    ((), ["SR-1", "SR-2", "SR-3"]),
    (("--status", "resolved"), ["SR-3"]),
    (("--kind", "active", "--text", "tray printer"), ["SR-1", "SR-2"]),
    (("--assignee", AGENT), ["SR-3"]),
    (("--assignee", "none", "--last", "1"), ["SR-2"]),
    (("--group", "none"), ["SR-1", "SR-2", "SR-3"]),
    (("--contact", "bob@visitor.example"), ["SR-2"]),
    (("--mailbox", "support", "--category", "Incident"), ["SR-1", "SR-2", "SR-3"]),
    (("--category", "Complaint"), []),
    (("--unanswered",), ["SR-1", "SR-2"]),  # SR-3 is resolved
    (("--as", ADMIN), ["SR-1", "SR-2", "SR-3"]),
    (("--as", AGENT), []),
    (("--priority", "medium", "--sort", "last-mail"), ["SR-1", "SR-2", "SR-3"]),
    (("--priority", "Low"), []),
    (("--mine", "--as", ADMIN), []),
]  # fmt: skip


@pytest.mark.parametrize(("options", "told"), LISTS)
def test_case_list_with_filters(program: Program, options: tuple[str, ...], told: list[str]) -> None:
    assert listed(program, *options) == told


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--status", "Old"), 1, "there is no status Old; there are New"),
        (("--mailbox", "sales"), 1, "there is no mailbox sales; there are support"),
        (("--kind", "old"), 2, "there is no kind old; there are active, paused, resolved, final"),
        (("--assignee", "Kim"), 2, "Kim is no address"),
        (("--contact", "Bob"), 2, "Bob is no address"),
        (("--as", "nobody@x.example"), 1, "nobody@x.example is no active agent"),
        (("--mine",), 2, "--mine needs --as ADDRESS"),
        (("--sort", "age"), 2, "there is no order age; there are opened, last-mail, priority"),
        (("--priority", "Huge"), 2, "there is no priority Huge; there are Low"),
        (("--text", "?"), 1, "has no word to look for"),
    ],
)
def test_a_wrong_filter_says_what_there_is(program: Program, options: tuple[str, ...], code: int, told: str) -> None:
    done = program.call("case", "list", *options)
    assert (done.returncode, told in " ".join(done.stderr.replace("│", " ").split())) == (code, True), done.stderr


def test_a_list_that_finds_nothing_says_so(program: Program) -> None:
    assert program.call("case", "list", "--category", "Complaint").stdout == "there is no such case\n"
    assert program.call("case", "list", "--mine", "--as", ADMIN).stdout == f"no case waits for {ADMIN}\n"
    assert "SR-3  " in program.call("case", "list", "--last", "1").stdout


def test_a_list_shows_group_age_and_the_last_mail(program: Program) -> None:
    head, line = program.call("case", "list", "--last", "1").stdout.splitlines()
    assert head.split()[-7:] == ["assignee", "group", "age", "last", "mail", "message", "count"]
    assert " ago " in line
    assert program.call("case", "task", "list").stdout == "there is no open task\n"


def test_an_agent_sees_no_case_of_another_organization(program: Program) -> None:
    done = program.call("case", "show", "SR-1", "--as", AGENT)
    assert (done.returncode, "there is no case SR-1" in done.stderr) == (1, True)
    assert program.json("case", "show", "SR-1", "--as", ADMIN)["number"] == "SR-1"


def test_similar_cases(program: Program) -> None:
    found = program.json("case", "similar", "sr-1")
    assert [one["number"] for one in found] == ["SR-2", "SR-3"][: len(found)]
    assert found[0]["kind"] == "active"
    assert "SR-2" in program.call("case", "similar", "SR-1", "--most", "1").stdout


def test_a_report_counts_and_shows_the_age_of_what_is_open(program: Program) -> None:
    told = program.json("report", "--by", "mailbox")
    (line,) = told["lines"]
    assert (line["mailbox"], line["created"], line["resolved"], line["reopened"], line["open"]) == (
        "support",
        3,
        1,
        0,
        2,
    )
    assert (told["timezone"], told["by"], told["total"]["resolution_count"]) == ("Europe/Berlin", "mailbox", 1)
    assert told["backlog"][0] == {"age": "under 1 day", "count": 2}
    shown = program.call("report").stdout
    assert "(Europe/Berlin), by day" in shown
    assert "open at the end: 2\n  under 1 day         2\n" in shown
    assert program.json("report", "--as", AGENT)["total"]["created"] == 0


def test_a_report_as_csv(program: Program) -> None:
    here = program.call("report", "--by", "assignee", "--csv", "-").stdout
    rows = list(csv.DictReader(io.StringIO(here)))
    assert [(one["assignee"], one["created"], one["open"], one["open_under_1_day"]) for one in rows] == [
        ("", "2", "2", "2"), (AGENT, "1", "0", "0"),
    ]  # fmt: skip
    done = program.call("report", "--by", "assignee", "--csv", "report.csv")
    file = program.folder / "report.csv"
    assert (done.stdout, file.stat().st_mode & 0o777) == ("", 0o600)
    assert file.read_text().splitlines() == here.splitlines()
    again = program.call("report", "--csv", "report.csv")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--by", "year"), "there are day, mailbox, category, assignee, group"),
        (("--from", "yesterday"), "yesterday is no date"),
        (("--from", "2026-11-02", "--to", "2026-11-02"), "nothing lies between them"),
    ],
)
def test_a_wrong_report_is_wrong_usage(program: Program, options: tuple[str, ...], told: str) -> None:
    done = program.call("report", *options)
    assert (done.returncode, told in " ".join(done.stderr.replace("│", " ").split())) == (2, True), done.stderr


def test_a_period_of_days_has_a_line_each_and_its_end_is_not_in_it(program: Program) -> None:
    told = program.json("report", "--from", "2026-10-24", "--to", "2026-10-27")
    assert [one["day"] for one in told["lines"]] == ["2026-10-24", "2026-10-25", "2026-10-26"]
    assert (told["from"], told["to"]) == ("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z")


def test_without_a_store_there_is_nothing_to_tell(program: Program, tmp_path: Path) -> None:
    for name in ("mailcase.toml", "token.key", "blacklist.txt"):
        (tmp_path / name).write_bytes((program.folder / name).read_bytes())
    empty = Program(tmp_path)
    assert empty.json("case", "list", "--status", "Old") == []
    assert empty.json("report")["total"]["created"] == 0
    assert empty.call("case", "similar", "SR-1").returncode == 1
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize(
    ("as_", "told"),
    [
        (AGENT, "mailcase: there is no case SR-1\n"),
        ("nobody@x.example", "mailcase: nobody@x.example is no active agent: `mailcase agent list` names all\n"),
    ],
)
def test_case_set_asks_who_acts_and_what_is_his(program: Program, as_: str, told: str) -> None:
    before = program.json("case", "show", "SR-1")
    done = program.call("case", "set", "SR-1", "--status", "Closed", "--as", as_)
    assert (done.returncode, done.stderr) == (1, told)
    assert program.json("case", "show", "SR-1") == before


def test_case_set_names_the_agent_who_acts(program: Program) -> None:
    done = program.json("case", "set", "SR-2", "--assignee", ADMIN, "--as", ADMIN.upper())
    assert (done["events"][-1]["event"], done["events"][-1]["actor"]) == ("assignee_set", ADMIN)
    program.json("case", "set", "SR-2", "--assignee", "")

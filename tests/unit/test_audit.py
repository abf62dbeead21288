"""Each mail at a source and in the journal has the state that B1 gives it; what `mailcase audit` looks at and says."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailcase.cli.main import app
from mailcase.cli.render_audit import print_checked
from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.intake.audit import COUNTED, STATES, Entry, FolderAudit, Found, compare
from mailcase.intake.imap.audit import _state
from mailcase.intake.maildir.audit import audit_maildir
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.ports import Arrival, Cursor
from mailcase.soundness import Finding
from mailcase.store.store import Store
from tests.servers import new_store
from tests.servers.letters import letter

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


def entry(outcome: str | None = "created", reason: str = "", *, oversize: bool = False, marked: bool = False) -> Entry:
    return Entry(1, "1:5", 5, NOW, outcome, reason, oversize, marked)


@pytest.mark.parametrize(
    ("one", "there", "takes_away", "state"),
    [
        (entry(), True, False, "decided"),
        (entry(None), True, False, "undecided"),
        (entry("quarantined"), True, False, "quarantined"),
        (entry("ignored", "before_start"), True, False, "before_start"),
        (entry(oversize=True), True, False, "oversize"),
        (entry(marked=True), False, False, "gone"),
        (entry(marked=True), False, True, "moved_away"),
        (entry(), False, True, "gone"),
        (entry(None), False, True, "gone"),
    ],
)
def test_a_mail_that_the_journal_holds(one: Entry, there: bool, takes_away: bool, state: str) -> None:
    (line,) = compare(["1:5"] if there else [], {"1:5": one}, [], lambda _: "missing", takes_away=takes_away)
    assert (line.state, line.delivery) == (state, 1)
    assert state in STATES


def cursor(start: str = "new", **over: object) -> Cursor:
    values = {"last_uid": 20, "baseline_uid": 10, "baseline_at": NOW, **over}
    return Cursor("imap:h:u", "INBOX", "support", 1, start=start, **values)  # type: ignore[arg-type]  # by name


LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("uid", "received", "known", "renumbered", "state"),
    [
        (5, EARLIER, cursor(), False, "before_start"),
        (5, NOW, cursor(), False, "before_start"),
        (5, LATER, cursor(), False, "missing"),  # of a folder that was renumbered before, and not found by date
        (15, EARLIER, cursor(), False, "missing"),  # the UID alone decides: it came later, whatever its date
        (15, LATER, cursor(), False, "missing"),
        (21, LATER, cursor(), False, "to_come"),
        (5, EARLIER, cursor("all"), False, "missing"),
        (21, EARLIER, cursor("all"), False, "to_come"),
        (5, EARLIER, cursor("2026-11-01"), False, "before_start"),
        (5, NOW, cursor("2026-11-01"), False, "missing"),
        (5, EARLIER, cursor(), True, "before_start"),
        (99, EARLIER, cursor(), True, "before_start"),  # after a reset the date decides
        (5, LATER, cursor(), True, "to_come"),
        (5, EARLIER, cursor(baseline_at=None), True, "to_come"),
        (5, EARLIER, None, False, "to_come"),
        (5, None, cursor(), False, "before_start"),  # the UID says it
        (5, None, cursor(), True, "to_come"),  # nothing says it, and the daemon takes it
        (15, None, cursor(), False, "missing"),
    ],
)
def test_a_mail_that_the_journal_does_not_hold(
    uid: int, received: datetime | None, known: Cursor | None, renumbered: bool, state: str
) -> None:
    assert _state(Found("k", uid, received), known, renumbered=renumbered) == state


def test_the_counts_are_in_the_order_of_the_states_and_differences_leave_out_what_is_as_it_should_be() -> None:
    entries = {"1:1": entry(), "1:2": entry(None)}
    found = [Found("1:9", 9, LATER), Found("1:8", 8, EARLIER)]
    lines = compare(["1:1", "1:2"], entries, found, lambda _: "missing", takes_away=False)
    audit = FolderAudit("INBOX", 1, 4, tuple(lines))
    assert list(audit.counts.items()) == [("decided", 1), ("undecided", 1), ("missing", 2)]
    assert [(one.state, one.key) for one in audit.differences] == [
        ("missing", "1:8"),
        ("undecided", "1:2"),
        ("missing", "1:9"),
    ]
    assert set(STATES) > COUNTED


def test_a_maildir_is_compared_by_the_unique_part_of_its_names(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    settings = MaildirSettings("support", box)
    store = Store.open("sqlite:///m.db", tmp_path)
    try:
        (box / "new" / "1.old").write_bytes(b"old")
        assert audit_maildir(settings, None, store).note == "was never read: the first look sets its baseline"
        looked = utcnow() + timedelta(hours=1)
        begun = Cursor(settings.source, "", "support", 0, 0, 0, None, "new", looked)
        store.begin_maildir(begun, {"1.old"})
        for name in ("2.taken:2,S", "3.lost"):
            (box / "cur" / name).write_bytes(b"x")
        rows = [
            Arrival("support", settings.source, "", key, None, None, utcnow(), b"x") for key in ("2.taken", "4.gone")
        ]
        store.journal(rows, None)
        found = audit_maildir(settings, None, store)
        assert {one.key: one.state for one in found.lines} == {
            "1.old": "before_start",
            "2.taken": "undecided",
            "3.lost": "missing",
            "4.gone": "gone",
        }
        store.save_cursor(Cursor(settings.source, "", "support", 0, 0, 0, None, "new", NOW))
        assert "missing" not in audit_maildir(settings, None, store).counts  # no look since then
        assert audit_maildir(settings, looked, store).lines == ()
    finally:
        store.close()
    with pytest.raises(Permanent, match="cannot be read"):
        audit_maildir(MaildirSettings("support", tmp_path / "none"), None, store)


# the command

CONFIG = """
[intake]
workers = 1
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
[[mailbox]]
name = "letters"
address = "letters@helpdesk.example"
group = "letters"
[mailbox.maildir]
path = "Maildir"
[[mailbox]]
name = "far"
address = "far@helpdesk.example"
group = "far"
[mailbox.imap]
host = "127.0.0.1"
port = 1
security = "none"
user = "far"
password = "pass"
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Result]:
    """The commands, called in this process; one mail is decided."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    (tmp_path / "mailcase.toml").write_text(CONFIG)
    (tmp_path / "token.key").write_text("k" * 40)
    (tmp_path / "blacklist.txt").write_text("")
    new_store.place(tmp_path)

    def call(*args: str, data: bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["--config", str(tmp_path / "mailcase.toml"), *args], input=data)

    assert call("ingest", "-", "--mailbox", "support", data=letter(1)).exit_code == 0
    return call


def test_without_a_name_it_looks_at_the_store_and_at_every_mailbox_with_a_copy(program: Callable[..., Result]) -> None:
    done = program("--json", "audit")
    told = json.loads(done.stdout)
    letters, far = told["mailboxes"]
    assert told["store"] == {"doubled": 0, "stuck": 0, "findings": []}
    assert (letters["mailbox"], letters["missing"], letters["folders"][0]["on_server"]) == ("letters", 0, 0)
    assert ("far" in far["mailbox"], "127.0.0.1" in far["error"]) == (True, True)
    assert done.exit_code == 1  # one could not be compared
    said = program("audit").stdout
    assert "not compared: " in said
    assert said.endswith("0 missing, 0 doubled, 0 stuck, 1 not compared\n")


def test_what_the_store_holds_stuck_is_named_with_its_cure(program: Callable[..., Result], tmp_path: Path) -> None:
    assert (program("audit", "--store").exit_code, program("audit", "--store").stdout) == (
        0,
        "store\n0 doubled, 0 stuck\n",
    )
    with closing(sqlite3.connect(tmp_path / new_store.NAME)) as store, store:
        store.execute("UPDATE delivery SET outcome = 'quarantined', reason = 'unreadable', error = 'it \x1b[1m raises'")
    done = program("audit", "--store")
    assert (done.exit_code, "quarantined          1  stuck: could not be processed" in done.stdout) == (1, True)
    assert "support  message 1  unreadable: it \N{REPLACEMENT CHARACTER}[1m raises\n" in done.stdout
    assert "→ `mailcase quarantine show ID`, then" in done.stdout
    assert done.stdout.endswith("0 doubled, 1 stuck\n")
    assert program("audit", "--store", "--since", "2999-01-01").exit_code == 1  # however long it is stuck
    whole = program("--json", "audit", "letters", "--store")
    told = json.loads(whole.stdout)
    (found,) = told["store"]["findings"]
    assert (whole.exit_code, [one["mailbox"] for one in told["mailboxes"]]) == (1, ["letters"])
    assert (found["word"], found["kind"], found["mailbox"], found["messages"], found["cases"], found["outbox"]) == (
        "quarantined", "stuck", "support", [1], [], [],
    )  # fmt: skip


def test_many_findings_are_counted_and_the_first_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    print_checked([Finding("undecided", NOW, "support", (at,)) for at in range(60)])
    said = capsys.readouterr().out
    assert (said.count("  support  message "), "… 10 more: --json shows them all" in said) == (50, True)


@pytest.mark.parametrize(
    ("args", "told"),
    [(("support",), "there is no copy to compare with"), (("--stuck-after", "soon"), "a length of time")],
)
def test_wrong_usage_says_what_is_right(program: Callable[..., Result], args: tuple[str, ...], told: str) -> None:
    done = program("audit", *args)
    assert (done.exit_code, told in " ".join(done.stderr.replace("│", " ").split())) == (2, True)

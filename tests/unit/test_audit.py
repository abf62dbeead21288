"""Each mail at a source and in the journal has the state that B1 gives it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.intake.audit import COUNTED, STATES, Entry, FolderAudit, Found, compare
from mailcase.intake.imap.audit import _state
from mailcase.intake.maildir.audit import audit_maildir
from mailcase.intake.maildir.settings import MaildirSettings
from mailcase.ports import Arrival, Cursor
from mailcase.store.store import Store

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
    ],
)
def test_a_mail_that_the_journal_does_not_hold(
    uid: int, received: datetime, known: Cursor | None, renumbered: bool, state: str
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

"""The daily digest: due once a day by the clock of the people, told in words that lead back to each mail."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailcase.health.digest import Digest, Item, Last, due_day, letter, remembered
from mailcase.health.proof import Proof
from tests.builders import NOW

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def last(day: str) -> Last:
    return Last(date.fromisoformat(day), NOW)


@pytest.mark.parametrize(
    ("now", "time", "before", "due"),
    [
        ("2026-11-03T05:59", "07:00", "2026-11-02", None),
        ("2026-11-03T06:00", "07:00", "2026-11-02", "2026-11-03"),
        ("2026-11-03T06:00", "07:00", "2026-11-03", None),
        ("2026-11-03T22:30", "07:00", "2026-11-02", "2026-11-03"),  # the daemon was away in the morning
        ("2026-11-03T22:30", "07:00", "2026-10-30", "2026-11-03"),  # and for days: one digest
        ("2026-11-03T06:00", "", "2026-11-02", None),
        ("2026-11-03T23:30", "00:15", "2026-11-03", "2026-11-04"),  # midnight is the people's
        # summer time begins: 02:30 is left out and comes at 03:30 of the new time
        ("2026-03-29T01:29", "02:30", "2026-03-28", None),
        ("2026-03-29T01:30", "02:30", "2026-03-28", "2026-03-29"),
        # it ends: 02:30 comes twice, the first one counts, the second is the same day
        ("2026-10-25T00:30", "02:30", "2026-10-24", "2026-10-25"),
        ("2026-10-25T01:30", "02:30", "2026-10-25", None),
    ],
)
def test_it_is_due_once_a_day(now: str, time: str, before: str, due: str | None) -> None:
    found = due_day(at(now), time, BERLIN, last(before))
    assert (found.isoformat() if found else None) == due


def test_the_flag_comes_back_as_it_was() -> None:
    assert Last.from_text(last("2026-11-03").to_text()) == last("2026-11-03")
    assert (Last.from_text(None), Last.from_text("nonsense")) == (None, None)


@pytest.mark.parametrize(("day", "counts"), [("2026-11-03", True), ("2026-11-04", True), ("2026-11-05", False)])
def test_a_day_later_than_tomorrow_was_written_by_a_wrong_clock(day: str, counts: bool) -> None:
    written = last(day)
    assert remembered(written.to_text(), NOW, BERLIN) == (written if counts else None)


def test_each_mail_is_named_with_the_command_that_gets_it_back() -> None:
    items = (
        Item(9, NOW, "support", "quarantined", "unreadable", None, None),
        Item(8, NOW, "support", "ignored", "blacklisted", "spam@bad.example", "Win\r\nBcc: x@y.example"),
    )
    counts = (("support", "ignored", "blacklisted", 7), ("support", "quarantined", "unreadable", 1))
    found = letter(Digest(NOW - timedelta(days=1), NOW, counts, items), BERLIN, "host")
    assert found is not None
    assert found.subject == "[mailcase] daily digest: 8 mails made no case"
    assert "     7  support: ignored (blacklisted)" in found.text
    assert "The newest 2 of 8:" in found.text
    assert "spam@bad.example: Win Bcc: x@y.example" in found.text
    assert "mailcase message accept 8" in found.text
    assert "mailcase quarantine retry 9" in found.text
    assert "2026-11-03 10:15 CET" in found.text


CLEAN = Proof(NOW, 0.4, 35, 99, before=NOW - timedelta(days=1))
ONE_LOST = Digest(NOW, NOW, (("support", "ignored", "blacklisted", 1),), ())


@pytest.mark.parametrize(
    ("proof", "late", "said"),
    [
        (None, 0, "The store has not been looked through yet"),
        (
            CLEAN, 0,
            "The store was looked through at 2026-11-03 10:15 CET: 0 doubled, 0 stuck; 35 mails since the look before, "
            "at 2026-11-02 10:15 CET.\nMissing: no comparison with a server (IMAP) found any.\n",
        ),
        (replace(CLEAN, before=None, mails=1), 0, "0 doubled, 0 stuck; 1 mail in all."),
        (
            replace(CLEAN, doubled=1, stuck=2, found={"mail_twice": 1, "quarantined": 2}), 0,
            ": 1 doubled, 2 stuck (1 mail twice, 2 quarantined); 35 mails",
        ),
        (CLEAN, 1, "Missing: 1 mail had been read past; found by comparison with the server (IMAP), and taken in."),
        (CLEAN, 2, "Missing: 2 mails had been read past; found by comparison with the server (IMAP), and taken in."),
    ],
)  # fmt: skip
def test_the_newest_look_through_the_store_stands_in_it(proof: Proof | None, late: int, said: str) -> None:
    found = letter(replace(ONE_LOST, late=late), BERLIN, "host", proof)
    assert found is not None
    assert said in found.text


def test_nothing_to_tell_is_no_mail() -> None:
    nothing = Digest(NOW, NOW, (), ())
    assert letter(nothing, BERLIN, "host", replace(CLEAN, stuck=1, found={"overdue": 1})) is None  # it has an alarm
    found = letter(replace(nothing, late=1), BERLIN, "host", CLEAN)
    assert found is not None
    assert found.subject == "[mailcase] daily digest: 1 mail came late"
    assert "newest" not in found.text

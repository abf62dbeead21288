"""What is printed is aligned, safe for a terminal, and JSON where JSON is wanted."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcase.cli.output import cut, padded, print_json, print_table, safe, safe_lines, width
from mailcase.cli.when import after, amount, moment

NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcode 日本", "plain – ünïcode 日本"),
        ("a\x1b]0;owned\x07b", "a�]0;owned�b"),
        ("red\x1b[31m", "red�[31m"),
        ("evil\u202egpj.exe", "evil�gpj.exe"),
        ("one\r\n two\tthree\x00", "one two three�"),
        ("c1\x9b31m", "c1�31m"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_nothing_from_a_mail_steers_the_terminal(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_text_keeps_its_lines_and_loses_its_escapes() -> None:
    assert safe_lines("a\n\tb\x1b[2J\n") == ["a", "    b�[2J", ""]


def test_wide_and_combining_characters_are_measured_as_a_terminal_does() -> None:
    assert (width("abc"), width("日本"), width("e\u0301")) == (3, 4, 1)
    assert padded("日", 4) + "|" == "日  |"
    assert cut("日本語日本語", 7) == "日本語…"
    assert [cut(text, 3) for text in ("", "abc", "a" * 4, "a  b", "日本", "e\u0301" * 3)] == [
        *("", "abc", "aa…", "a…", "日…", "e\u0301" * 3),
    ]


def test_a_long_text_is_cut_at_once() -> None:
    # looking at all of it again for each character would take days
    assert cut("a" * 1_000_000, 40) == "a" * 39 + "…"
    assert len(cut("e" + "\u0301" * 1_000_000, 40)) < 400


def test_a_table_is_aligned_and_cut(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": 1, "subject": "a" * 50, "case": None}, {"id": 22, "subject": "b\x1b", "case": "SR-1"}]
    print_table(rows, {"id": 6, "subject": 10, "case": 10}, "none")
    assert capsys.readouterr().out.splitlines() == [
        "id  subject     case",
        "1   aaaaaaaaa…  –",
        "22  b�          SR-1",
    ]
    print_table([], {"id": 6}, "nothing here")
    assert capsys.readouterr().out == "nothing here\n"


def test_json_times_are_iso_8601_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = timezone(timedelta(hours=2))
    print_json([{"at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=elsewhere), "bare": datetime(2026, 1, 2)}])  # noqa: DTZ001 (bare on purpose)
    assert json.loads(capsys.readouterr().out) == [{"at": "2026-01-02T01:04:05Z", "bare": "2026-01-02T00:00:00Z"}]


def test_times_lengths_and_sizes_read_like_speech() -> None:
    assert moment(datetime(2026, 11, 3, 9, 15, tzinfo=UTC), UTC, NOW) == "Tue 3 Nov 09:15"
    assert moment(datetime(2025, 11, 3, 9, 15, tzinfo=UTC), UTC, NOW) == "Mon 3 Nov 2025 09:15"
    assert moment(None, UTC, NOW) == "–"
    lengths = [0.42, 11, 119, 600, 7200, 500000]
    assert [after(NOW, NOW + timedelta(seconds=one)) for one in lengths] == [
        "0.4 s", "11 s", "119 s", "10 min", "2 h", "6 days",
    ]  # fmt: skip
    assert [amount(one) for one in (33, 219136, 5 * 1024**2, 25 * 1024**2)] == ["33 bytes", "214 KB", "5.0 MB", "25 MB"]

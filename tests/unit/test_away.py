"""Until when an away text says that its sender is away."""

from datetime import date

import pytest

from mailcase.cases.away import away_until


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I am out until 2026-12-01.", date(2026, 12, 1)),
        ("Ich bin bis zum 1.12.2026 nicht im Büro", date(2026, 12, 1)),
        ("absent jusqu'au 5 décembre 2026", date(2026, 12, 5)),
        ("back on December 7, 2026", date(2026, 12, 7)),
        ("until 3/4/2026", None),
        ("until 31.2.2026", None),
        ("I am away", None),
    ],
)
def test_only_a_clear_date_is_read(text: str, until: date | None) -> None:
    assert away_until(text) == until

"""What the trace of a mail says about blacklist and header rules: counted as people count."""

from datetime import date

import pytest

from mailcase.junk import header_rules
from mailcase.junk.blacklist import Blacklist
from mailcase.junk.verdict import junk_verdict
from tests.builders import make_email, make_junk


@pytest.mark.parametrize(
    ("count", "lines", "rules"),
    [
        (0, "0 lines looked at", "0 rules, none fires"),
        (1, "1 line looked at", "1 rule, none fires"),
        (2, "2 lines looked at", "2 rules, none fires"),
    ],
)
def test_one_line_and_one_rule_are_told_in_the_singular(count: int, lines: str, rules: str) -> None:
    listed = Blacklist.parse("".join(f"spam{number}.example\n" for number in range(count)))
    compiled = tuple(header_rules.compile("X-Spam", "YES", "spam_header") for _ in range(count))
    verdict = junk_verdict(make_email(), make_junk(blacklist=listed, header_rules=compiled), date(2026, 11, 21))
    assert verdict.reason == ""
    assert [detail.rpartition(" · ")[2] for _, _, detail in verdict.tests] == [lines, rules]

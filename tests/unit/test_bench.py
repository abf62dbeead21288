"""The bench after a reload: mail of a mailbox that was taken out is judged by its old rules."""

import pytest

from mailcase.bench import Bench
from mailcase.errors import Permanent
from mailcase.outbox.compose import Composer
from mailcase.shipped import FOLDER
from mailcase.template_files import load_templates
from tests.builders import make_mailbox, make_policy

TEMPLATES = load_templates(FOLDER / "templates")


def bench_of(*names: str) -> Bench:
    rules = make_policy(*(make_mailbox(name=name) for name in names), hash="+".join(names))
    return Bench(rules, Composer(rules, TEMPLATES))


def test_who_was_taken_out_is_judged_by_the_last_rules_that_knew_him() -> None:
    first, second, third = (bench_of(*names) for names in (("a", "b"), ("a",), ("a", "c")))
    now = third.after(second.after(first))
    assert [now.of(name).policy.hash for name in "abc"] == ["a+c", "a+b", "a+c"]


def test_rules_that_nobody_needs_are_not_kept() -> None:
    now = bench_of("a")
    for _ in range(3):
        now = bench_of("a").after(now)
    assert now.before is None


def test_a_mailbox_that_nobody_knows_says_what_to_do() -> None:
    with pytest.raises(Permanent, match="configure it again"):
        bench_of("a").of("z")

"""The bench after a reload: mail of a mailbox that was taken out is judged by its old rules."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailcase.bench import Bench
from mailcase.config import load
from mailcase.errors import Permanent
from mailcase.outbox.compose import Composer
from mailcase.shipped import FOLDER
from mailcase.source_ids import source_ids
from mailcase.template_files import load_templates
from tests.builders import make_delivery, make_email, make_mailbox, make_policy

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


def test_a_configuration_says_whose_each_source_is(tmp_path: Path) -> None:
    file = tmp_path / "mailcase.toml"
    imap = '[[mailbox]]\nname = "{0}"\naddress = "{0}@h.example"\n[mailbox.imap]\nhost = "H.example"\nuser = "u{0}"\n'
    imap += 'password = "x"\nport = {1}\n[mailbox.smtp]\nhost = "h.example"\n'
    file.write_text(imap.format("a", 993) + imap.format("b", 1143))
    assert source_ids(load(file, {})) == {"a": "imap:h.example:ua", "b": "imap:h.example:1143:ub"}


def test_mail_journalled_under_an_old_name_is_judged_under_the_name_of_today() -> None:
    rules = make_policy(make_mailbox(name="helpdesk"))
    bench = Bench(rules, Composer(rules, TEMPLATES), sources={"imap:host:user": "helpdesk"})
    renamed = make_delivery(mailbox="support", source="imap:host:user")
    assert bench.look(make_email(), renamed).group == "default"
    with pytest.raises(Permanent, match="configure it again"):
        bench.look(make_email(), replace(renamed, source="imap:host:other"))

"""Notices to the administrators: by a way that works, and never to a mailbox that we read ourselves."""

from pathlib import Path

import pytest

from mailcase import config
from mailcase.errors import ConfigError
from mailcase.health.letters import Letter, beginning, ending
from mailcase.health.notices import choose, notices, way_out
from mailcase.health.situation import AlarmTold
from mailcase.junk.own import own_mark
from tests.builders import NOW, make_email, make_mailbox, make_policy

BOXES = tuple(make_mailbox(name=name, address=f"{name}@helpdesk.example", group=name) for name in ("a", "b", "c"))
POLICY = make_policy(*BOXES)
BOX = """
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
aliases = ["help@helpdesk.example"]
"""
SMTP = '[mailbox.smtp]\nhost = "127.0.0.1"\nsecurity = "none"\n'


@pytest.mark.parametrize(
    ("wanted", "with_smtp", "failing", "chosen"),
    [
        ("", "abc", "", "a"),
        ("", "bc", "", "b"),
        ("c", "abc", "", "c"),
        ("c", "abc", "c", "a"),
        ("c", "abc", "ac", "b"),
        ("c", "abc", "abc", "c"),  # none works: the wanted one
        ("gone", "ab", "", "a"),
        ("", "x", "", None),
    ],
)
def test_the_way_out_is_the_wanted_one_unless_another_works_and_it_does_not(
    wanted: str, with_smtp: str, failing: str, chosen: str | None
) -> None:
    box = choose(POLICY, wanted, with_smtp, failing)
    assert (box.name if box else None) == chosen


def test_a_notice_is_signed_and_leads_to_no_case() -> None:
    made = notices("alarm", Letter("s", "t"), "x", ["a@x.example", "b@x.example"], way_out(POLICY, BOXES[1]), BOXES[1])
    again = notices("alarm", Letter("s", "t"), "x", ["a@x.example"], way_out(POLICY, BOXES[1]), BOXES[1])
    assert [one.to for one in made] == ["a@x.example", "b@x.example"]
    assert (again[0].message_id, again[0].dedup) == (made[0].message_id, made[0].dedup)
    assert made[0].message_id != made[1].message_id
    mark = own_mark(make_email(made[0].way.headers), POLICY)
    assert mark is not None
    assert (mark.running, mark.automatic) == (0, True)
    assert own_mark(make_email(message_id=made[0].message_id), POLICY) is None


def test_a_server_s_words_cannot_add_lines_to_a_subject() -> None:
    row = AlarmTold(1, "login_refused:a", "login_refused", "a\r\nBcc: x@y.example", "no", NOW, NOW)
    for letter in (beginning([row], "host", NOW.tzinfo), ending([row], "host", NOW.tzinfo)):  # type: ignore[arg-type]  # UTC
        assert "\n" not in letter.subject


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alarm]\nto = ["Support@helpdesk.example"]', "is read by mailbox support"),
        ('[alarm]\nto = ["help@helpdesk.example"]', "is read by mailbox support"),
        ('[alarm]\nmailbox = "sales"', "expected a mailbox with"),
    ],
)
def test_an_alarm_that_would_come_back_or_could_not_leave_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mailcase.toml"
    file.write_text(f"{text}\n{BOX}{SMTP}")
    with pytest.raises(ConfigError, match=said):
        config.load(file, {})


@pytest.mark.parametrize("value", ["90", "0", "1.1", "true", '"0.9"', "nan"])
def test_a_share_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    file = tmp_path / "mailcase.toml"
    file.write_text(f"[alarm]\nquota = {value}\n{BOX}{SMTP}")
    with pytest.raises(ConfigError, match=r":2: \[alarm\] quota: expected a share above 0 and up to 1"):
        config.load(file, {})


def test_alarms_without_any_way_out_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mailcase.toml"
    file.write_text(f'[alarm]\nto = ["a@x.example"]\n[acknowledge]\ncreated = false\nfollowed = false\n{BOX}')
    with pytest.raises(ConfigError, match=r"no mailbox has \[mailbox.smtp\]"):
        config.load(file, {})

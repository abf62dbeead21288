"""[[cases.category]] and [[cases.transition]]: what they mean, and what is wrong with them."""

from pathlib import Path

import pytest

from mailcase.config import Settings, load
from mailcase.errors import ConfigError
from mailcase.life.transitions import allowed
from mailcase.policy import Policy
from mailcase.policy_build import build_policy

MAILBOX = '\n[[mailbox]]\nname = "a"\naddress = "a@example.com"\n[mailbox.smtp]\nhost = "localhost"\n'


def settings_of(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "mailcase.toml").write_text(text + MAILBOX, "utf-8")
    return load(tmp_path / "mailcase.toml", {})


def policy_of(tmp_path: Path, text: str) -> Policy:
    (tmp_path / "token.key").write_text("k" * 40)
    (tmp_path / "blacklist.txt").write_text("")
    return build_policy(settings_of(tmp_path, text))


def test_a_name_in_either_place_is_a_category(tmp_path: Path) -> None:
    text = """
        [cases]
        categories = ["Incident", "Request"]
        [[cases.category]]
        name = "Request"
        enabled = false
        strict_sequence = true
        [[cases.category]]
        name = "Repair"
        assign = "manual"
        allow_same_case = true
    """
    cases = policy_of(tmp_path, text).cases
    assert cases.categories == ("Incident", "Request", "Repair")
    assert [cases.category(one).enabled for one in cases.categories] == [True, False, True]
    assert [cases.category(one).strict_sequence for one in cases.categories] == [False, True, False]
    assert [cases.category(one).allow_same_case for one in cases.categories] == [False, False, True]
    assert [cases.category(one).assign for one in cases.categories] == ["automatic", "automatic", "manual"]


def test_transitions_are_taken_as_they_are_written(tmp_path: Path) -> None:
    text = '[[cases.transition]]\nfrom = "New"\nto = ["In progress", "Canceled"]\ncategory = "Incident"\n'
    policy = policy_of(tmp_path, text)
    assert [one.name for one in allowed(policy, "Incident", "New")] == ["In progress", "Canceled"]
    assert len(allowed(policy, "Request", "New")) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[cases.transition]]\nfrom = "Old"\nto = []', "Old is no status; there are New, In progress"),
        ('[[cases.transition]]\nfrom = "New"\nto = ["Done"]', "Done is no status"),
        ('[[cases.transition]]\nfrom = "New"\nto = []\ncategory = "Gossip"', "Gossip is no category"),
        ('[[cases.transition]]\nfrm = "New"\nto = []', "the nearest is from"),
        ('[[cases.transition]]\nto = []', "[cases.transition] from: is missing"),
        ('[[cases.category]]\nname = "Incident"\n[[cases.category]]\nname = "Incident"', "has an entry already"),
        ('[[cases.category]]\nname = "Incident"\nenabled = false', "Incident is not enabled in [[cases.category]]"),
        ('[[cases.category]]\nname = "Incident"\nassign = "dice"', 'expected "automatic" or "manual"'),
        ('[cases]\nallow_same_case = "yes"', "expected true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(tmp_path, text)
    assert said in str(refused.value)
    assert "mailcase.toml:" in str(refused.value)

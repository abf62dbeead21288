"""What the configuration names and this user may not read is said with its place, never a traceback."""

import re
from pathlib import Path

import pytest

from mailcase import policy_build, server_settings
from mailcase.config import Settings, load
from mailcase.errors import ConfigError
from mailcase.template_files import load_templates
from tests.powers import powerless

CONFIG = """
[[mailbox]]
name = "support"
address = "support@example.com"
[mailbox.imap]
host = "imap.example.com"
user = "u"
password = "x"
ca_file = "shut/ca.pem"
[mailbox.smtp]
host = "127.0.0.1"
security = "none"
ca_file = "closed.pem"
"""


@pytest.fixture
def settings(open_folder: Path) -> Settings:
    """A key, templates, and certificates, some of which may not be read."""
    (open_folder / "mailcase.toml").write_text(CONFIG)
    (open_folder / "blacklist.txt").write_text("")
    (open_folder / "token.key").write_text("0123456789abcdef\n")
    (open_folder / "closed.pem").write_text("x")
    (open_folder / "closed.pem").chmod(0)
    (open_folder / "shut").mkdir()
    (open_folder / "shut" / "ca.pem").write_text("x")
    (open_folder / "shut").chmod(0)
    english = open_folder / "templates" / "en"
    english.mkdir(parents=True)
    for name in ("registration", "followed", "reopened", "neutral"):
        (english / f"{name}.txt").write_text("Thank you.\n")
    return load(open_folder / "mailcase.toml", {})


def test_a_text_that_is_not_utf8_names_the_line(settings: Settings) -> None:
    settings.file.write_bytes(b'[cases]\ncategories = ["St\xf6rung"]\n')
    with pytest.raises(ConfigError, match=r":2: is not UTF-8 text \(byte 25 of the file\)"):
        load(settings.file, {})


def test_a_byte_order_mark_is_named_as_what_it_is(settings: Settings) -> None:
    settings.file.write_text(f"\ufeff{CONFIG}")
    with pytest.raises(ConfigError, match=":1: is not TOML: it begins with a byte order mark: save it as UTF-8"):
        load(settings.file, {})


def test_a_ca_file_without_certificates_is_refused_before_it_is_used(settings: Settings) -> None:
    (settings.base / "closed.pem").chmod(0o600)
    with pytest.raises(ConfigError) as smtp:
        server_settings.smtp_settings(settings, settings.mailbox[0])
    said = f"[mailbox.smtp] ca_file of mailbox support: {settings.base}/closed.pem: "
    assert f"{settings.file}:13: {said}" in str(smtp.value)
    assert "it must be a PEM file of certificates" in str(smtp.value)


def test_an_unreadable_ca_file_names_section_mailbox_path_and_why(settings: Settings) -> None:
    with powerless():
        with pytest.raises(ConfigError) as imap:
            server_settings.imap_settings(settings, settings.mailbox[0])
        with pytest.raises(ConfigError) as smtp:
            server_settings.smtp_settings(settings, settings.mailbox[0])
    base = settings.base
    said = f"[mailbox.imap] ca_file of mailbox support: {base}/shut/ca.pem cannot be read: Permission denied"
    assert f"{settings.file}:9: {said}" in str(imap.value)
    said = f"[mailbox.smtp] ca_file of mailbox support: {base}/closed.pem cannot be read: Permission denied"
    assert f"{settings.file}:13: {said}" in str(smtp.value)


def test_a_key_that_may_not_be_read_is_not_to_be_made_anew(settings: Settings) -> None:
    key = settings.base / "token.key"
    key.chmod(0)
    with powerless(), pytest.raises(ConfigError, match=r"token\.key cannot be read: Permission denied$"):
        policy_build.token_keys(settings)
    key.unlink()
    with pytest.raises(ConfigError, match=r"token\.key cannot be read: No such file .*; `mailcase init` makes one$"):
        policy_build.token_keys(settings)


@pytest.mark.parametrize("shut", ["templates", "templates/en", "templates/en/neutral.txt"])
def test_templates_that_may_not_be_read_are_not_taken_for_missing(settings: Settings, shut: str) -> None:
    folder = settings.base / "templates"
    assert load_templates(folder).languages == ("en",)
    (settings.base / shut).chmod(0)
    said = re.escape(f"{settings.base / shut}: cannot be read: Permission denied")
    with powerless():
        for read in (policy_build.build_templates, policy_build.build_policy):
            with pytest.raises(ConfigError, match=said):
                read(settings)
        with pytest.raises(ConfigError, match=said):
            load_templates(folder)

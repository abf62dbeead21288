"""The set-ups that docs/sign-in.md shows are configurations that load, and each is the grant it says."""

import re
import textwrap
from pathlib import Path

import pytest

from mailcase.config import load
from mailcase.server_settings import imap_settings, smtp_settings
from mailcase.signin.source import TokenSource
from tests.servers.token_endpoint import rsa_key, service_account

TEXT = (Path(__file__).parents[2] / "docs" / "sign-in.md").read_text("utf-8")
SHOWN = [textwrap.dedent(block) for block in re.findall(r"^ *```toml\n(.*?)^ *```$", TEXT, re.DOTALL | re.MULTILINE)]


@pytest.mark.parametrize(
    ("shown", "kind"),
    list(zip(SHOWN, ["client_key", "refresh_token", "service_account", "refresh_token"], strict=True)),
    ids=["microsoft", "microsoft-person", "google", "google-person"],
)
def test_a_set_up_that_is_shown_is_the_grant_it_says(tmp_path: Path, shown: str, kind: str) -> None:
    files = {"mailcase.key": rsa_key()[0], "project-1234.json": service_account()}
    for name in ("mailcase.key", "project-1234.json", "google.secret", "support.refresh"):
        (tmp_path / name).write_text(files.get(name, "hunter2"))
    (tmp_path / "mailcase.toml").write_text(shown)
    settings = load(tmp_path / "mailcase.toml", {})
    (box,) = settings.mailbox
    imap, smtp = imap_settings(settings, box), smtp_settings(settings, box)
    assert isinstance(imap.sign_in, TokenSource)
    assert imap.sign_in is smtp.sign_in  # one token for both
    assert getattr(imap.sign_in.grant, kind)
    assert imap == imap_settings(settings, box)
    assert "hunter2" not in repr(imap) + repr(smtp)

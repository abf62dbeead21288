"""`check` where `[lmtp] listen` wants an extra that is not installed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.lmtp import start

CONFIG = """
[lmtp]
listen = "127.0.0.1:2424"
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
"""


def check(folder: Path) -> tuple[int, str]:
    (folder / "mailcase.toml").write_text(CONFIG)
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    result = CliRunner().invoke(app, ["--config", str(folder / "mailcase.toml"), "check"])
    return result.exit_code, result.stdout


def test_a_missing_extra_is_told_before_the_daemon_ends_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "lmtp" not in check(tmp_path)[1].replace("LMTP", "")
    monkeypatch.setattr(start, "find_spec", lambda _: None)
    code, said = check(tmp_path)
    assert code == 78
    assert "FAIL  lmtp" in said
    assert "[lmtp] listen: needs aiosmtpd, which is not installed: pip install 'mailcase[lmtp]'" in said

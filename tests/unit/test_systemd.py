"""The unit file: what it promises is there, and systemd itself finds it right and tight."""

import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "mailcase.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def analyze(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
def test_the_exposure_is_at_most_one_and_a_half() -> None:
    done = analyze("security", "--offline=true", "--threshold=15", "--no-pager", str(UNIT))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_systemd
def test_the_limit_on_exposure_can_fail(tmp_path: Path) -> None:
    loose = tmp_path / "mailcase.service"
    loose.write_text(UNIT.read_text().replace("SystemCallFilter=", "#").replace("ProtectSystem=", "#"))
    assert analyze("security", "--offline=true", "--threshold=15", "--no-pager", str(loose)).returncode != 0


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    there = tmp_path / "mailcase.service"
    there.write_text(UNIT.read_text().replace("/opt/mailcase/bin/mailcase", shutil.which("true") or ""))
    done = analyze("verify", "--man=no", str(there))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_the_user_can_be_made(tmp_path: Path) -> None:
    command = ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", str(SYSTEMD / "mailcase.sysusers")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Creating user 'mailcase'" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "User=mailcase",
        "StateDirectory=mailcase",
        "StateDirectoryMode=0700",
        "UMask=0077",
        "Restart=on-failure",
        "RestartPreventExitStatus=2 78",
        "WatchdogSec=60s",
        "LimitCORE=0",
        "CapabilityBoundingSet=",
    ],
)
def test_the_unit_says(line: str) -> None:
    assert line in UNIT.read_text().splitlines()


def test_passwords_and_the_signing_key_come_as_credentials() -> None:
    given = {line.split("=")[1].split(":")[0] for line in UNIT.read_text().splitlines() if line.startswith("LoadCred")}
    assert given == {"token.key", "imap-support", "smtp-support"}

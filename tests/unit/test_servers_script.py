"""The script that installs servers waits out what passes: another apt at work, a mirror that is away for once."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "servers.sh"
APT = """#!{bash}
echo "$*" >> {folder}/asked
read -r left < {folder}/busy
[ "$left" -eq 0 ] && exit 0
echo $((left - 1)) > {folder}/busy
exit 100
"""


def install(folder: Path, busy: int) -> tuple[int, list[str]]:
    """Exit status and what apt-get was asked for, where openssl is missing and apt-get fails so many times."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("bash", "env", "id", "sleep", "true"):
        (tools / name).symlink_to(shutil.which(name) or name)
    bash = tools / "bash"
    for name, text in (("apt-get", APT.format(bash=bash, folder=folder)), ("sudo", f'#!{bash}\nshift\nexec "$@"\n')):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (folder / "busy").write_text(f"{busy}\n")
    env = {"PATH": str(tools), "MAILCASE_REQUIRE_SERVERS": "1", "MAILCASE_APT_PAUSES": "0 0 0"}
    done = subprocess.run([bash, SCRIPT], env=env, capture_output=True, text=True, timeout=60, check=False)
    asked = (folder / "asked").read_text().splitlines()
    return done.returncode, [word for line in asked for word in line.split() if word in ("update", "install")]


@pytest.mark.parametrize(
    ("busy", "asked"),
    [
        (0, ["update", "install"]),
        (1, ["update", "update", "install"]),
        (3, ["update", "update", "update", "update", "install"]),
    ],
)
def test_an_apt_that_fails_for_once_is_asked_again(tmp_path: Path, busy: int, asked: list[str]) -> None:
    assert install(tmp_path, busy) == (0, asked)


def test_an_apt_that_fails_for_good_ends_it(tmp_path: Path) -> None:
    assert install(tmp_path, 9) == (1, ["update"] * 4)

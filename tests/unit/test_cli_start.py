"""What a command imports before it works, and what it is spared (docs/decisions/021)."""

import os
import subprocess
import sys

import pytest

from mailcase.cli.main import main

HEAVY = ("sqlmodel", "sqlalchemy", "pydantic", "jinja2", "aioimaplib", "aiosmtplib", "structlog", "mailparser")


def test_help_does_not_import_what_is_slow() -> None:
    assert loaded("import mailcase.cli.main").isdisjoint(HEAVY)


def test_a_command_is_imported_without_the_others() -> None:
    names = loaded("from mailcase.cli.main import program; program().commands['run']")
    assert {name for name in names if name.startswith("mailcase.")} == {
        *("mailcase.cli", "mailcase.cli.commands", "mailcase.cli.given", "mailcase.cli.main", "mailcase.cli.run"),
        *("mailcase.cli.state", "mailcase.errors", "mailcase.intake", "mailcase.intake.texts"),
    }


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has after this."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(("said", "then"), [(None, "__all__"), ("", ""), ("logfire-plugin", "logfire-plugin")])
def test_pydantic_looks_for_no_plugins_unless_it_is_told_to(
    said: str | None, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["mailcase", "--version"])
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", said or "")
    if said is None:
        monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS")
    with pytest.raises(SystemExit):
        main()
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == then

"""Where the store lies: what a first start could not make, and how full the disk is when it takes no more."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.errors import StoreFull
from mailcase.places import cannot_make
from mailcase.store.engine import translated
from tests.powers import powerless
from tests.servers.ports import free_port

CONFIG = """
[store]
state_dir = "{place}"
url = "{url}"
[acknowledge]
created = false
followed = false
[[mailbox]]
name = "support"
address = "support@helpdesk.example"
"""


def check(folder: Path, place: str, url: str = "sqlite:///mailcase.db") -> tuple[int, str]:
    """Exit status and output of `check` where `[store] state_dir` and `url` are these."""
    (folder / "mailcase.toml").write_text(CONFIG.format(place=place, url=url))
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").write_text("")
    result = CliRunner().invoke(app, ["--config", str(folder / "mailcase.toml"), "check"])
    return result.exit_code, result.stdout


def test_check_fails_where_the_first_run_could_not_make_the_store(tmp_path: Path) -> None:
    code, said = check(tmp_path, "blacklist.txt")
    assert code == 78
    assert f"blacklist.txt/mailcase.db: {tmp_path}/blacklist.txt is no folder\n" in said
    assert "→ make the folder of [store] state_dir, owned by the user that runs mailcase" in said


def test_check_leaves_the_making_of_the_store_to_the_first_run(tmp_path: Path) -> None:
    code, said = check(tmp_path, "new/state")
    assert (code, "not there yet\n      → the first run makes it" in said) == (0, True), said
    assert not (tmp_path / "new").exists()


def test_a_folder_that_may_not_be_written_is_named(open_folder: Path) -> None:
    (open_folder / "shut").mkdir(mode=0o555)
    with powerless():
        said = cannot_make(open_folder / "shut/below/mailcase.db")
    assert said == f"{open_folder}/shut may not be written by the user that runs this"


def test_a_password_in_the_url_is_told_and_never_shown(tmp_path: Path) -> None:
    code, said = check(tmp_path, "", f"postgresql+psycopg://me:hunter2@127.0.0.1:{free_port()}/mail")
    assert (code, "hunter2" in said) == (75, False)
    assert "[store] url holds a password as plain text: better in .pgpass" in said
    assert "→ does the server run, and are user, host and database of [store] url right, and the password?" in said


def test_a_full_store_says_how_much_is_free_where(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/mailcase.db")
    with engine.connect() as conn:
        conn.execute(sa.text("PRAGMA max_page_count = 1"))
        with pytest.raises(StoreFull, match=rf"is full \(\d+ MB are free in {tmp_path}\)"), translated(engine):
            conn.execute(sa.text("CREATE TABLE a (b)"))
    engine.dispose()  # or a newer Python warns of it in whatever test runs then

"""`mailcase db backup` takes the keys along, and `db restore` brings them back beside whatever is there."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.errors import ConfigError, Permanent, Unavailable
from mailcase.lock import hold
from mailcase.store.store import Store

MAILBOX = '[[mailbox]]\nname = "support"\naddress = "support@helpdesk.example"\n[mailbox.smtp]\nhost = "localhost"\n'


class Office:
    """A configuration with a store, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backup = str(folder / "backup.tar")
        (folder / "token.key").write_text("k" * 40 + "\n")
        (folder / "blacklist.txt").write_text("spam@junk.example\n")
        (folder / "templates" / "en").mkdir(parents=True)
        (folder / "templates" / "en" / "registration.txt").write_text("Hello")
        self.configure()
        Store.open("sqlite:///mailcase.db", folder).close()

    def configure(self, text: str = "") -> None:
        (self.folder / "mailcase.toml").write_text(text + MAILBOX)

    def keys(self, *places: str) -> None:
        self.configure(f"[security]\ntoken_keys = [{', '.join(places)}]\n")

    def db(self, *args: str) -> tuple[Any, str]:
        words = ["--config", str(self.folder / "mailcase.toml"), "--json", "db", *args]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        return json.loads(done.stdout), done.stderr


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_backup_has_keys_and_what_people_edit_but_no_password_files(office: Office) -> None:
    (office.folder / "imap.password").write_text("hunter2-file")
    told, said = office.db("backup", office.backup)
    assert (told["lost"], told["counts"]["cases"]) == ([], 0)
    assert "keep it as safe as the store" in said
    with tarfile.open(office.backup) as tar:
        assert tar.getnames() == [
            *("manifest.json", "store.sqlite", "keys/0", "config/mailcase.toml", "config/blacklist.txt"),
            *("config/templates/en/registration.txt", "end.json"),
        ]
        assert {one.mode for one in tar} == {0o600}
    assert b"hunter2" not in Path(office.backup).read_bytes()


def test_a_key_that_is_lost_comes_back(office: Office) -> None:
    office.db("backup", office.backup)
    (office.folder / "token.key").unlink()
    told, _ = office.db("restore", office.backup)
    assert told["keys"] == [f"the token key {office.folder / 'token.key'} is back"]
    assert (office.folder / "token.key").read_text() == "k" * 40 + "\n"
    assert (office.folder / "token.key").stat().st_mode & 0o777 == 0o600


def test_another_key_stays_and_the_old_one_lies_beside_it(office: Office) -> None:
    office.db("backup", office.backup)
    (office.folder / "token.key").write_text("n" * 40)
    told, _ = office.db("restore", office.backup)
    beside = office.folder / "token.key.restored-1"
    assert f'{{ file = "{beside}" }} at the end of [security] token_keys' in told["keys"][0]
    assert ((office.folder / "token.key").read_text(), beside.read_text()) == ("n" * 40, "k" * 40 + "\n")
    office.keys('{ file = "token.key" }', f'{{ file = "{beside}" }}')
    assert office.db("restore", office.backup)[0]["keys"] == []


def test_a_key_of_systemd_is_named_and_left_where_it_comes_from(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.keys('{ credential = "token.key" }')
    told, said = office.db("backup", office.backup)
    assert "the credential token.key needs $CREDENTIALS_DIRECTORY" in told["lost"][0]
    assert "not saved: token key" in said
    Path(office.backup).unlink()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(office.folder))
    assert office.db("backup", office.backup)[0]["lost"] == []


def test_a_key_that_cannot_be_read_now_is_not_taken_for_one_that_is_missing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.db("backup", office.backup)
    office.keys('{ credential = "token.key" }')
    (said,) = office.db("restore", office.backup)[0]["keys"]
    assert "cannot be read now (the credential token.key needs $CREDENTIALS_DIRECTORY" in said
    assert "tar -xOf BACKUP keys/0" in said
    assert not [*office.folder.glob("token.key.*")]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(office.folder))
    assert office.db("restore", office.backup)[0]["keys"] == []


def test_a_key_file_that_cannot_be_read_is_an_error(office: Office) -> None:
    (office.folder / "token.key").unlink()
    with pytest.raises(ConfigError, match=r"token\.key cannot be read"):
        office.db("backup", office.backup)
    assert not Path(office.backup).exists()


def test_without_a_store_there_is_nothing_to_save(office: Office) -> None:
    (office.folder / "mailcase.db").unlink()
    with pytest.raises(Permanent, match="there is no store yet"):
        office.db("backup", office.backup)


def test_nothing_is_restored_under_a_daemon(office: Office) -> None:
    office.db("backup", office.backup)
    with hold(office.folder, "mailcase run"), pytest.raises(Unavailable, match="is held by mailcase run"):
        office.db("restore", office.backup)

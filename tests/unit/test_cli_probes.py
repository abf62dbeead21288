"""`mailcase check` on a Maildir and on a token endpoint that cannot be reached: what was found, what to do."""

import json
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.maildir_probe import told_maildir
from mailcase.cli.main import app
from mailcase.cli.tls_cure import tls_cure

OFF = "[acknowledge]\ncreated = false\nfollowed = false\n"


def checked(folder: Path, mailbox: str) -> dict[str, dict[str, Any]]:
    """The rows of `check` by what they are about."""
    (folder / "token.key").write_text("k" * 40)
    (folder / "blacklist.txt").touch()
    head = '[[mailbox]]\nname = "support"\naddress = "support@helpdesk.example"\n'
    (folder / "mailcase.toml").write_text(OFF + head + mailbox)
    done = CliRunner().invoke(app, ["--config", str(folder / "mailcase.toml"), "--json", "check"])
    return {one["what"]: one for one in json.loads(done.stdout)}


def maildir(folder: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    return folder


def test_a_maildir_is_told_with_its_mails(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    (box / "new" / "1.a").touch()
    (box / "cur" / "2.b:2,S").touch()
    (box / "cur" / ".hidden").touch()
    row = checked(tmp_path, f'[mailbox.maildir]\npath = "{box}"\n')["maildir"]
    assert (row["name"], row["ok"], row["detail"], row["cure"]) == ("support", True, f"{box}: 2 mails", "")


@pytest.mark.parametrize(
    ("made", "said", "cure"),
    [
        ("", "there is no such folder", "names the Maildir itself"),
        ("cur", "has no new", "must be a Maildir"),
        ("sub", "has no cur and no new", "must be a Maildir"),
    ],
)
def test_what_is_no_maildir_says_so(tmp_path: Path, made: str, said: str, cure: str) -> None:
    box = tmp_path / "box"
    if made:
        (box / made).mkdir(parents=True)
    row = checked(tmp_path, '[mailbox.maildir]\npath = "box"\n')["maildir"]
    assert (row["ok"], row["detail"]) == (False, f"{box}: {said}")
    assert cure in row["cure"]


def test_a_maildir_that_is_closed_to_us_says_for_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = maildir(tmp_path / "Maildir")
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)
    assert told_maildir(box, "keep") == (f"{box}: 0 mails", "")
    detail, cure = told_maildir(box, "seen")
    assert detail == f'{box}: cur and new may not be changed, which after = "seen" needs'
    assert cure.startswith("run mailcase as a user who may")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert told_maildir(box, "keep")[0] == f"{box}: cur and new may not be read"
    assert told_maildir(tmp_path / "elsewhere", "keep")[0] == f"{tmp_path}/elsewhere: may not be entered"


def test_a_mailbox_without_a_source_says_how_mail_comes(tmp_path: Path) -> None:
    assert "mail comes by `mailcase ingest` and LMTP alone" in checked(tmp_path, "")["imap"]["detail"]


def test_a_token_endpoint_that_is_not_there_says_where_to_look(tmp_path: Path) -> None:
    rows = checked(
        tmp_path,
        '[mailbox.imap]\nhost = "127.0.0.1"\nport = 9\nuser = "u"\nauth = "xoauth2"\n'
        '[mailbox.oauth2]\ntoken_url = "http://127.0.0.1:9/token"\nclient_id = "a"\nclient_secret = "hunter2"\n',
    )
    assert (rows["token"]["ok"], rows["imap"]["ok"]) == (False, False)
    assert rows["token"]["cure"].startswith("look at token_url of [mailbox.oauth2]")
    assert "oauth2 client_secret of support comes from a plain text" in rows["configuration"]["cure"]
    assert "hunter2" not in json.dumps(rows)


def test_templates_that_nobody_sends_or_that_say_nothing_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    for name in ("registration", "followed", "reopened", "neutral", "registraton", "gold", "zebra"):
        (folder / f"{name}.txt").write_text("Subject: [{{ number }}]\n\nThank you.\n")
    (folder / "registraton.html").write_text("<p>Thank you.</p>")
    (folder / "greeting.txt").write_text("{{ text }}\n\nYours")  # for `reply --template greeting`
    (folder / "reopened.txt").write_text("Subject: [{{ number }}]\n\n \n")
    (folder / "closed.txt").touch()
    rule = '[[notice]]\nname = "boss"\nwhen = "assigned"\nto = ["assignee"]\ntemplate = "gold"\n'
    checked(tmp_path, rule)
    done = CliRunner().invoke(app, ["--config", str(tmp_path / "mailcase.toml"), "--json", "check"])
    told = [one for one in json.loads(done.stdout) if one["what"] == "template"]
    assert all(one["ok"] for one in told)
    assert [(one["detail"], one["cure"]) for one in told] == [
        (
            "templates/en/registraton.txt is never sent: nothing has a template registraton",
            "rename it to registration.txt, or name it in a [[notice]] as template",
        ),
        (
            "templates/en/zebra.txt is never sent: nothing has a template zebra",
            "remove it, or name it in a [[notice]] as template",
        ),
        *(
            (
                f"templates/en/{name}.txt has no text: a mail made of it is empty",
                "write what it is to say; `mailcase init` writes the shipped ones into a new folder",
            )
            for name in ("closed", "reopened")
        ),
    ]


def test_a_certificate_of_an_endpoint_names_its_own_keys() -> None:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code = 62
    assert tls_cure("oauth2", "tls", error).startswith("[mailbox.oauth2] token_url must be a name")
    error.verify_code = 18
    assert tls_cure("oauth2", "tls", error).endswith("in [mailbox.oauth2] ca_file")

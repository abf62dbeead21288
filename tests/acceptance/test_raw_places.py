"""Raw mail outside of the store, with the real program: killed, and without its server (R1)."""

import json
import signal
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from mailcase.errors import Unavailable
from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter
from tests.servers.s3 import KEYS, s3_server

pytestmark = pytest.mark.dovecot

MAILS = 3


def fill(desk: Desk) -> None:
    assert desk.once() == 0
    for number in range(MAILS):
        desk.put(letter(number))


def every_mail_is_one_case(desk: Desk) -> None:
    assert [one["outcome"] for one in desk.deliveries()] == ["created"] * MAILS
    assert len(desk.cases()) == len(desk.sink.mails) == MAILS
    assert len(desk.dovecot.mails("user", "Done")) == MAILS


def test_killed_between_raw_mail_and_its_row_and_then_without_its_server(open_desk: OpenDesk) -> None:
    with s3_server() as s3:
        keys = f's3_access_key = "{KEYS[0]}"\ns3_secret_key = "{KEYS[1]}"\ns3_endpoint = "{s3.endpoint}"\n'
        desk = open_desk(after="move:Done", extra=f'[store]\nraw = "s3://mail/raw"\n{keys}')
        fill(desk)
        assert desk.once(fault="after_raw") == -signal.SIGKILL
        assert (desk.deliveries(), len(s3.objects())) == ([], MAILS)
        s3.stop()
        daemon = desk.run()
        desk.wait(lambda: b"cannot be reached" in (desk.dir / "daemon.log").read_bytes(), "the server is missed")
        assert (desk.deliveries(), len(desk.dovecot.mails("user"))) == ([], MAILS)
        daemon.kill()
        daemon.wait()
        s3.start_again()
        assert desk.once() == 0
        every_mail_is_one_case(desk)
        assert len(s3.objects()) == MAILS


def db(desk: Desk, *args: str) -> Any:
    """A command of `mailcase db`, in this process."""
    done = CliRunner().invoke(app, ["--config", str(desk.config), "--json", "db", *args], catch_exceptions=False)
    return json.loads(done.stdout)


def test_a_backup_of_a_running_daemon_is_restored_and_answers_nothing_twice(open_desk: OpenDesk) -> None:
    desk = open_desk(extra='[store]\nraw = "file:raw/"\n')
    desk.once()
    desk.put(letter(0))
    daemon = desk.run()
    desk.wait(lambda: desk.states() == {"sent": 1}, "the first mail is answered")
    backup = str(desk.dir / "backup.tar")
    saved = db(desk, "backup", backup)
    assert (saved["counts"]["cases"], saved["raw_files"], saved["lost"]) == (1, 1, [])
    desk.put(letter(1))
    desk.wait(lambda: desk.states() == {"sent": 2}, "the second mail is answered")
    with pytest.raises(Unavailable, match="is held by mailcase run"):
        db(desk, "restore", backup, "--replace")
    desk.stop(daemon)
    done = db(desk, "restore", backup, "--replace")
    assert (done["numbers_from"], done["raw_unnamed"], done["keys"]) == (1002, 1, [])
    assert desk.once() == 0
    assert [one["number"] for one in desk.cases()] == ["SR-1", "SR-1002"]
    assert (desk.states(), len(desk.sink.mails)) == ({"sent": 1, "suppressed": 1}, 2)

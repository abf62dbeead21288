"""A daemon tells how it fares: status, health page, metrics, and one alarm mail a trouble."""

import json
import urllib.error
import urllib.request
from email import message_from_bytes, policy

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter
from tests.servers.ports import free_port

pytestmark = pytest.mark.dovecot

BOSS = "boss@helpdesk.example"


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def alarms(desk: Desk) -> list[str]:
    """Subjects of the mails to the boss, in order."""
    mails = [message_from_bytes(one.data, policy=policy.default) for one in desk.sink.mails]
    return [str(one["Subject"]) for one in mails if BOSS in str(one["To"])]


def status(desk: Desk) -> tuple[int, str]:
    done = desk.call("status")
    return done.returncode, done.stdout.decode()


def test_a_trouble_is_told_once_and_its_end_too(open_desk: OpenDesk) -> None:
    port = free_port()
    desk = open_desk(extra=f'[alarm]\nto = ["{BOSS}"]\nafter = "4s"\n[http]\nlisten = "127.0.0.1:{port}"\n')
    assert desk.once() == 0
    assert status(desk)[0] == 1, "no daemon runs"
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: desk.sink.to == ["c1@visitor.example"], "the daemon works")
    desk.wait(lambda: page(port, "/health")[0] == 200, "it is well")
    assert "mailcase_mailbox_up" in page(port, "/metrics")[1]
    code, told = status(desk)
    assert code == 0, told

    right = desk.config.read_text()
    desk.config.write_text(right.replace('password = "pass"', 'password = "no-longer"'))
    desk.wait(lambda: len(alarms(desk)) == 1, "the boss is told", seconds=60)
    assert "login refused" in alarms(desk)[0]
    assert page(port, "/health")[0] == 503
    code, told = status(desk)
    assert code == 1
    assert "login refused" in told
    assert "no-longer" not in told + page(port, "/health")[1] + (desk.dir / "daemon.log").read_text()

    desk.config.write_text(right)
    desk.wait(lambda: len(alarms(desk)) == 2, "and told of its end", seconds=60)
    desk.wait(lambda: page(port, "/health")[0] == 200, "it is well again")
    assert desk.stop(daemon) == 0
    assert json.loads(desk.call("--json", "status").stdout)

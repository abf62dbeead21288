"""The daemon as a process: it watches, survives its servers, stops on SIGTERM and is alone on its store."""

import signal

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter

pytestmark = pytest.mark.dovecot


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    desk = open_desk()
    assert desk.once() == 0
    return desk


def test_a_mail_that_arrives_is_answered_and_sigterm_ends_it(desk: Desk) -> None:
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: desk.sink.to == ["c1@visitor.example"], "the answer left")
    assert desk.stop(daemon) == 0
    assert desk.states() == {"sent": 1}


def test_imap_server_killed_and_back(desk: Desk) -> None:
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: len(desk.sink.mails) == 1, "the first answer left")
    desk.dovecot.kill()
    desk.put(letter(2))
    desk.dovecot.start()
    desk.wait(lambda: len(desk.sink.mails) == 2, "the second answer left", seconds=60)
    assert desk.stop(daemon) == 0


def test_smtp_server_away_and_back(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.once()
    desk.sink.stop()
    desk.put(letter(1))
    desk.once()
    assert desk.states() == {"pending": 1}
    desk.sink.start()
    desk.json("outbox", "retry", str(desk.outbox()[0]["id"]))
    desk.once()
    assert desk.states() == {"sent": 1}
    assert desk.sink.to == ["c1@visitor.example"]


def test_a_second_one_on_the_same_store_is_told_who_holds_it(desk: Desk) -> None:
    daemon = desk.run()
    desk.put(letter(1))
    desk.wait(lambda: len(desk.sink.mails) == 1, "the daemon works")
    second = desk.call("run", "--once")
    assert second.returncode == 75
    assert f"process {daemon.pid}" in second.stderr.decode()
    assert desk.json("case", "set", "SR-1", "--status", "Closed") is not None
    assert desk.stop(daemon) == 0


def test_a_mailbox_that_cannot_be_read_fails_the_pass_and_says_why(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace('password = "pass"', 'password = "wrong"'))
    done = desk.call("run", "--once")
    assert done.returncode == 1
    assert "wrong" not in done.stderr.decode()
    assert "refused" in done.stderr.decode()


def test_a_hostile_mail_between_good_ones_holds_nobody_up(desk: Desk) -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(400))
    desk.put(letter(1))
    desk.put(b"From: x@visitor.example\r\nTo: support@helpdesk.example\r\nMessage-ID: <deep@x>\r\n" + deep)
    desk.put(b"\x00\xff" * 5000)
    desk.put(b"Subject: " + b"(" * 100_000 + b"\r\n\r\n")
    desk.put(letter(2))
    desk.once()
    found = desk.outcomes()
    assert {found[f"<m{n}@visitor.example>"][0] for n in (1, 2)} == {"created"}
    assert all(one["outcome"] for one in desk.deliveries())
    assert len(desk.deliveries()) == 5


def test_a_wrong_configuration_is_refused_with_78(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("start =", "strat ="))
    done = desk.call("run")
    assert done.returncode == 78
    assert "strat" in done.stderr.decode()
    assert "start" in done.stderr.decode()


def test_interrupted_while_idle_it_ends_at_once(desk: Desk) -> None:
    daemon = desk.run()
    desk.wait(lambda: "started" in (desk.dir / "daemon.log").read_text(), "it has started")
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(timeout=30) == 0

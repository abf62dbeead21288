"""The real process on a mailbox that takes tokens alone; the grant is revoked while it runs (F40)."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from typer.testing import CliRunner

from mailcase.cli.main import app
from tests.servers.desk import Desk
from tests.servers.dovecot import ServerMissingError
from tests.servers.fixtures import missing
from tests.servers.letters import letter
from tests.servers.logs import events
from tests.servers.token_endpoint import CLIENT, SECRET, TokenEndpoint
from tests.servers.token_mail import TokenSink, token_dovecot

pytestmark = pytest.mark.dovecot

PAUSE = 0.5  # seconds; the five minutes after a refusal are not waited for
_SHORT_PAUSES = f"""
from mailcase.intake import watcher
from mailcase.signin import source
source.REFUSED_PAUSES = ({PAUSE},)
watcher.TOKEN_PAUSE_S = watcher.LOGIN_PAUSE_S = {PAUSE}
from mailcase.cli.main import main
main()
"""


class TokenDesk(Desk):
    """A desk whose mailbox reads and sends with tokens; a refused one is asked for again soon."""

    def __init__(self, endpoint: TokenEndpoint, **servers: Any) -> None:
        super().__init__(**servers)
        (self.dir / "client.secret").write_text(SECRET + "\n")
        (self.dir / "client.secret").chmod(0o600)
        text = self.config.read_text().replace('password = "pass"', 'auth = "xoauth2"')
        text += 'auth = "xoauth2"\nuser = "support@helpdesk.example"\n'
        text += f'[mailbox.oauth2]\ntoken_url = "{endpoint.url}"\nclient_id = "{CLIENT}"\n'
        self.config.write_text(text + 'client_secret = { file = "client.secret" }\n')

    def _command(self, *args: str) -> list[str]:
        return ["-c", _SHORT_PAUSES, "--config", str(self.config), *args]

    def events(self, word: str) -> list[dict[str, Any]]:
        """What the daemon wrote of one kind."""
        return events(self.dir / "daemon.log", word)


@pytest.fixture
def desk(endpoint: TokenEndpoint) -> Iterator[TokenDesk]:
    with ExitStack() as stack:
        try:
            dovecot = stack.enter_context(token_dovecot(endpoint))
        except ServerMissingError as error:
            missing(str(error))
            raise
        sink = stack.enter_context(TokenSink(endpoint))
        desk = TokenDesk(endpoint, dovecot=dovecot, sink=sink)
        stack.callback(desk.close)
        yield desk


def test_a_revoked_grant_is_told_of_once_and_work_goes_on_when_it_is_granted_again(
    endpoint: TokenEndpoint, desk: TokenDesk
) -> None:
    endpoint.script.life_s = 0.01  # each login asks anew
    daemon = desk.run()
    desk.wait(lambda: bool(desk.events("baseline_set")), "it did not log in")
    desk.put(letter(1))
    desk.wait(lambda: desk.sink.to == ["c1@visitor.example"], "no acknowledgement")

    began, before = time.monotonic(), len(endpoint.asked)
    endpoint.revoke("invalid_client", "AADSTS7000222: The provided client secret keys are expired. Trace ID: 1")
    desk.sink.stop()
    desk.sink.start()
    desk.put(letter(2))  # read in the session that is open, and there is no way out for its answer
    desk.wait(lambda: len(desk.events("token_ended")) == 1, "the drain told nothing")
    desk.dovecot.restart()
    desk.put(letter(3))
    desk.wait(lambda: len(desk.events("token_ended")) == 2, "the watcher told nothing")
    desk.wait(lambda: len(endpoint.asked) - before >= 4, "it does not try again")
    assert len(endpoint.asked) - before <= 2 + (time.monotonic() - began) / PAUSE
    assert desk.sink.to == ["c1@visitor.example"]

    endpoint.restore()
    wanted = {f"c{number}@visitor.example" for number in (1, 2, 3)}
    desk.wait(lambda: set(desk.sink.to) == wanted, "it did not resume")
    assert desk.stop(daemon) == 0
    assert [len(desk.outcomes()), desk.states()] == [3, {"sent": 3}]
    assert {one["attempts"] for one in desk.outbox()} == {1}  # none was used up
    log = (desk.dir / "daemon.log").read_text()
    assert len(desk.events("token_ended")) == 2  # the watcher's and the drain's
    assert "AADSTS7000222: The provided client secret keys are expired.)" in log
    assert not [word for word in (SECRET, "token-", "Trace ID") if word in log]


def test_check_tells_when_the_token_ends_and_what_to_do_where_there_is_none(
    endpoint: TokenEndpoint, desk: TokenDesk
) -> None:
    rows = {one["what"]: one for one in json.loads(desk.call("--json", "check").stdout)}
    assert rows["token"]["detail"].startswith("good for 60 min, until 20")
    assert (rows["imap"]["ok"], rows["smtp"]["ok"]) == (True, True)
    assert "login accepted" in rows["smtp"]["detail"]
    assert len(endpoint.asked) == 1  # reading and sending share it

    endpoint.revoke("invalid_client")
    done = CliRunner().invoke(app, ["--config", str(desk.config), "--json", "check"])
    rows = {one["what"]: one for one in json.loads(done.stdout)}
    assert (done.exit_code, len(endpoint.asked)) == (1, 2)
    assert rows["token"]["detail"] == "127.0.0.1 gives no token: invalid_client"
    assert "is client_id right" in rows["token"]["cure"]
    assert "client_secret comes from the file client.secret (mode 0600" in rows["token"]["cure"]
    assert [rows[what]["detail"].partition(" ")[2] for what in ("imap", "smtp")] == ["not tried: there is no token"] * 2
    assert SECRET not in done.output

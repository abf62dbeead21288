"""`mailcase status` says what is so: alarms that are over, daemons that were killed, tries that failed."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from mailcase.cli.output import plain
from mailcase.cli.when import moment
from mailcase.clock import utcnow
from mailcase.health.conditions import Condition
from mailcase.intake.state import MailboxState
from mailcase.store.alarms import AlarmChange
from tests.servers.status_place import Place, Status

FAILING = MailboxState(
    trouble="login_refused", error="[AUTHENTICATIONFAILED]", failing_since=utcnow() - timedelta(hours=2)
)
REFUSED_ALARM = Condition("login_refused", utcnow() - timedelta(hours=2), "no", mailbox="support")


def alarmed(place: Place) -> None:
    begin = AlarmChange(frozenset(), [REFUSED_ALARM], (), (), told_begin=True, notices=())
    assert place.store.change_alarms(begin, utcnow() - timedelta(hours=2))


def test_an_open_alarm_says_whether_it_holds_is_over_or_is_not_known(place: Place, status: Status) -> None:
    alarmed(place)
    place.tell(state=FAILING)
    code, out = status()
    assert (code, "!!  alarm open           support: login_refused since " in out) == (1, True)
    place.tell()
    code, out = status()
    assert (code, "not seen now, it closes once that is certain" in out) == (0, True)
    since = utcnow() - timedelta(minutes=2)
    place.tell(over={REFUSED_ALARM.key: since})
    code, out = status()
    assert (code, "alarm open" in out) == (0, False)
    zone = ZoneInfo("UTC")
    at, end = (moment(one, zone, utcnow()) for one in (since, since + timedelta(minutes=5)))
    assert f"ok  trouble is over      support: login_refused is over since {at}, its alarm closes at {end}" in out
    (told,) = json.loads(status("--json")[1])["alarms"]
    assert (told["condition"], told["holds"], told["over_since"]) == ("login_refused", False, plain(since))


def test_an_alarm_that_holds_is_not_over_because_another_daemon_said_so(place: Place, status: Status) -> None:
    alarmed(place)
    place.tell("other", over={REFUSED_ALARM.key: utcnow()})
    place.tell(state=FAILING)
    out = status()[1]
    assert ("alarm open" in out, "is over" in out) == (True, False)


def test_a_killed_daemon_is_not_shown_as_running_beside_its_successor(place: Place, status: Status) -> None:
    place.tell("killed", utcnow() - timedelta(seconds=12), policy_hash="before")
    place.tell("me", started=utcnow())
    code, out = status()
    assert code == 0  # the rules of one that is gone are nobody's
    gone = r"host-killed \(pid 7\) is gone, last seen .*; pid 7 runs in its place, it is forgotten in (\d+) s"
    found = re.search(gone, out)
    assert found
    assert 0 < int(found[1]) <= 48
    rows = {one["owner"]: one for one in json.loads(status("--json")[1])["daemons"]}
    assert (rows["killed"]["alive"], rows["me"]["alive"], rows["killed"]["way"]) == (False, True, "gone")
    place.tell("killed", utcnow() - timedelta(seconds=61))
    assert "host-killed" not in status()[1]


def test_a_daemon_that_is_not_heard_of_is_not_called_ok(place: Place, status: Status) -> None:
    place.tell("killed", utcnow() - timedelta(seconds=30))
    code, out = status()
    assert code == 0
    found = re.search(r"^\?\?  daemon +mailcase .* has not been heard of for (\d+) s; it counts", out, re.M)
    assert found
    assert 30 <= int(found[1]) < 60


def test_a_mailbox_that_never_was_let_in_says_when_it_was_tried_and_how_that_ended(
    place: Place, status: Status
) -> None:
    place.tell(state=replace(FAILING, failed_at=utcnow() - timedelta(minutes=20)))
    out = status()[1]
    assert "last look never, last mail never, last try 20 min ago failed: [AUTHENTICATIONFAILED]" in out
    assert json.loads(status("--json")[1])["mailboxes"][0]["failed_at"]

"""Hostile mails from a real Dovecot through the real program to a relay, and then the promises (F22, F23, F30-F39)."""

import pytest

from tests.hostile import HOSTILE
from tests.servers.desk import OpenDesk
from tests.servers.hostile_desk import MAILBOX, RULES, HostileDesk

pytestmark = pytest.mark.dovecot

_EACH = 3  # all of them cost a minute: every third is of every kind, and `make soak PART=hostile` takes all


def test_each_hostile_mail_is_decided_and_answered_by_the_real_program(open_desk: OpenDesk) -> None:
    raws = {name: HOSTILE[name].make() for name in list(HOSTILE)[::_EACH]}
    assert list(HostileDesk(open_desk(extra=RULES, mailbox=MAILBOX)).wrong(raws)) == []

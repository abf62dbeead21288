"""Hostile mails from a real Dovecot through the real program to a relay, and then the promises (F22, F23, F30-F39)."""

import pytest

from tests.hostile import HOSTILE
from tests.hostile.slow import ORDERS
from tests.servers.desk import OpenDesk
from tests.servers.hostile_desk import MAILBOX, RULES, HostileDesk

pytestmark = pytest.mark.dovecot

_EACH = 3  # all of them cost a minute: every third is of every kind, and `make soak PART=hostile` takes all
_BY_AGENT = 12  # and as an agent's answers to his notice: so few more, beside all that look like commands


def test_each_hostile_mail_is_decided_and_answered_by_the_real_program(open_desk: OpenDesk) -> None:
    names = list(HOSTILE)
    raws = {name: HOSTILE[name].make() for name in names[::_EACH]}
    answers = {name: HOSTILE[name].make() for name in {*names[1::_BY_AGENT], *(f"slow: {one}" for one in ORDERS)}}
    hostile = HostileDesk(open_desk(extra=RULES, mailbox=MAILBOX))
    assert list(hostile.wrong(raws, answers)) == []
    assert hostile.taken["agent_mail"] * 2 > len(answers), hostile.taken  # taken for his: else nothing was tried

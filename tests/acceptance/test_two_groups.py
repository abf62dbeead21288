"""One mail to two departments, and copies to all original recipients, by the real process (B4, B13, P3)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.fixtures import StartDovecot
from tests.servers.letters import DESK, letter
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.dovecot

SALES = "sales@helpdesk.example"
_SECOND = """
[[mailbox]]
name = "sales"
address = "{address}"
group = "{group}"
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "second"
password = "pass"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
"""


@pytest.fixture
def two_boxes(start_dovecot: StartDovecot) -> Iterator[Callable[[str], Desk]]:
    """A desk with a second mailbox, of this group; its first connections are behind it."""
    with ExitStack() as stack:

        def opened(group: str) -> Desk:
            dovecot = start_dovecot(users={"user": "pass", "second": "pass"})
            desk = Desk(dovecot, stack.enter_context(SmtpSink()))
            stack.callback(desk.close)
            second = _SECOND.format(address=SALES, group=group, imap=dovecot.port, smtp=desk.sink.port)
            desk.config.write_text(desk.config.read_text() + second)
            assert desk.once() == 0
            return desk

        yield opened


@pytest.mark.parametrize(
    ("group", "senders"), [("sales", {DESK, SALES}), ("default", {DESK})], ids=["other group", "same group"]
)
def test_one_mail_to_two_mailboxes_is_answered_once_by_each_group(
    two_boxes: Callable[[str], Desk], group: str, senders: set[str]
) -> None:
    desk = two_boxes(group)
    mail = letter(1, to=f"{DESK}, {SALES}")
    for user in ("user", "second"):
        desk.dovecot.put(user, mail)
    desk.once()
    desk.once()
    assert len(desk.cases()) == len(senders)
    assert [(one["to"], one["state"]) for one in desk.outbox()] == [("c1@visitor.example", "sent")] * len(senders)
    lines = [line for mail in desk.sink.mails for line in mail.data.decode().splitlines() if line.startswith("From: ")]
    assert len(lines) == len(senders)
    assert all(any(one in line for line in lines) for one in senders)


def test_copies_go_to_the_people_among_the_original_recipients(open_desk: OpenDesk) -> None:
    desk = open_desk(extra='[acknowledge]\nrecipients = "all"\n')
    desk.once()
    cc = "carol@partner.example, noreply@partner.example, perm@partner.example, grace@partner.example"
    desk.put(letter(1, Cc=cc))
    desk.once()
    (answer,) = desk.sink.mails
    assert answer.recipients == ("c1@visitor.example", "carol@partner.example", "grace@partner.example")
    (row,) = desk.outbox()
    assert (row["state"], row["cc"]) == ("sent", [one for one in cc.split(", ") if not one.startswith("noreply")])
    assert row["last_error"].startswith("no copy to perm@partner.example: ")

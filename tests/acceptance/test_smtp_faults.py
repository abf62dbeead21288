"""The real process before sixty relays that fail, each in a way of its own (F24, S1-S5, R3, P4).

test_outbox_smtp.py and test_outbox_security.py look at single faults in the test's process; here one daemon has a
mailbox for each line of the table, and a well one among them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import pytest

from mailcase.clock import utcnow
from mailcase.store.store import Store
from tests.servers.desk import Desk, OpenDesk
from tests.servers.invariants import Box, Scene, findings
from tests.servers.letters import letter
from tests.servers.maildir import Maildir
from tests.servers.ports import wait_until
from tests.servers.smtp import DROP, SILENT, SLIPPED_IN, SmtpSink

pytestmark = pytest.mark.dovecot  # the desk has one, which is not used here

Faults = dict[tuple[str, str], str]  # (place, what the relay does there) -> what becomes of the row

LATER, REFUSED = "pending relay_busy", "failed refused"
GONE, STOPPED = "pending smtp_lost", "pending smtp_refused"
UNSURE = "uncertain no_answer_after_data"
WELL = "sent "
#: Without TLS and login. The relay has taken nothing before the final dot, so what it says there costs time alone.
PLAIN: Faults = {
    ("nothing", ""): WELL,
    ("greeting", "421 4.3.2 closing"): GONE,
    ("greeting", "450 4.3.0 later"): GONE,
    ("greeting", "550 5.7.1 go away"): GONE,
    ("greeting", "hello, who are you?"): GONE,
    ("greeting", DROP): GONE,
    ("greeting", SILENT): GONE,
    ("EHLO", "421 4.3.2 closing"): GONE,
    ("EHLO", "450 4.3.0 later"): GONE,
    ("EHLO", "550 5.7.1 go away"): GONE,
    ("EHLO", DROP): GONE,
    ("MAIL", "421 4.3.2 closing"): GONE,  # each other mail would cost another login
    ("MAIL", "450 4.3.0 later"): LATER,
    ("MAIL", "503 5.5.1 bad sequence"): LATER,
    ("MAIL", "550 5.7.1 no"): REFUSED,
    ("MAIL", DROP): LATER,
    ("RCPT", "421 4.3.2 closing"): LATER,
    ("RCPT", "450 4.2.1 later"): LATER,
    ("RCPT", "550 5.1.1 no such user"): REFUSED,
    ("RCPT", DROP): LATER,
    ("RCPT", SILENT): LATER,
    ("DATA", "421 4.3.2 closing"): LATER,
    ("DATA", "450 4.3.0 later"): LATER,
    ("DATA", "550 5.7.1 no"): REFUSED,
    ("DATA", "250 what?"): LATER,
    ("DATA", DROP): LATER,
    ("content", DROP): UNSURE,
    ("dot", "421 4.3.2 closing"): LATER,
    ("dot", "450 4.3.0 later"): LATER,
    ("dot", "550 5.7.1 no"): REFUSED,
    ("dot", "hello?"): UNSURE,
    ("dot", DROP): UNSURE,
    # What was taken before stays taken, and what is sent next goes over a clean connection.
    ("RSET", "421 4.3.2 closing"): WELL,
    ("RSET", "450 4.3.0 later"): WELL,
    ("RSET", "550 5.7.1 no"): WELL,
    ("RSET", "hello?"): WELL,
    ("RSET", DROP): WELL,
    ("RSET", SILENT): WELL,
    ("QUIT", "421 4.3.2 closing"): WELL,
    ("QUIT", "450 4.3.0 later"): WELL,
    ("QUIT", "550 5.7.1 no"): WELL,
    ("QUIT", "hello?"): WELL,
    ("QUIT", DROP): WELL,
    ("QUIT", SILENT): WELL,
}
#: With STARTTLS and a login: neither a word of the mail nor the password goes in clear.
SECURED: Faults = {
    ("nothing", ""): WELL,
    ("STARTTLS", "421 4.3.2 closing"): GONE,
    ("STARTTLS", "450 4.3.0 later"): GONE,
    ("STARTTLS", "454 4.7.0 later"): GONE,
    ("STARTTLS", "550 5.7.1 no"): GONE,
    ("STARTTLS", DROP): GONE,
    ("STARTTLS", "stripped"): STOPPED,
    ("STARTTLS", "another's certificate"): GONE,
    (SLIPPED_IN, "250-relay.example\r\n250 AUTH PLAIN"): WELL,  # not taken for the answer to EHLO, nor for any other
    ("AUTH", "421 4.3.2 closing"): GONE,
    ("AUTH", "450 4.3.0 later"): GONE,
    ("AUTH", "454 4.7.0 later"): GONE,
    ("AUTH", "535 5.7.8 no"): STOPPED,
    ("AUTH", DROP): GONE,
}
USERS = {"support": "s3cret"}
_BOX = """
[[mailbox]]
name = "{name}"
address = "{name}@helpdesk.example"
[mailbox.maildir]
path = "{name}"
[mailbox.smtp]
host = "127.0.0.1"
port = {port}
timeout = "{timeout}"
{more}
"""


@dataclass
class Road:
    """A mailbox, its relay, and what the relay does."""

    name: str
    place: str
    does: str
    expected: str
    secured: bool
    sink: SmtpSink
    put: list[bytes] = field(default_factory=list)

    def section(self) -> str:
        common = {"name": self.name, "port": self.sink.port, "timeout": "4s" if self.does == SILENT else "60s"}
        if not self.secured:
            return _BOX.format(more='security = "none"', **common)
        trusted = "" if self.for_ever else f'ca_file = "{self.sink.ca_file}"'
        more = f'security = "starttls"\nuser = "support"\npassword = "s3cret"\n{trusted}'
        return _BOX.format(more=more, **common)

    def heal(self) -> None:
        self.sink.script.at.clear()

    @property
    def customer(self) -> str:
        return f"{self.name}@visitor.example"

    @property
    def refused(self) -> str:
        """A customer of whom the relay wants nothing; he writes first where RSET must follow."""
        return f"perm@{self.name}.example" if self.place == "RSET" else ""

    @property
    def for_ever(self) -> bool:
        return self.does in ("stripped", "another's certificate")


@pytest.fixture
def roads() -> Iterator[list[Road]]:
    """A relay for each line of the tables, and one that is not there."""
    lines = [(False, *line) for line in PLAIN.items()] + [(True, *line) for line in SECURED.items()]
    with ExitStack() as stack:
        made: list[Road] = []
        for secured, (place, does), expected in lines:
            tls = "starttls" if secured and does != "stripped" else ""
            sink = stack.enter_context(SmtpSink(tls, USERS if tls else None))
            made.append(Road(f"box{len(made)}", place, does, expected, secured, sink))
            if not made[-1].for_ever and does:
                sink.script.at[place] = does
        nobody = stack.enter_context(SmtpSink())
        nobody.stop()
        yield [*made, Road("nobody", "connect", "refused", GONE, secured=False, sink=nobody)]


@pytest.fixture
def desk(open_desk: OpenDesk, roads: list[Road]) -> Desk:
    desk = open_desk()
    desk.config.write_text("[intake]\nworkers = 1\n" + "".join(road.section() for road in roads))
    for road in roads:
        Maildir(desk.dir / road.name)
        customers = filter(None, (road.refused, road.customer))
        road.put += [letter(f"{road.name} {one}", sender=one, to=f"{road.name}@helpdesk.example") for one in customers]
    assert desk.once() == 0
    for road in roads:
        for at, mail in enumerate(road.put, 1):
            (desk.dir / road.name / "new" / f"170000000{at}.M1P2.host").write_bytes(mail)
    return desk


def what_became(desk: Desk) -> dict[str, str]:
    return {row["to"]: f"{row['state']} {row['reason']}" for row in desk.outbox()}


def holds(desk: Desk, roads: list[Road]) -> None:
    boxes = [Box(road.put, road.name) for road in roads]
    url = f"sqlite:///{desk.dir}/mailcase.db"
    assert not findings(Scene(url, boxes, [road.sink for road in roads]))
    assert not [mail for road in roads if road.secured for mail in road.sink.mails if not mail.tls or not mail.user]


def test_each_fault_of_a_relay_costs_its_own_mail_what_the_table_says_and_no_other(
    desk: Desk, roads: list[Road]
) -> None:
    assert desk.once() == 0
    found = what_became(desk)
    assert {(road.place, road.does): found[road.customer] for road in roads} == {
        (road.place, road.does): road.expected for road in roads
    }
    holds(desk, roads)
    reset = [road for road in roads if road.refused]
    assert {found[road.refused] for road in reset} == {REFUSED}
    assert all(road.sink.connections == road.sink.seen["RSET"] + 1 > 1 for road in reset)
    leaving = [road.sink for road in roads if road.place == "QUIT"]  # whose words are not waited for long
    wait_until(lambda: {one.seen["QUIT"] for one in leaving} == {1}, 60, "a relay heard no QUIT, or two")
    by = {(road.place, road.does): road.sink for road in roads if road.secured}
    stripped = by["STARTTLS", "stripped"]
    assert (stripped.seen["MAIL"], stripped.seen["AUTH"]) == (0, 0)
    assert by["AUTH", "535 5.7.8 no"].seen["AUTH"] == 1  # a password that is refused is not shown again

    for road in roads:
        road.heal()
    roads[-1].sink.start()
    with closing(Store.open("sqlite:///mailcase.db", desk.dir)) as store:
        for row in desk.outbox():
            if row["state"] == "pending":
                store.outbox_retry(row["id"], utcnow())
    assert desk.once() == 0
    found = what_became(desk)
    for road in roads:
        again = road.expected.startswith("pending") and not road.for_ever
        assert found[road.customer] == (WELL if again else road.expected), (road.place, road.does)
    holds(desk, roads)

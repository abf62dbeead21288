"""Real reports of a hundred mail servers, made to name a mail of ours: tied to it, with what they do to the address.

Each keeps its bytes but for the Message-ID it carries and the address it reports, which become those of an
acknowledgement of ours, in memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from mailcase.junk.kinds import classify
from mailcase.message import Kind, ReportRecipient
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.acceptance.realmail import MARKS, real_mails
from tests.builders import make_mailbox, make_policy
from tests.contract.office import Office
from tests.contract.store_kit import NOW
from tests.servers import new_store
from tests.servers.letters import letter

pytestmark = MARKS
POLICY = make_policy(make_mailbox(accept_any_recipient=True))
LATER = NOW + timedelta(minutes=5)
REPORTS: Final = (Kind.BOUNCE, Kind.DELAY, Kind.DELIVERED)

#: Reports that cannot be made to name our mail by plain replacement, and why.
CODED: Final = {
    "sisimai/bsd_lhost-gmail-04.eml": "the id stands in base64 or quoted-printable",
    "sisimai/bsd_lhost-mfilter-04.eml": "likewise",
    "sisimai/bsd_lhost-mfilter-05.eml": "likewise",
    "sisimai/bsd_lhost-postfix-09.eml": "likewise",
    "sisimai/to-be-debugged-because_issue-106-01.eml": "likewise",
    "sisimai/bsd_lhost-postfix-32.eml": "the address is written as a quoted string",
    "sisimai/bsd_lhost-sendmail-25.eml": "the address is an encoded word",
    "sisimai/to-be-debugged-because_issue-106-03.eml": "likewise",
}


@dataclass(frozen=True)
class Report:
    """A real report that names the mail it is about."""

    file: str
    raw: bytes
    kind: Kind
    carried: str
    reported: tuple[ReportRecipient, ...]  # its recipient blocks


@dataclass(frozen=True)
class Returned:
    """What one of them did."""

    report: Report
    outcome: str
    own_case: bool
    state: str  # of the acknowledgement
    suppressed: datetime | None  # until when
    events: list[str]


def reports() -> Iterator[Report]:
    """Each once: the corpus has some in several forms of line ends."""
    seen: set[str] = set()
    for one in real_mails():
        file, email = one.file, one.email
        kind = classify(email, POLICY.mailboxes["support"], POLICY).kind
        if kind not in REPORTS or not email.carried_ids or file in CODED:
            continue
        # One whose own id is that of the mail it carries would become a mail of ours that comes back.
        if email.identity not in seen and email.message_id != email.carried_ids[0]:
            seen.add(email.identity)
            blocks = email.report.recipients if email.report else ()
            named = tuple(block for block in blocks if block.address)
            yield Report(file, one.raw, kind, email.carried_ids[0], named)


def about(report: Report, message_id: str, customer: str) -> bytes:
    """The report about our mail to this customer."""
    made = report.raw.replace(report.carried.encode(), message_id.encode())
    for address in dict.fromkeys(one.address for one in report.reported):
        made = re.sub(rb"(?i)" + re.escape(address.encode()), customer.encode(), made)
    return made


@pytest.fixture(scope="module")
def found() -> list[Report]:
    return list(reports())


def opened(state_dir: Path) -> Office:
    new_store.place(state_dir)
    return Office(Store.open("sqlite:///mailcase.db", state_dir), POLICY)


def acknowledged(office: Office, count: int) -> dict[str, str]:
    """So many customers get an acknowledgement: address -> its Message-ID."""
    office.receive_all(letter(number) for number in range(count))
    return {row["to_key"]: row["message_id"] for row in office.rows(t.outbox)}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = opened(tmp_path_factory.mktemp("bounces"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def returned(office: Office, found: list[Report]) -> list[Returned]:
    sent = acknowledged(office, len(found))
    raws = [about(report, sent[who], who) for report, who in zip(found, sent, strict=True)]
    came = office.receive_all(raws, now=LATER)
    states = {row["to_key"]: row["state"] for row in office.rows(t.outbox)}
    until = {row["key"]: row["until"] for row in office.rows(t.suppression)}
    events: dict[int, list[str]] = {}
    for row in office.rows(t.case_event):
        events.setdefault(row["case_id"], []).append(row["event"])
    rows = zip(found, sent, came, strict=True)
    return [
        Returned(report, settled.outcome, settled.case == f"SR-{at}", states[who], until.get(who), events[at])
        for at, (report, who, settled) in enumerate(rows, 1)
    ]


def test_every_report_is_noted_on_the_case_of_the_mail_it_names(returned: list[Returned]) -> None:
    assert len(returned) > 290
    assert [one.report.file for one in returned if one.outcome != "noted" or not one.own_case] == []


def test_every_bounce_marks_our_mail_and_says_so_on_the_case(returned: list[Returned]) -> None:
    bounces = [one for one in returned if one.report.kind is Kind.BOUNCE]
    assert [one.report.file for one in bounces if one.state != "bounced" or "undeliverable" not in one.events] == []


def test_what_is_only_late_marks_nothing(returned: list[Returned]) -> None:
    late = [one for one in returned if one.report.kind is not Kind.BOUNCE]
    assert late
    assert [one.report.file for one in late if one.state != "pending" or one.suppressed] == []


def test_a_permanent_failure_suppresses_the_address_and_a_temporary_one_does_not(returned: list[Returned]) -> None:
    """Without recipient blocks the words decide: what is over quota or gave up after days is not for good."""
    bounces = [one for one in returned if one.report.kind is Kind.BOUNCE]
    assert {one.suppressed for one in bounces} == {None, LATER + timedelta(days=30)}
    for one in bounces:
        status = one.report.reported[0].status if one.report.reported else ""
        if status:
            assert (one.suppressed is not None) == status.startswith("5"), one.report.file
    kept = [one.report.file for one in bounces if not one.report.reported and one.suppressed is None]
    assert len(kept) < len(bounces) / 8, kept


def test_the_suppression_ends_with_its_time(office: Office, returned: list[Returned]) -> None:
    at = next(place for place, one in enumerate(returned) if one.suppressed)
    states = []
    for day in (1, 29, 31):
        now = LATER + timedelta(days=day)
        office.receive(letter(at, message_id=f"<day{day}@visitor.example>", subject=f"Day {day}", date=now), now=now)
        states.append((office.rows(t.outbox)[-1]["state"], office.rows(t.outbox)[-1]["reason"]))
    assert states == [("suppressed", "suppressed"), ("suppressed", "suppressed"), ("pending", "")]


def test_a_forged_report_does_nothing_to_the_address(tmp_path: Path, found: list[Report]) -> None:
    """It names a mail that we never sent, or one of ours but an address that we did not write to."""
    office = opened(tmp_path)
    own = [one for one in found if one.kind is Kind.BOUNCE and one.reported][::4]
    sent = acknowledged(office, len(own))
    pairs = zip(own, sent.values(), strict=True)
    ours = [one.raw.replace(one.carried.encode(), name.encode()) for one, name in pairs]
    foreign = [one.raw for one in found if one not in own]
    settled = office.receive_all([*ours, *foreign], now=LATER)
    assert {one.outcome for one in settled[: len(own)]} == {"noted"}
    assert {(one.outcome, one.reason) for one in settled[len(own) :]} == {("ignored", "report_unmatched")}
    assert office.rows(t.suppression) == []
    assert {row["state"] for row in office.rows(t.outbox)} == {"pending"}
    office.store.close()

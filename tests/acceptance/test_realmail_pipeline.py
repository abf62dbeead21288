"""919 real mails through the whole pipeline, and each decided as `explain` does: none raises or is lost (P1, P3)."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.clock import utcnow
from mailcase.intake.reader import Reader
from mailcase.message import Delivery
from mailcase.outbox.compose import Composer
from mailcase.pipeline import Pipeline
from mailcase.policy import Limit
from mailcase.ports import Arrival
from mailcase.shipped import FOLDER as SHIPPED
from mailcase.store import tables as t
from mailcase.store.store import Store
from mailcase.template_files import load_templates
from mailcase.verdict import Outcome
from mailcase.writer import Writer
from tests.acceptance.realmail import MARKS, real_mails
from tests.builders import make_acknowledge, make_mailbox, make_policy
from tests.servers import new_store

pytestmark = MARKS
# The most permissive circumstances: any recipient, and no limit that hides what else would be sent.
POLICY = make_policy(
    make_mailbox(accept_any_recipient=True),
    acknowledge=make_acknowledge(per_address=Limit(10_000, timedelta(hours=1))),
)

#: Machine mail that would be acknowledged, read through by a person: nothing in its headers says so.
#: What stops a loop with such a sender are the limits and the null envelope sender.
REVIEWED: Final = {
    "mikel-mail/invalid_subject_characters.eml": "advertising from info@: three headers, none of a machine",
    "rspamd/spam.eml": "advertising from info@ under a person's name, without any header of a list",
    "mikel-mail/new_line_in_to_header.eml": "a web form's lead: only its text, XML for a dealer's program, tells it",
    "mikel-mail/email_with_similar_boundaries.eml": "sent by a PHP script, as a web form's visitor's mail may be",
    "cpython/msg_36.txt.eml": "an announcement of 1998, before list headers",
    "enmime/mail_mime-bad-content-type.raw.eml": "a booking's confirmation, from an address that answers",
    "zbateson/m4006.txt.eml": "a read receipt by its Subject 'Read: ' alone; its winmail.dat is a picture",
    "simple-java-mail/_552_broken_calendar_method.eml": "a person's invitation, sent by a calendar service",
}
#: The others that are acknowledged, each judged to be a person's mail or spam that poses as one.
PERSONS: Final = Path(__file__).with_name("realmail_persons.txt")
MACHINE: Final = ("is_bounce", "is_auto_reply", "is_feedback_report", "is_dsn", "is_mdn", "is_delivery_success_dsn")


@dataclass(frozen=True)
class Passed:
    """The store after all of them, with the journal's row of each."""

    store: Store
    rows: Sequence[sa.RowMapping]


@pytest.fixture(scope="module")
async def passed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Passed]:
    state_dir = tmp_path_factory.mktemp("realmail")
    new_store.place(state_dir)
    store = Store.open("sqlite:///mailcase.db", state_dir)
    writer, reader = Writer(), Reader(workers=2)
    bench = Bench(POLICY, Composer(POLICY, load_templates(SHIPPED / "templates")))
    pipeline = Pipeline(store, writer, reader, judge=lambda: bench, now=utcnow)
    raws = [one.raw for one in real_mails()]
    arrivals = [
        Arrival("support", "imap:host:user", "INBOX", f"1:{uid}", 1, uid, utcnow(), raw)
        for uid, raw in enumerate(raws, 1)
    ]
    with pytest.MonkeyPatch.context() as patient:  # which of two equal mails is answered is a matter of their order
        patient.setattr("mailcase.pipeline.PATIENCE", 60.0)
        await pipeline.submit(store.journal(arrivals, None), raws)
        await pipeline.drained()
    with store._engines.read() as conn:
        rows = conn.execute(sa.select(t.delivery).order_by(t.delivery.c.id)).mappings().all()
    yield Passed(store, rows)
    await pipeline.close()
    await reader.close()
    writer.close()
    store.close()


async def test_each_ends_in_an_outcome_and_none_in_quarantine(passed: Passed) -> None:
    assert len(passed.rows) == len(real_mails()) >= 919
    outcomes = Counter(one["outcome"] for one in passed.rows)
    assert set(outcomes) <= set(Outcome) - {Outcome.QUARANTINED}
    assert outcomes["created"] > 300
    assert passed.store.undecided(10) == []


async def test_the_raw_bytes_are_kept_as_they_were(passed: Passed) -> None:
    for one in real_mails():
        assert hashlib.sha256(one.raw).hexdigest() == one.sha256
        assert passed.store.raw(one.sha256) == one.raw, one.file


async def test_no_machine_mail_is_acknowledged_but_what_was_reviewed(passed: Passed) -> None:
    answered = {one.file for one, row in zip(real_mails(), passed.rows, strict=True) if row["acknowledge"]}
    machines = {one.file for one in real_mails() if any(one.oracle.get(key) for key in MACHINE)}
    judged = {line for line in PERSONS.read_text("utf-8").splitlines() if line and not line.startswith("#")}
    assert answered & machines == set()
    assert answered - judged - set(REVIEWED) == set(), "newly acknowledged: each is to be read and judged"
    assert (judged | set(REVIEWED)) - answered == set(), "no longer acknowledged: to be taken off its list"
    assert judged & set(REVIEWED) == set()
    assert len(REVIEWED) <= 10


async def test_a_reading_again_makes_nothing_new(passed: Passed) -> None:
    """Each decided as `explain` does, which writes nothing and does not count its own stored copy."""
    bench = Bench(POLICY, Composer(POLICY, load_templates(SHIPPED / "templates")))
    before = len(passed.store.case_list(POLICY.statuses))
    for email in (one.email for one in real_mails()):
        delivery = Delivery(0, "support", "explain", "", email.sha256, None, None, utcnow())
        lookup = bench.look(email, delivery)
        decision = bench.decide(email, passed.store.snapshot(lookup, utcnow()), delivery)
        assert decision.trace
        assert decision.outcome is not Outcome.DUPLICATE
    assert len(passed.store.case_list(POLICY.statuses)) == before

"""The checker itself: it finds nothing where all is well, and each row or mail that breaks P5 or P6 it names."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from mailcase.store import tables as t
from tests.servers.branch import Branch
from tests.servers.invariants import Box, Scene, findings
from tests.servers.letters import letter
from tests.servers.smtp import Received, SmtpSink

PUT = [letter(1), letter(2), letter(3, message_id=" "), letter("spam", sender="<>"), letter(1)]
NOBODY = "someone@else.example"


@pytest_asyncio.fixture
async def scene(smtp_sink: SmtpSink, tmp_path: Path) -> AsyncIterator[Scene]:
    """Three answered mails, one of them without a Message-ID; one that is not answered; and one that came twice."""
    branch = Branch(tmp_path / "desk", smtp_sink)
    with closing(branch):
        branch.receive(PUT)
        await branch.look()
        assert len(smtp_sink.mails) == 3
        scene = Scene(f"sqlite:///{tmp_path}/desk/mailcase.db", [Box(PUT)], [smtp_sink])
        assert findings(scene) == []
        yield scene


HISTORY, DELIVERY, MESSAGE, OUTBOX = t.delivery_outcome, t.delivery, t.message, t.outbox


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (sa.delete(HISTORY).where(HISTORY.c.delivery_id == 2), "delivery 2 (created new_case) has no line of history"),
        (
            sa.update(HISTORY).where(HISTORY.c.delivery_id == 2).values(trace=[]),
            "delivery 2 (created new_case) has no trace",
        ),
        (sa.update(HISTORY).where(HISTORY.c.delivery_id == 5).values(outcome="created"), "delivery 5 (duplicate"),
        (sa.update(HISTORY).where(HISTORY.c.delivery_id == 1).values(case_id=2), "and its history ends with"),
        (sa.update(HISTORY).where(HISTORY.c.delivery_id == 1).values(actor=""), "was decided by nobody"),
        (sa.update(DELIVERY).where(DELIVERY.c.id == 1).values(policy_hash=""), "does not say by which rules"),
        (
            sa.update(MESSAGE).where(MESSAGE.c.sender_address == "c2@visitor.example").values(sender_address=NOBODY),
            NOBODY,
        ),
        (sa.update(OUTBOX).where(OUTBOX.c.delivery_id == 1).values(delivery_id=2), "and the mail of its delivery is"),
        (sa.update(OUTBOX).where(OUTBOX.c.delivery_id == 1).values(to=NOBODY), f"for {{'{NOBODY}'}} went to"),
    ],
    ids=[
        *("no history", "no trace", "another outcome", "another case", "nobody", "no rules"),
        *("another sender", "another mail", "another address"),
    ],
)
def test_a_row_that_says_something_else_is_found(scene: Scene, change: sa.UpdateBase, says: str) -> None:
    engine = sa.create_engine(scene.url)
    with engine.begin() as conn:
        conn.execute(change)
    engine.dispose()
    assert [line for line in findings(scene) if says in line]


def to_another(mail: Received) -> Received:
    return replace(mail, recipients=(NOBODY,))


def to_one_more(mail: Received) -> Received:
    return replace(mail, recipients=(*mail.recipients, NOBODY))


def copied_in_the_header(mail: Received) -> Received:
    return replace(mail, data=b"Bcc: " + NOBODY.encode() + b"\r\n" + mail.data)


def answering_another(mail: Received) -> Received:
    return replace(mail, data=mail.data.replace(b"In-Reply-To: <m1@", b"In-Reply-To: <m2@"))


@pytest.mark.parametrize("change", [to_another, to_one_more, copied_in_the_header, answering_another])
def test_a_mail_that_reached_somebody_else_is_found(scene: Scene, change: Callable[[Received], Received]) -> None:
    (sink,) = scene.sinks
    at = next(at for at, mail in enumerate(sink.mails) if mail.recipients == ("c1@visitor.example",))
    sink.mails[at] = change(sink.mails[at])
    assert findings(scene)


def test_an_answer_to_somebody_whom_store_and_relay_agree_on_but_not_the_mail_is_found(scene: Scene) -> None:
    other = letter(2, sender=NOBODY)
    (found,) = findings(replace(scene, boxes=[Box([PUT[0], other, *PUT[2:]])]))
    assert "the mail that it answers is from" in found

"""The checker itself: it finds nothing where all is well, and each row or mail that breaks one it names."""

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
from tests.servers.maildir import Maildir
from tests.servers.smtp import Received, SmtpSink

FIRST = letter(1)  # made once: another Date is another mail
PUT = [FIRST, letter(2), letter(3, message_id=" "), letter("spam", sender="<>"), FIRST]
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


def answered_again(delivery: int) -> sa.Insert:
    """Its acknowledgement once more, under a mark and a name of its own."""
    other = {"dedup": sa.literal("again"), "message_id": sa.literal("<again@helpdesk.example>")}
    names = [column.name for column in OUTBOX.c if column.name != "id"]
    row = sa.select(*(other.get(name, OUTBOX.c[name]) for name in names)).where(OUTBOX.c.delivery_id == delivery)
    return sa.insert(OUTBOX).from_select(names, row)


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
        (sa.delete(DELIVERY).where(DELIVERY.c.id == 5), "was put on the server 2 times and is in the store 1 times"),
        (answered_again(delivery=3), "2 times the same acknowledged message"),
        (answered_again(delivery=3), "audit says answered_twice of (3,)"),
    ],
    ids=[
        *("no history", "no trace", "another outcome", "another case", "nobody", "no rules"),
        *("another sender", "another mail", "another address"),
        *("one of two", "two answers, no Message-ID", "two answers, by audit"),
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


@pytest.mark.parametrize(
    ("after", "folder", "flags", "lost", "says"),
    [
        ("seen", "", "S", "F", "is marked as seen 1 times of 2"),
        ("keep", "", "", None, "vanished from INBOX although after = keep"),
        ("move:Done", ".Done", "S", None, "lies 1 times in move:Done, not 2"),
    ],
)
def test_what_the_server_holds_of_the_same_mail_is_counted(
    scene: Scene, tmp_path: Path, after: str, folder: str, flags: str, lost: str | None, says: str
) -> None:
    inbox = Maildir(tmp_path / "inbox")
    there = Maildir(inbox.path / folder) if folder else inbox
    files = [there.open_mail(there.put(raw), flags) for raw in PUT]
    scene = replace(scene, boxes=[Box(PUT, shelf=inbox, after=after)])
    assert findings(scene) == []
    if lost is None:
        files[-1].unlink()
    else:
        there.open_mail(files[-1], lost)
    (found,) = findings(scene)
    assert says in found

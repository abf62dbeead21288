"""The drain gives up an agent's reply on a real store: its case says so, and who has it is told (L6)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcase.life.case_state import Actor
from mailcase.life.changes import SendReply
from mailcase.outbox.drain import Drain
from mailcase.store.life.notify import send_reply
from mailcase.store.store import Store
from tests.contract.notice_kit import JANE, Bureau
from tests.servers import new_store
from tests.servers.outbox_desk import settings
from tests.servers.smtp import SmtpSink


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    new_store.place(tmp_path)
    store = Store.open("sqlite:///mailcase.db", tmp_path)
    yield Bureau.of(store)
    store.close()


async def drained(bureau: Bureau, sink: SmtpSink, after: timedelta) -> None:
    async def call(work: Any, *args: Any) -> Any:
        return work(*args)

    drain = Drain(
        bureau.store,
        call,
        smtp=lambda: {"support": settings(sink)},
        policy=lambda: bureau.post.rules,
        now=lambda: bureau.post.at + after,
        report=lambda *_: None,
        owner="me",
        judge=lambda: bureau.post.bench,
    )
    await drain.once()


@pytest.mark.parametrize(
    ("customer", "after", "state", "said"),
    [
        ("perm@visitor.example", timedelta(0), "failed", "550 5.1.1"),
        ("erin@visitor.example", timedelta(days=6), "expired", "expired"),
    ],
)
async def test_a_reply_that_never_leaves_is_told(
    bureau: Bureau, smtp_sink: SmtpSink, customer: str, after: timedelta, state: str, said: str
) -> None:
    running = int(str(bureau.post.write("one", sender=customer).case).removeprefix("SR-"))
    bureau.set(running, assignee=JANE)
    with bureau.writes() as conn:
        words = SendReply("Please try again.")
        send_reply(conn, bureau.post.bench, running, words, (), Actor("root"), "act:1:2", bureau.post.at)
    await drained(bureau, smtp_sink, after)
    assert bureau.rows("reply")[0].state == state
    assert [one["event"] for one in bureau.post.case(f"SR-{running}")["events"]].count("undeliverable") == 1
    (told,) = bureau.rows("undeliverable")
    assert (told.to, said in told.text) == (JANE, True)
    assert JANE in {to for mail in smtp_sink.mails for to in mail.recipients}

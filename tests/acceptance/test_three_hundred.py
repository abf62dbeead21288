"""Three hundred mails and more that no rule was written from, by the real process: outcome, case and answer of each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.three_hundred.after import EXPLAINED, STATUSES, explanation, unlike
from tests.acceptance.three_hundred.answers import AFTER_FIRST, answers
from tests.acceptance.three_hundred.book import Book
from tests.acceptance.three_hundred.compare import acknowledgements, differences, numbers, rows_by_key
from tests.acceptance.three_hundred.desk import USERS, BigDesk
from tests.acceptance.three_hundred.first import first
from tests.acceptance.three_hundred.last import AFTER_SECOND, strict, third
from tests.acceptance.three_hundred.machines import machines
from tests.acceptance.three_hundred.odd import odd
from tests.acceptance.three_hundred.reports import reports
from tests.servers.fixtures import StartDovecot
from tests.servers.letters import letter
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.dovecot

SEED = 20261121
BEFORE = 3  # mails that lie there at the first connection


@pytest.fixture
def desk(start_dovecot: StartDovecot) -> Iterator[BigDesk]:
    """A desk with mail in it from before its first connection."""
    with SmtpSink() as sink:
        big = BigDesk(start_dovecot(users=USERS), sink)
        for number in range(BEFORE):
            big.dovecot.put("support", letter(number), received=datetime.now(UTC) - timedelta(hours=number + 1))
        assert big.once() == 0
        yield big
        big.close()


def batch(desk: BigDesk, book: Book, *writers: Callable[[Book], None]) -> list[str]:
    """Write a batch, let it arrive, let the program work, and say what is not as it must be."""
    book.mails, before = [], len(desk.sink.mails)
    for writer in writers:
        writer(book)
    desk.lay(book.mails)
    assert desk.once() == 0
    rows = rows_by_key(list(book.all.values()), desk.deliveries(), {"support": BEFORE})
    book.past.numbers |= numbers(book.mails, rows)
    wrong = list(differences(book, book.mails, rows))
    return wrong + list(acknowledgements(book, book.mails, desk.sink.mails[before:]))


def agents(desk: BigDesk, book: Book, acts: dict[str, str]) -> None:
    for key, status in acts.items():
        desk.json("case", "set", book.past.numbers[key], "--status", status, "--assignee", "agent@desk.example")


def state(desk: BigDesk) -> tuple[Any, ...]:
    flags = [desk.dovecot.flags(user) for user in USERS]
    return desk.deliveries(), desk.cases(), desk.outbox(), desk.sink.mails.copy(), flags


def test_three_hundred_mails(desk: BigDesk) -> None:
    book = Book(SEED)
    wrong = batch(desk, book, first, machines, odd)
    agents(desk, book, AFTER_FIRST)
    wrong += batch(desk, book, answers, reports)
    agents(desk, book, AFTER_SECOND)
    wrong += batch(desk, book, third)
    desk.settings(strict=True)
    wrong += batch(desk, book, strict)
    listed, cases, outbox, mails, flags = now = state(desk)
    wrong += unlike(book, cases, STATUSES)
    rows = rows_by_key(list(book.all.values()), listed, {"support": BEFORE})
    for key, words in EXPLAINED.items():
        shown = desk.call("message", "show", str(rows[key]["id"])).stdout.decode()
        wrong += explanation(key, shown, words)
    assert wrong == []
    assert len(listed) == len(book.all) >= 300
    assert not any(any(one) for one in flags)  # after = "keep": nothing is touched on the server
    assert {one["state"] for one in outbox} <= {"sent", "suppressed", "bounced"}
    assert len({one["message_id"] for one in outbox if one["state"] in ("sent", "bounced")}) == len(mails)
    assert desk.once() == 0
    assert state(desk) == now, "a second pass changed something"

"""Several daemons on one PostgreSQL, when a command or the server comes in between (R3, R4, F17, F25)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from mailcase.errors import ConfigError, Permanent, TenureLost, Unavailable
from mailcase.outbox.drain.desk import Desk
from mailcase.store.store import Store
from mailcase.writer import Writer
from tests.contract.store_kit import LATER, NOW
from tests.contract.tenure_kit import SOON, Daemon, Server
from tests.servers.ports import wait_until

pytestmark = pytest.mark.postgres


def states(one: Daemon) -> list[tuple[str, int]]:
    return [(row["state"], row["attempts"]) for row in one.store.outbox_list()]


def test_a_mail_that_is_claimed_while_somebody_asks_for_it_again_is_sent_by_one(crew: list[Daemon]) -> None:
    """`outbox retry` of a pending row does not put back what a daemon begins to send."""
    one, two = crew
    one.take("support")
    row = one.queued()
    claimed: list[bool] = []

    def meanwhile(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE outbox") and not claimed:
            claimed.append(one.store.claim(row, "one", NOW))

    sa.event.listen(two.store._engines.writer, "before_cursor_execute", meanwhile)
    two.store.outbox_retry(row, LATER)
    assert claimed == [False]
    assert [daemon.store.claim(row, daemon.name, LATER) for daemon in crew] == [True, False]
    with pytest.raises(Permanent, match="is sending"):
        two.store.outbox_retry(row, LATER)


def test_one_that_was_cut_off_while_the_store_was_migrated_does_not_join_again(
    crew: list[Daemon], server: Server
) -> None:
    """Its locks were gone, as all are when PostgreSQL restarts: `db upgrade` saw nobody."""
    one, _ = crew
    one.take("support")
    server.end(one.backend)
    server.ask("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TenureLost):
        one.store.tenure_look(one.wants)
    with pytest.raises(ConfigError, match="schema 9999 is newer than this program"):
        one.join()
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = %s"
    wait_until(lambda: not server.ask(held, one.backend), SOON, "who may not join keeps a lock")


@contextmanager
def unanswered(store: Store, *, committed: bool) -> Iterator[None]:
    """The server goes away at the next commit, before or after it did it."""
    dialect = store._engines.writer.dialect
    real = dialect.do_commit

    def lost(conn: sa.PoolProxiedConnection) -> None:
        patch.undo()
        if committed:
            real(conn)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "do_commit", lost)
        yield


async def test_a_claim_whose_answer_was_lost_stands_and_its_mail_is_not_forgotten(crew: list[Daemon]) -> None:
    one = crew[0]
    one.take("support")
    one.queued()
    call = Writer()
    desk = Desk(one.store, call, lambda: NOW, lambda *_: None, "one", random.random)
    (mail,) = one.store.due(NOW, 9)
    with unanswered(one.store, committed=False), pytest.raises(Unavailable):
        await desk.claim(mail)
    assert states(one) == [("pending", 0)]
    with unanswered(one.store, committed=True):
        assert await desk.claim(mail)
    assert states(one) == [("sending", 1)]
    await desk.sent(mail)
    assert states(one) == [("sent", 1)]
    call.close()


def test_what_one_has_decided_is_not_overwritten_by_another_who_gives_it_up(crew: list[Daemon], server: Server) -> None:
    """Mail that no source brought has no fence: one daemon thaws when another has decided it."""
    one, two = crew
    handed_in = one.reading(source="lmtp", folder="")
    row = handed_in.delivery.id
    assert two.settle(handed_in)[0].outcome == "created"
    assert one.store.quarantine(row, "it took too long", LATER) == "created"
    assert server.ask("SELECT outcome, error FROM delivery") == [("created", "")]
    assert len(server.ask("SELECT 1 FROM delivery_outcome")) == 1


def test_a_decided_mail_that_a_person_sent_in_again_can_be_given_up(crew: list[Daemon], server: Server) -> None:
    one = crew[0]
    row = one.reading(source="lmtp", folder="").delivery.id
    server.ask("UPDATE delivery SET outcome = 'ignored'")
    assert one.store.quarantine(row, "undecidable", LATER, was="ignored") == "quarantined"
    assert [found["id"] for found in one.store.quarantine_list()] == [row]
    with pytest.raises(Permanent, match="no message 99"):
        one.store.quarantine(99, "undecidable", LATER)

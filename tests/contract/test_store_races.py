"""Two daemons on one PostgreSQL: whatever meets at once makes one case, one contact, one answer (R2, F17)."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mailcase.decision import Decision
from mailcase.message import Delivery, Email
from mailcase.ports import ROW_HELD, Reading, Settled
from mailcase.snapshot import Snapshot
from mailcase.store.store import Store
from tests.builders import make_lookup
from tests.contract.store_kit import LATER, NOW, Clerk, arrival, mail, settled_at_last, until_gone

pytestmark = pytest.mark.postgres
PATIENCE = 30.0  # seconds


@pytest.fixture
def stores(shared_url: str, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    both = Store.open(shared_url, tmp_path), Store.open(shared_url, tmp_path)
    yield both
    for one in both:
        one.close()


class Hasty(Clerk):
    """A clerk who waits at his first decision until `go`, having read what was there before."""

    def __init__(self, reached: threading.Event, go: Callable[[], object]) -> None:
        super().__init__()
        self.reached, self.go = reached, go

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        if not self.reached.is_set():
            self.reached.set()
            self.go()
        return super().decide(email, snapshot, delivery)


def reading(store: Store, key: str, email: Email) -> Reading:
    (row,) = store.journal([arrival(key)], None)
    return Reading(row.delivery, email)


def race(stores: tuple[Store, Store], first: Email, second: Email) -> list[Settled]:
    """The second daemon begins while the first is deciding, and must wait or decide again."""
    one, two = stores
    readings = reading(one, "1:1", first), reading(two, "1:2", second)
    reached, started = threading.Event(), threading.Event()

    def other() -> list[Settled]:
        reached.wait(PATIENCE)
        started.set()
        return two.settle([readings[1]], Clerk(), NOW)

    with ThreadPoolExecutor(2) as pool:
        later = pool.submit(other)
        settled = one.settle([readings[0]], Hasty(reached, lambda: started.wait(PATIENCE)), NOW)
        return [*settled, *later.result(PATIENCE)]


@pytest.mark.parametrize("turned", [False, True], ids=["root first", "reply first"])
def test_root_and_reply_at_once_are_one_case(stores: tuple[Store, Store], turned: bool) -> None:
    mails = [mail("a"), mail("b", "a", sender="kim@visitor.example")]
    settled = race(stores, *(mails[::-1] if turned else mails))
    assert [one.error for one in settled] == ["", ""]
    assert sorted(one.outcome for one in settled) == ["created", "linked"]
    assert {one.case for one in settled} == {settled[0].case}


def test_the_same_mail_at_once_makes_one_case(stores: tuple[Store, Store]) -> None:
    assert sorted(one.outcome for one in race(stores, mail("a"), mail("a"))) == ["created", "duplicate"]


def test_the_same_mail_without_message_id_at_once_makes_one_case(stores: tuple[Store, Store]) -> None:
    def bare() -> Email:
        return mail("a", sender="kim@visitor.example")

    settled = race(stores, replace(bare(), message_id=None), replace(bare(), message_id=None))
    assert sorted(one.outcome for one in settled) == ["created", "duplicate"]
    assert len(stores[0].outbox_list()) == 1


def test_two_first_mails_of_a_sender_at_once_make_one_contact(stores: tuple[Store, Store]) -> None:
    settled = race(stores, mail("a"), mail("b"))
    assert [(one.outcome, one.error) for one in settled] == [("created", "")] * 2
    lookup = stores[0].snapshot(make_lookup(mail("c")), NOW)
    assert len(lookup.open_cases) == 2


def test_one_delivery_decided_by_two_daemons_is_decided_once(stores: tuple[Store, Store]) -> None:
    one, two = stores
    work = reading(one, "1:1", mail("a"))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(store.settle, [work], Clerk(), NOW) for store in (one, two)]
        settled = [done.result(PATIENCE)[0] for done in both]
    assert {(done.outcome, done.case) for done in settled} == {("created", "SR-1")}
    assert len(one.outbox_list()) == 1


def test_a_case_closed_while_a_reply_is_decided_makes_it_decided_again(stores: tuple[Store, Store]) -> None:
    one, two = stores
    one.settle([reading(one, "1:1", mail("a"))], Clerk(), NOW)
    clerk = Hasty(threading.Event(), lambda: two.set_case("SR-1", LATER, "kim", status="Resolved"))
    (settled,) = one.settle([reading(one, "1:2", mail("b", "a"))], clerk, LATER)
    assert (settled.outcome, len(clerk.seen)) == ("reopened", 2)


def settled_in_the_end(store: Store, work: list[Reading]) -> list[Settled]:
    """A mail whose row was held for too long, for lack of a processor perhaps, is decided at a later look."""
    settled, until = store.settle(work, Clerk(), NOW), time.monotonic() + PATIENCE
    while any(item.reason == ROW_HELD for item in settled) and time.monotonic() < until:
        settled = store.settle(work, Clerk(), NOW)
    return settled


def test_batches_that_cross_end_all_decided(stores: tuple[Store, Store]) -> None:
    """Opposite orders of senders and threads: PostgreSQL breaks the deadlock, the loser goes one by one."""
    one, two = stores
    names = [f"m{n}" for n in range(12)]
    forth = [reading(one, f"1:{n}", mail(name, sender=f"{name}@x.example")) for n, name in enumerate(names, 1)]
    back = [reading(two, f"2:{n}", mail(name, sender=f"{name}@x.example")) for n, name in enumerate(names[::-1], 1)]
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(settled_in_the_end, store, work) for store, work in ((one, forth), (two, back))]
        settled = [item for done in both for item in done.result(PATIENCE)]
    assert sorted(item.outcome for item in settled) == ["created"] * 12 + ["duplicate"] * 12
    assert len({item.case for item in settled if item.case}) == 12


def test_a_sending_row_of_a_living_daemon_is_no_orphan(stores: tuple[Store, Store]) -> None:
    one, two = stores
    one.settle([reading(one, "1:1", mail("a"))], Clerk(), NOW)
    (row,) = one.due(NOW, 9)
    assert one.claim(row.id, "first", NOW)
    assert settled_at_last(two, "second") == []
    one.close()
    until_gone(two, "first")
    assert settled_at_last(two, "second") == [(row.id, "uncertain")]

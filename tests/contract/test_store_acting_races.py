"""Acts that meet: with one another, and with a mail that is being decided (the row is locked, the version tells)."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.desk import cases, customers
from mailcase.life import creating
from mailcase.life.acts import progress, threads
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes
from mailcase.life.creating import NewCase
from mailcase.life.refused import Refused
from mailcase.message import Delivery, Email
from mailcase.ports import Reading, Settled
from mailcase.snapshot import Snapshot
from mailcase.store import tables as t
from mailcase.store.life.contacts_join import Join, join
from mailcase.store.life.creating import NewOrder
from mailcase.store.store import Store
from mailcase.verdict import Decision
from tests.builders import CUSTOMER, NOW
from tests.contract.acting_kit import ROOT, Office, bench_of, letter
from tests.contract.store_kit import arrival
from tests.life_kit import ANN, BEN
from tests.servers.ports import wait_until

PATIENCE = 30.0  # seconds
HOME = "erin@home.example"


@pytest.fixture
def offices(url: str, tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """The same store opened twice, as by the daemon and by a command; SR-1 is there."""
    both = Office(Store.open(url, tmp_path)), Office(Store.open(url, tmp_path))
    both[0].hire()
    both[0].receive(letter("a"))
    yield both
    for one in both:
        one.store.close()


def waits_for_a_lock(url: str) -> None:
    """PostgreSQL says so; SQLite lets nobody in at all until the first has committed."""
    if url.startswith("sqlite"):
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as conn:
        asked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_until(lambda: bool(conn.execute(asked).fetchall()), PATIENCE, "the second one does not wait")


def meet(url: str, first: Callable[[Callable[[], None]], Any], second: Callable[[], Any]) -> list[Any]:
    """`first` is given what it calls within its transaction: it goes on when the second one waits for it."""
    inside, begun = threading.Event(), threading.Event()

    def later() -> Any:
        inside.wait(PATIENCE)
        begun.set()
        return outcome(second)

    def hold() -> None:
        inside.set()
        begun.wait(PATIENCE)
        waits_for_a_lock(url)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(later)
        done = outcome(lambda: first(hold))
        return [done, other.result(PATIENCE)]


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Refused as refused:
        return str(refused)


def test_two_who_start_one_case_at_once_are_one(url: str, offices: tuple[Office, Office]) -> None:
    one, two = offices
    ann, ben = one.desk.agent(ANN), two.desk.agent(BEN)

    def slow(hold: Callable[[], None]) -> Any:
        def rule(asked: Asked) -> Changes:
            hold()
            return progress.start(asked)

        return one.desk.act("SR-1", ann, rule)

    done, refused = meet(url, slow, lambda: cases.start(two.desk, "SR-1", ben))
    assert done.assignee == ANN
    assert refused.startswith("SR-1 is In progress: start is not possible")
    assert one.row().assignee == ANN
    assert [kind for kind, _, _ in one.mails()].count("in_progress") == 1


def test_cases_merged_into_each_other_at_once_make_no_circle(url: str, offices: tuple[Office, Office]) -> None:
    one, two = offices
    cases.create(one.desk, NewCase("Mouse", contact=CUSTOMER, allow_same_case=True), ROOT)

    def slow(hold: Callable[[], None]) -> Any:
        def rule(asked: Asked) -> Changes:
            hold()
            return threads.merge(asked)

        return one.desk.act("SR-1", ROOT, rule, other="SR-2")

    done, refused = meet(url, slow, lambda: cases.merge(two.desk, "SR-2", ROOT, "SR-1"))
    assert done.status == "Closed"
    assert "SR-1 was merged into SR-2" in refused
    assert [(row.number, row.merged_into_id) for row in one.rows(t.case)] == [("SR-1", 2), ("SR-2", None)]


def test_two_cases_of_a_customer_made_at_once_are_one(url: str, offices: tuple[Office, Office]) -> None:
    one, two = offices
    wanted = NewCase("Mouse", contact=CUSTOMER, category="Request")

    def slow(hold: Callable[[], None]) -> Any:
        def rule(asked: creating.Creation) -> Changes:
            hold()
            return creating.create(asked)

        order = NewOrder(wanted, ROOT, rule, one.policy, NOW)
        return one.store.create_case(order, one.desk.bench)

    done, refused = meet(url, slow, lambda: cases.create(two.desk, wanted, ROOT))
    assert done.number == "SR-2"
    assert "has an open case of category Request: SR-2" in refused


def test_a_case_for_whom_a_join_takes_away_is_his_who_stays(url: str, offices: tuple[Office, Office]) -> None:
    one, two = offices
    one.receive(letter("b", subject="Mouse", sender=HOME))

    def slow(hold: Callable[[], None]) -> Any:
        with one.store._engines.write() as conn:
            done = join(conn, Join(CUSTOMER, HOME, ROOT, one.policy, NOW))
            hold()
        return done

    wanted = NewCase("Keys", contact=HOME, category="Request")
    _, made = meet(url, slow, lambda: cases.create(two.desk, wanted, ROOT))
    assert one.row(made.number).contact_id == one.row("SR-1").contact_id


def test_a_join_waits_for_an_act_on_his_case_and_not_the_act_for_it(url: str, offices: tuple[Office, Office]) -> None:
    one, two = offices
    one.receive(letter("b", subject="Mouse", sender=HOME))

    def slow(hold: Callable[[], None]) -> Any:
        """An act has the case, and then names its contact."""
        with one.store._engines.write() as conn:
            conn.execute(sa.select(t.case.c.number).where(t.case.c.number == "SR-2").with_for_update())
            hold()
            return len(conn.execute(sa.select(t.contact.c.id).with_for_update(nowait=True)).all())

    contacts, joined = meet(url, slow, lambda: customers.merge(two.desk, CUSTOMER, HOME, ROOT))
    assert (contacts, joined.gone, len(one.rows(t.contact))) == (2, HOME, 1)


class Slow(Bench):
    """The real judge, who does something at his first decision, having read what was there before."""

    seen: list[Snapshot]
    first: Callable[[], object]

    def decide(self, email: Email, snapshot: Snapshot, delivery: Delivery) -> Decision:
        self.seen.append(snapshot)
        if len(self.seen) == 1:
            self.first()
        return super().decide(email, snapshot, delivery)


def settle(office: Office, email: Email, first: Callable[[], object]) -> tuple[Settled, list[Snapshot]]:
    plain = bench_of(office.policy)
    judge = Slow(plain.policy, plain.composer)
    object.__setattr__(judge, "seen", [])
    object.__setattr__(judge, "first", first)
    (row,) = office.store.journal([arrival("9:9")], None)
    (settled,) = office.store.settle([Reading(row.delivery, email)], judge, NOW)
    return settled, judge.seen


@pytest.mark.postgres
def test_a_mail_whose_case_is_acted_on_meanwhile_is_decided_again(shared_url: str, tmp_path: Path) -> None:
    one, two = (Office(Store.open(shared_url, tmp_path)) for _ in range(2))
    one.hire()
    one.receive(letter("a"))
    resolve = partial(cases.resolve, two.desk, "SR-1", ROOT, "A new roller.")
    settled, seen = settle(one, letter("b", "a"), resolve)
    assert (settled.outcome, [view.cases[1].status for view in seen]) == ("reopened", ["New", "Resolved"])
    assert one.row().status == "Reopened"
    for office in (one, two):
        office.store.close()


def test_an_act_that_begins_while_a_mail_is_decided_finds_what_the_mail_did(offices: tuple[Office, Office]) -> None:
    one, two = offices
    cases.resolve(one.desk, "SR-1", ROOT, "A new roller.")
    begun = threading.Event()

    def close() -> Any:
        begun.set()
        return cases.close(two.desk, "SR-1", ROOT)

    with ThreadPoolExecutor(1) as pool:
        waiting: list[Any] = []

        def meanwhile() -> None:
            waiting.append(pool.submit(close))
            begun.wait(PATIENCE)

        settled, _ = settle(one, letter("b", "a"), meanwhile)
        waiting[0].result(PATIENCE)
    assert settled.outcome in ("reopened", "followed")  # whoever came first: nothing is lost
    moves = [one["data"] for one in one.case()["events"] if one["event"] in ("status", "reopened")]
    assert all(before["to"] == after["from"] for before, after in itertools.pairwise(moves))

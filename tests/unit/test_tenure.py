"""The keeper of a daemon's share: it takes, gives back at rest, drops what it lost, and holds on until released."""

import asyncio
import threading
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from mailcase.message import Delivery
from mailcase.ports import Journalled
from mailcase.tenure import Tenure
from tests.servers.memory_tenure import MemoryHall, MemorySeat
from tests.servers.ports import until
from tests.servers.tenure_daemons import BOXES, LEASE, NOW, Hands, at_work, tenure


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.tenure.LONGEST_REST", 0.05)


def row(mailbox: str, source: str = "imap:h:u", age: float = 0.0) -> Journalled:
    at = NOW - timedelta(seconds=age)
    return Journalled(Delivery(1, mailbox, source, "INBOX", "1", 1, 1, at), "00", new=False, outcome=None, attempts=0)


async def test_a_store_of_one_daemon_is_all_ours_at_once_and_nothing_is_asked() -> None:
    async with at_work(MemoryHall(away=True), "me", shared=False) as one:
        assert one.ours == list(BOXES)
        assert one.tenure.is_senior
        assert one.tenure.takes_up(row("a"))


async def test_two_share_and_the_first_gives_back_only_what_is_at_rest() -> None:
    hall = MemoryHall()
    async with at_work(hall, "one:1") as first:
        first.hands.busy = set(BOXES)
        await until(lambda: first.ours == list(BOXES))
        async with at_work(hall, "two:2") as second:
            await until(lambda: len(first.ours) == 2)  # they are no longer read
            for _ in range(2):
                signs = hall.signs
                await until(lambda: hall.signs > signs)  # noqa: B023 - it is waited for here
            assert hall.holders == dict.fromkeys(BOXES, "one:1")  # and, some looks later, not given back
            first.hands.busy = set()
            await until(lambda: len(second.ours) == 2)
            assert sorted([*first.ours, *second.ours]) == list(BOXES)
            both = (first, second)
            await until(lambda: all((n in one.tenure.sends()) == one.tenure.works(n) for one in both for n in BOXES))
            assert ["nobody's" in one.tenure.sends() for one in both] == [True, False]
        await until(lambda: first.ours == list(BOXES))


async def test_what_the_store_let_go_of_is_dropped_at_once_and_joined_anew() -> None:
    hall = MemoryHall()
    async with at_work(hall, "one:1") as one:
        await until(lambda: one.ours == list(BOXES))
        hall.away = True
        await until(lambda: one.hands.dropped > 0)
        assert one.ours == []
        assert not any(name in one.tenure.sends() for name in (*BOXES, "nobody's"))
        assert not one.tenure.takes_up(row("a"))
        assert not one.tenure.is_senior
        hall.away = False
        await until(lambda: one.ours == list(BOXES))


async def test_a_store_that_is_slow_for_once_costs_nothing() -> None:
    hall = MemoryHall()
    async with at_work(hall, "one:1") as one:
        await until(lambda: one.ours == list(BOXES))
        seat = one.tenure.store
        assert isinstance(seat, MemorySeat)
        seat.slow = True
        await until(lambda: not seat.slow)
        assert one.ours == list(BOXES)
        assert not one.hands.dropped


async def test_after_the_stop_it_holds_on_until_all_is_settled() -> None:
    hall = MemoryHall()
    async with at_work(hall, "one:1") as one:
        await until(lambda: one.ours == list(BOXES))
        one.stop.set()
        async with at_work(hall, "two:2") as other:
            await until(lambda: other.tenure.is_senior is False and len(other.tenure.standing.members) == 2)
            assert other.ours == []
            one.released.set()
            await one.tenure.leave()
            await until(lambda: other.ours == list(BOXES))


async def test_one_pass_takes_what_is_free_and_no_share_of_it() -> None:
    hall = MemoryHall({"one:1": frozenset(BOXES)}, {"a": "one:1", "b": "one:1"})
    pass_ = tenure(hall, "pass:9")
    async with pass_.visiting():
        assert [name for name in BOXES if pass_.works(name)] == ["c", "d"]
        assert hall.members["pass:9"] == frozenset()
    await pass_.leave()
    assert hall.members.keys() == {"one:1"}


async def test_one_pass_that_lost_its_place_records_what_it_sends_and_takes_no_mailbox_again() -> None:
    """Without it each result waits for the daemon to join, for ever."""
    hall = MemoryHall()
    pass_ = tenure(hall, "pass:9")
    async with pass_.visiting():
        assert pass_.works("a")
        hall.away = True
        await until(lambda: not pass_.works("a"))
        assert "a" not in pass_.sends()
        hall.away = False
        await until(lambda: "pass:9" in hall.members)
        assert not any(pass_.works(name) for name in BOXES)
    await pass_.leave()
    assert not hall.members


async def test_one_pass_that_ends_while_it_joins_again_leaves_all_the_same() -> None:
    hall, begun, go_on = MemoryHall(), threading.Event(), threading.Event()
    pass_ = tenure(hall, "pass:9")
    join = pass_.store.tenure_join

    def late(owner: str, wants: Collection[str]) -> None:
        begun.set()
        go_on.wait()
        join(owner, wants)

    async with pass_.visiting():
        pass_.store.tenure_join = late  # type: ignore[method-assign]  # as of a slow server
        hall.end("pass:9")
        await until(begun.is_set)
    go_on.set()
    await pass_.leave()
    assert not hall.members


class Slow(MemorySeat):
    """It answers a stop after two leases."""

    def tenure_leave(self) -> None:
        threading.Event().wait(0.4)
        super().tenure_leave()


async def test_a_store_that_does_not_answer_keeps_nobody_from_stopping() -> None:
    one = Tenure(Slow(MemoryHall()), "one:1", lambda: BOXES, LEASE, lambda: NOW)
    await one.join()  # on a busy machine it may take its time
    one.lease = timedelta(seconds=0.2)
    await one.leave()
    with pytest.raises(RuntimeError, match="after shutdown"):
        await one.join()


@pytest.mark.parametrize(
    ("one", "alone", "together"),
    [
        (row("a"), True, True),  # ours, and nobody else reads its server
        (row("c"), True, False),
        (row("a", "lmtp"), True, False),  # perhaps another daemon was just handed it
        (row("a", "lmtp", age=61), True, True),
        (row("gone"), True, True),  # nobody is configured for it: the senior does
        (row("gone", "lmtp"), True, True),
    ],
)
async def test_which_undecided_mail_is_ours(one: Journalled, alone: bool, together: bool) -> None:
    hall = MemoryHall()
    async with at_work(hall, "one:1") as me:
        await until(lambda: me.ours == list(BOXES))
        assert me.tenure.takes_up(one) == alone
        async with at_work(hall, "two:2") as other:
            await until(lambda: len(other.ours) == 2)
            await until(lambda: len(me.tenure.standing.members) == 2)
            place = {"a": me.ours[0], "c": other.ours[0]}
            now = replace(one.delivery, mailbox=place.get(one.delivery.mailbox, one.delivery.mailbox))
            assert me.tenure.takes_up(replace(one, delivery=now)) == together


async def test_a_mailbox_that_nobody_holds_is_known_with_the_time() -> None:
    hall = MemoryHall(holders={"a": "somebody whom the server has not ended yet"})
    async with at_work(hall, "one:1") as one:
        await until(lambda: one.ours == ["b", "c", "d"])
        await until(lambda: dict(one.tenure.unheld) == {"a": NOW})
        del hall.holders["a"]
        await until(lambda: one.ours == list(BOXES))
        assert not one.tenure.unheld


async def test_what_the_store_says_is_ours_is_taken_also_when_its_answer_was_never_heard() -> None:
    hall = MemoryHall(holders={"a": "somebody"})
    async with at_work(hall, "one:1") as one:
        await until(lambda: one.ours == ["b", "c", "d"])
        hall.holders["a"] = "one:1"
        await until(lambda: one.ours == list(BOXES))


async def test_many_mailboxes_are_taken_in_portions_and_what_was_gained_stays() -> None:
    hall, many = MemoryHall(), tuple(f"m{number:03}" for number in range(120))
    me = tenure(hall, "one:1")
    me.wants = lambda: many
    seat = me.store
    assert isinstance(seat, MemorySeat)
    seat.room = 60
    looks: list[None] = []
    me.looked = lambda: looks.append(None)
    await me.join()
    await me._turn(Hands(), asyncio.Event())
    assert looks, "a server without room for more locks holds up nothing else"
    seat.room = 1000
    await me._turn(Hands(), asyncio.Event())
    assert all(me.works(name) for name in many)
    assert max(seat.asked) <= 50
    assert len(seat.asked) == 5  # 50, 10 of 50, none of 20; then the 60 that were left
    await me.leave()


async def test_mail_of_a_mailbox_that_somebody_has_for_one_pass_is_left_to_him() -> None:
    hall = MemoryHall(members={"pass:9": frozenset()}, holders={"gone": "pass:9"})
    async with at_work(hall, "one:1") as me:
        await until(lambda: me.ours == list(BOXES))
        assert me.tenure.is_senior
        assert not me.tenure.takes_up(row("gone"))
        hall.end("pass:9")
        await until(lambda: me.tenure.takes_up(row("gone")))


async def test_mail_of_a_mailbox_that_its_file_does_not_know_the_senior_decides_only_when_it_is_abandoned() -> None:
    hall, clock = MemoryHall(), [NOW]
    async with at_work(hall, "one:1") as me:
        me.tenure.now, me.tenure.knows = lambda: clock[0], lambda _: False
        await until(lambda: me.ours == list(BOXES))
        assert me.tenure.is_senior
        assert not me.tenure.takes_up(row("new"))
        clock[0] = NOW + timedelta(minutes=59)
        assert not me.tenure.takes_up(row("new"))
        hall.members["two:2"] = frozenset({"new"})  # its daemon is back for a moment
        await until(lambda: "two:2" in me.tenure.standing.members)
        hall.end("two:2")
        await until(lambda: "two:2" not in me.tenure.standing.members)
        clock[0] += timedelta(minutes=2)
        assert not me.tenure.takes_up(row("new"))
        clock[0] += timedelta(hours=1)
        assert me.tenure.takes_up(row("new"))


async def test_one_pass_leaves_new_mail_of_a_mailbox_that_it_does_not_know() -> None:
    once = tenure(MemoryHall(), "pass:9")
    once.knows = lambda _: False
    async with once.visiting():
        assert not once.takes_up(row("new", age=60))
        assert once.takes_up(row("gone", age=3600))
    await once.leave()


async def test_the_heartbeat_does_not_wait_for_what_others_left_half_sent() -> None:
    hall, never = MemoryHall(), asyncio.Event()

    async def waits() -> None:
        await never.wait()

    async with at_work(hall, "one:1") as one:
        one.tenure.orphans = waits
        await until(lambda: one.ours == list(BOXES))
        signs = hall.signs
        await until(lambda: hall.signs > signs)
        never.set()

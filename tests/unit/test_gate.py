"""The gate of a host: so many at once, in the order of asking, and nobody waits behind one who idles."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from mailcase.intake import gate as module
from mailcase.intake.gate import Gate, Gates, Permit
from tests.servers.ports import until


@pytest.fixture(autouse=True)
def close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "APART_S", (0.0, 0.0))


async def held(stack: AsyncExitStack, gate: Gate) -> Permit:
    permit = await stack.enter_async_context(gate.permit(asyncio.Event()))
    assert permit is not None
    return permit


def asks(gate: Gate, order: list[int], number: int, stop: asyncio.Event | None = None) -> "asyncio.Task[None]":
    """Somebody who wants a permit, notes that he got it, and gives it back at once."""

    async def visit() -> None:
        async with gate.permit(stop or asyncio.Event()) as permit:
            if permit is not None:
                order.append(number)

    return asyncio.create_task(visit())


async def test_never_more_are_in_than_there_are_permits_and_they_come_in_order() -> None:
    gate, order, most = Gate(2), list[int](), 0

    async def visit(number: int) -> None:
        nonlocal most
        async with gate.permit(asyncio.Event()):
            order.append(number)
            most = max(most, len(gate._held))
            await asyncio.sleep(0)

    await asyncio.gather(*(visit(number) for number in range(20)))
    assert (order, most) == (list(range(20)), 2)


async def test_of_those_who_rest_the_longest_held_permit_is_wanted_and_only_as_many_as_wait() -> None:
    gate, order = Gate(3), list[int]()
    async with AsyncExitStack() as stack:
        busy, first, second = [await held(stack, gate) for _ in range(3)]
        with first.resting(), second.resting():
            waiting = asks(gate, order, 1)
            await until(first.wanted.is_set)
            assert not second.wanted.is_set()
            assert not busy.wanted.is_set()
            more = asks(gate, order, 2)
            await until(second.wanted.is_set)
        with busy.resting():
            assert not busy.wanted.is_set()
        last = asks(gate, order, 3)
        await until(lambda: len(gate._waiting) == 3)
        assert not busy.wanted.is_set()
        with busy.resting():
            assert busy.wanted.is_set()
    await asyncio.gather(waiting, more, last)
    assert order == [1, 2, 3]


async def test_nobody_is_asked_for_a_permit_while_there_is_room() -> None:
    gate = Gate(2)
    async with AsyncExitStack() as stack:
        one = await held(stack, gate)
        with one.resting():
            await held(stack, gate)
            assert not one.wanted.is_set()


async def test_who_is_told_to_stop_or_cancelled_leaves_the_queue() -> None:
    gate, order, stop = Gate(1), list[int](), asyncio.Event()
    async with AsyncExitStack() as stack:
        await held(stack, gate)
        stopped, cancelled, patient = asks(gate, order, 1, stop), asks(gate, order, 2), asks(gate, order, 3)
        await until(lambda: len(gate._waiting) == 3)
        stop.set()
        cancelled.cancel()
        await asyncio.wait((stopped, cancelled))
        assert len(gate._waiting) == 1
    await patient
    assert (order, gate._held, gate._waiting) == ([3], [], [])


async def test_logins_of_one_host_are_kept_apart_and_the_first_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def wait(seconds: float, *events: asyncio.Event) -> None:
        if not events[0].is_set():  # the stop event: nobody waits for a permit here
            waits.append(seconds)

    monkeypatch.setattr(module, "APART_S", (5.0, 5.0))
    monkeypatch.setattr(module, "first_of", wait)
    loop = asyncio.get_running_loop()
    moment = loop.time()
    monkeypatch.setattr(loop, "time", lambda: moment)  # all come in it, however slow the machine is
    gates = Gates(8)
    async with AsyncExitStack() as stack:
        for host in ("a.example", "A.example", "a.example", "b.example"):
            await held(stack, gates.of(host))
    assert waits == [5, 10]


async def test_another_number_of_permits_is_in_force_at_once() -> None:
    gates, order = Gates(1), list[int]()
    async with AsyncExitStack() as stack:
        await held(stack, gates.of("a.example"))
        waiting = asks(gates.of("a.example"), order, 1)
        await until(lambda: len(gates.of("a.example")._waiting) == 1)
        gates.allow(2)
        await waiting
        await asks(gates.of("b.example"), order, 2)
    assert order == [1, 2]

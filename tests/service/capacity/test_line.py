"""A line is first come first served and loses nobody."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import TypeVar

from footfall._service.waiting_line import WaitingLine

PATIENT_S = 1000.0
T = TypeVar("T")


def run(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run a coroutine function."""
    return asyncio.run(work())


def test_waiting_customers_are_served_in_the_order_they_came() -> None:
    """Each release calls the one who waits longest."""

    async def work() -> list[int]:
        line, served = WaitingLine(1), list[int]()
        assert line.take()

        async def come(number: int) -> None:
            assert await line.wait(PATIENT_S)
            served.append(number)
            line.release()

        tasks = [asyncio.ensure_future(come(number)) for number in range(20)]
        await asyncio.sleep(0)
        line.release()
        await asyncio.gather(*tasks)
        return served

    assert run(work) == list(range(20))


def test_nobody_overtakes_a_waiting_customer() -> None:
    """With somebody in line, a free server is not for whoever comes next."""

    async def work() -> None:
        line = WaitingLine(0)
        waiting = asyncio.ensure_future(line.wait(PATIENT_S))
        await asyncio.sleep(0)
        line.servers = 1
        assert not line.take()
        line.set_servers(1)
        assert await waiting
        assert not line.take()

    run(work)


def test_a_smaller_staff_finishes_the_customers_at_hand() -> None:
    """Nobody is thrown out, and nobody is called until there is room again."""

    async def work() -> None:
        line = WaitingLine(2)
        assert line.take()
        assert line.take()
        line.set_servers(1)
        waiting = asyncio.ensure_future(line.wait(PATIENT_S))
        await asyncio.sleep(0)
        line.release()
        await asyncio.sleep(0)
        assert (line.busy, waiting.done()) == (1, False)
        line.release()
        assert await waiting

    run(work)


def test_a_cancelled_customer_leaves_no_gap() -> None:
    """Cancelled in the line or in the very moment of the grant, the server goes to the next one."""

    async def work() -> None:
        for moment in range(3):
            line = WaitingLine(1)
            assert line.take()
            first, second = (asyncio.ensure_future(line.wait(PATIENT_S)) for _ in range(2))
            await asyncio.sleep(0)
            if moment != 1:
                first.cancel()
            if moment == 2:
                await asyncio.sleep(0)
            line.release()
            if moment == 1:
                first.cancel()
            assert await second
            line.release()
            assert (line.busy, line.waiting) == (0, 0)

    run(work)


def test_a_line_in_a_crowd_comes_out_even() -> None:
    """Whoever comes, loses patience or is cancelled: in the end no server is busy and nobody waits."""

    async def work() -> None:
        line, rng, most = WaitingLine(3), Random(1), 0

        async def come(patience_s: float) -> None:
            nonlocal most
            if line.take() or await line.wait(patience_s):
                try:
                    most = max(most, line.busy)
                    await asyncio.sleep(rng.random() / 1000)
                finally:
                    line.release()

        tasks = []
        for number in range(1000):
            patience_s = rng.choice([0.0, 0.001, PATIENT_S])
            tasks.append(asyncio.ensure_future(come(patience_s)))
            if number % 5 == 0:
                line.set_servers(rng.choice([1, 2, 3]))
            if number % 7 == 0:
                await asyncio.sleep(0)
                rng.choice(tasks).cancel()
        line.set_servers(3)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (line.busy, line.waiting) == (0, 0)
        assert most <= 3

    run(work)

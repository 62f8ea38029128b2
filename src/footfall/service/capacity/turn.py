"""When service of a request began, and until when it must have ended; both on the monotonic clock."""

import asyncio
import time
from math import inf
from typing import NamedTuple


class Turn(NamedTuple):
    """A request's time at a station."""

    began_s: float
    deadline_s: float = inf


def no_deadline() -> Turn:
    """Give the turn of a request that is served at once and may take what it takes."""
    return Turn(time.monotonic())


async def sleep_until(second_s: float) -> None:
    """Sleep until a second of the monotonic clock, if it has not passed."""
    left_s = second_s - time.monotonic()
    if left_s > 0:
        await asyncio.sleep(left_s)

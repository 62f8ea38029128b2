"""Pages that need no login, and the pool of numbers."""

from functools import partial
from random import Random

from footfall.service.catalogue import PAGES
from footfall.service.channels.account import session_of
from footfall.service.desk import Desk
from footfall.service.ledger import numbers
from footfall.service.ledger.handle import Handle
from footfall.service.refusals import refusal
from footfall.service.web.wire import Answer, Call

NUMBERS_MAX = 20
_SHUFFLE = Random()  # noqa: S311  spreads customers over the pool; nothing secret, nothing to repeat


async def show_page(desk: Desk, call: Call) -> Answer:
    """Show a page by its name."""
    name = call.parameters[0]
    if name == "numbers":
        return await show_numbers(desk, call)
    page = PAGES.get(name)
    if page is None:
        raise refusal("not_found", "There is no such page.")
    return 200, page


async def show_numbers(desk: Desk, call: Call) -> Answer:
    """Show some numbers that can be reserved, from a random place of the pool on."""
    most = int(call.query_number("limit", NUMBERS_MAX, 1, NUMBERS_MAX))
    now_s = desk.settings.now_s()

    def read(handle: Handle) -> list[str]:
        first, last = numbers.bounds(handle)
        return numbers.free(handle, str(_SHUFFLE.randint(first, last)), most, now_s)

    return 200, {"numbers": await desk.store.read(read)}


async def reserve_number(desk: Desk, call: Call) -> Answer:
    """Keep a number for the subscriber for a while."""
    subscriber = session_of(desk, call).subscriber
    now_s, seconds = desk.settings.now_s(), desk.settings.reservation_s
    await desk.store.write(
        partial(
            numbers.reserve,
            number=call.parameters[0],
            subscriber=subscriber,
            now_s=now_s,
            until_s=now_s + seconds,
        )
    )
    return 200, {"expires_s": seconds}


async def release_number(desk: Desk, call: Call) -> Answer:
    """Give a reserved number back."""
    subscriber = session_of(desk, call).subscriber
    await desk.store.write(partial(numbers.release, number=call.parameters[0], subscriber=subscriber))
    return 204, None

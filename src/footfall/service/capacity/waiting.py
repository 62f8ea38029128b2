"""Wait for a server as long as the patience lasts and the client is there."""

import asyncio

from footfall.service.capacity.line import Line
from footfall.service.refusals import refusal
from footfall.service.web.wire import Call


async def wait_for_server(line: Line, call: Call, patience_s: float) -> None:
    """Return with a server of the line; a client that goes away leaves the line.

    Raises:
        RefusalError: patience ended first, or the client has gone.
    """
    ticket = line.join(patience_s)
    watch = asyncio.ensure_future(call.gone())
    watch.add_done_callback(lambda _: line.leave(ticket))
    try:
        granted = await ticket.granted
    except asyncio.CancelledError:
        line.abandon(ticket)
        raise
    finally:
        gone = watch.done()
        watch.cancel()
    if granted and gone:
        line.release()
    if gone or not granted:
        raise refusal("patience")

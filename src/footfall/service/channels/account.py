"""Log in, look at one's account, log out."""

from functools import partial

from footfall.service.capacity.held import Held
from footfall.service.capacity.switchboard import Switchboard
from footfall.service.capacity.visits import HEADER
from footfall.service.desk import Desk
from footfall.service.ledger import accounts
from footfall.service.ledger.handle import Handle
from footfall.service.ledger.sessions import Session
from footfall.service.web.wire import Answer, Call

_AUTHORIZATION = b"authorization"


async def log_in(desk: Desk, call: Call) -> Answer:
    """Open a session for the number and PIN in the body."""
    read = partial(accounts.log_in, pepper=desk.pepper, msisdn=call.text("msisdn"), pin=call.text("pin"))
    subscriber, name = await desk.store.read(read)
    token, session = await desk.sessions.start(subscriber)
    if isinstance(desk.station, Held | Switchboard):
        # Whoever comes to the machine next must not find it logged in.
        desk.station.visits.find(call.header(HEADER)).sessions.append(session)
    return 200, {"token": token, "name": name}


async def log_out(desk: Desk, call: Call) -> Answer:
    """Close the session."""
    await desk.sessions.end(session_of(desk, call))
    return 204, None


async def show_account(desk: Desk, call: Call) -> Answer:
    """Show what the account holds."""
    holder = await desk.store.read(partial(accounts.holder, subscriber=session_of(desk, call).subscriber))
    return 200, {
        "msisdn": holder.msisdn,
        "name": holder.name,
        "balance_fen": holder.balance_fen,
        "plan": holder.plan,
        "under_contract": holder.under_contract,
        "roaming": holder.roaming,
        "address": holder.address,
    }


async def show_bill(desk: Desk, call: Call) -> Answer:
    """Show the last twenty movements of money."""
    bill = await desk.store.read(partial(accounts.bill, subscriber=session_of(desk, call).subscriber))
    return 200, {"entries": bill}


async def show_usage(desk: Desk, call: Call) -> Answer:
    """Show the plan and the orders by state."""
    session = session_of(desk, call)

    def read(handle: Handle) -> Answer:
        holder = accounts.holder(handle, session.subscriber)
        return 200, {"plan": holder.plan, "orders": accounts.usage(handle, session.subscriber)}

    return await desk.store.read(read)


def session_of(desk: Desk, call: Call) -> Session:
    """Session that the request's token belongs to.

    Raises:
        RefusalError: none.
    """
    return desk.sessions.find(call.header(_AUTHORIZATION))

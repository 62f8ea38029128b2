"""The SMS channel: messages in, work behind the gateway, answers out."""

import asyncio
import hmac
import logging
from functools import partial

from footfall.service.capacity.gateway import Gateway
from footfall.service.capacity.luck import Draw
from footfall.service.capacity.turn import Turn, no_deadline
from footfall.service.channels.callback import check_callback
from footfall.service.channels.inbox import Inbox
from footfall.service.channels.words import Command, Said, understand
from footfall.service.desk import Desk, struck
from footfall.service.ledger import accounts, messages, orders
from footfall.service.ledger.handle import Handle
from footfall.service.ledger.messages import Message, Reply
from footfall.service.refusals import RefusalError, refusal
from footfall.service.web.wire import Answer, Call
from footfall.simulate.spec.channel import Verb
from footfall.simulate.spec.station import MessageGateway

_TEXT_MAX = 500
_WAIT_S_MAX = 30.0
_AT_ONCE_S = 0.0005
"""Half of what the event loop's timers can tell apart: nothing is waited for that is nearer."""
_REMINDER: Said = (200, "logout_reminder", "您未退出登录,系统已为您退出。")
_logger = logging.getLogger(__name__)


class MessageRoom:
    """The station of the SMS channel, and all that is on its way there."""

    def __init__(self, spec: MessageGateway) -> None:
        """Start with nothing on its way; needs the running event loop."""
        self.gateway = Gateway(spec, asyncio.get_running_loop().time)
        self.inbox = Inbox()
        self._timers: set[asyncio.TimerHandle] = set()
        self._in_hand: set[asyncio.Future[Reply | None]] = set()
        self._subscribers: dict[str, int] = {}

    async def enter(self, _call: Call) -> Turn:
        """Let a request pass: messages wait behind the gateway, not their senders."""
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Nothing is held."""

    def begin_stop(self) -> None:
        """Wake whoever waits for answers; messages on their way stay in the database for the next start."""
        for timer in self._timers:
            timer.cancel()
        self.inbox.begin_stop()

    async def stop(self) -> None:
        """Finish what is in hand."""
        await asyncio.gather(*self._in_hand, return_exceptions=True)
        await self.inbox.stop()

    async def subscriber(self, desk: Desk, msisdn: str) -> int:
        """Account of a telephone number, which never changes and is looked up once.

        Raises:
            RefusalError: there is none.
        """
        known = self._subscribers.get(msisdn)
        if known is None:
            known = await desk.store.read(partial(accounts.subscriber_of, msisdn=msisdn))
            self._subscribers[msisdn] = known
        return known

    def handle_in(self, seconds: float, desk: Desk, message: Message) -> None:
        """Handle a message once it is through the gateway and the systems behind it."""
        command = understand(message.text)
        draw = desk.luck.draw(command.verb)
        seconds += draw.service_s
        if seconds < _AT_ONCE_S:
            self._handle(desk, message, command, draw)
            return

        def start() -> None:
            self._timers.discard(timer)
            self._handle(desk, message, command, draw)

        timer = asyncio.get_running_loop().call_later(seconds, start)
        self._timers.add(timer)

    async def remind(self, desk: Desk, subscriber: int) -> None:
        """Tell a subscriber that their session was ended; a full queue drops it, counted."""
        if self.gateway.enter() is None:
            self.gateway.dropped += 1
            return
        reply = await desk.store.write(
            partial(messages.answer, subscriber=subscriber, to_id=None, said=_REMINDER)
        )
        self.inbox.deliver(subscriber, reply)

    def _handle(self, desk: Desk, message: Message, command: Command, draw: Draw) -> None:
        now_s = desk.settings.now_s()

        def write(handle: Handle) -> Reply | None:
            if not messages.take(handle, message):
                return None
            said = _said(partial(_work, handle, desk, message, command, now_s), draw)
            return messages.answer(handle, message.subscriber, message.client_id, said)

        work = desk.store.submit(write)
        self._in_hand.add(work)
        work.add_done_callback(partial(self._deliver, message))

    def _deliver(self, message: Message, work: "asyncio.Future[Reply | None]") -> None:
        self._in_hand.discard(work)
        error = work.exception()
        if isinstance(error, RefusalError):
            return  # the database is away: the message is taken up when it is back
        if error is not None:
            # It stays in the ledger as not handled: the next start takes it up again.
            _logger.error("message %d failed", message.id, exc_info=error)
            return
        reply = work.result()
        if reply is not None:
            self.inbox.deliver(message.subscriber, reply, message.callback)


async def send_message(desk: Desk, call: Call) -> Answer:
    """Take a message from a subscriber; the same id again is taken and not handled again."""
    room = _room(desk, call)
    client_id, text = call.text("id"), call.text("text", _TEXT_MAX)
    callback = check_callback(call.body.get("callback"), desk.settings.callback_hosts)
    subscriber = await room.subscriber(desk, call.text("msisdn"))
    seconds = room.gateway.enter()
    if seconds is None:
        raise refusal("message_rate")

    def write(handle: Handle) -> Message | None:
        number = messages.accept(handle, subscriber, client_id, text, callback)
        return Message(number, subscriber, client_id, text, callback) if number is not None else None

    message = await desk.store.write(write)
    if message is not None:
        room.handle_in(seconds, desk, message)
    return 202, {"accepted": True}


async def show_answers(desk: Desk, call: Call) -> Answer:
    """Show the answers to a number, waiting for the next one if there is none yet."""
    room = _room(desk, call)
    after = int(call.query_number("after", 0, 0, 2**53))
    wait_s = call.query_number("wait_s", 0, 0, _WAIT_S_MAX)
    subscriber = await room.subscriber(desk, call.parameters[0])
    found = room.inbox.since(subscriber, after)
    read = partial(messages.after, subscriber=subscriber, n=after)
    if not wait_s:
        found = await desk.store.read(read) if found is None else found
    elif not found:
        # Listening begins before the look into the ledger, so that no answer comes between the two.
        with room.inbox.poll(subscriber, wait_s) as coming:
            found = await desk.store.read(read) if found is None else found
            if not found:
                reply = await coming
                found = [reply] if reply is not None else []
    return 200, {"answers": [reply.data() for reply in found]}


def _room(desk: Desk, call: Call) -> MessageRoom:
    key = desk.settings.gateway_key
    if key is not None and not hmac.compare_digest(call.header(b"x-gateway-key").encode(), key.encode()):
        raise refusal("wrong_key")
    desk.refuse_outage()
    if not isinstance(desk.station, MessageRoom):
        raise refusal("not_found")
    return desk.station


def _said(work: partial[Said], draw: Draw) -> Said:
    """Do the work unless a fault struck; a refusal is an answer like any other."""
    try:
        if draw.fault is not None:
            raise struck(draw.fault)
        return work()
    except RefusalError as refused:
        return refused.status, refused.code, refused.detail


def _work(handle: Handle, desk: Desk, message: Message, command: Command, now_s: float) -> Said:
    if command.verb is Verb.QUERY:
        held = accounts.holder(handle, message.subscriber)
        return 200, "ok", f"余额 {held.balance_fen / 100:.2f} 元,套餐 {held.plan}。"
    if command.verb is Verb.CONFIRM:
        return _answered(handle, desk, message, command, now_s)
    if not command.is_known:
        raise refusal("unknown_command")
    if command.operation not in desk.channel.dialogues:
        raise refusal("not_offered")
    wish = orders.Wish(
        subscriber=message.subscriber,
        channel=desk.channel.name,
        key=f"sms-{message.id}",
        operation=command.operation,
        item=command.item,
        amount_fen=orders.check(command.operation, command.item, command.amount_fen),
    )
    order = orders.place(handle, desk.rules, wish, now_s)
    if order.state == orders.PENDING:
        return 202, "confirm", "请回复 Y 确认,回复 N 取消。"
    return 200, "ok", "业务已办理。"


def _answered(handle: Handle, desk: Desk, message: Message, command: Command, now_s: float) -> Said:
    """Confirm or cancel the order that waits."""
    channel = desk.channel.name
    order = orders.last_pending(handle, message.subscriber, channel)
    if command.answer == "N":
        orders.cancel(handle, order)
        return 200, "ok", "业务已取消。"
    orders.confirm(handle, desk.rules, orders.wish_of(order, message.subscriber, channel), order, now_s)
    return 200, "ok", "业务已办理。"

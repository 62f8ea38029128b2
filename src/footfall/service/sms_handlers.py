"""The SMS hall: messages in, work behind the gateway, answers out by long poll or callback."""

import asyncio
import hmac
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from footfall.model.channel import Verb
from footfall.model.station_specs import MessageGateway
from footfall.service import ledger as accounts
from footfall.service import ledger as messages
from footfall.service import ledger as orders
from footfall.service.api_errors import ApiError, api_error
from footfall.service.capacity_limits import MessageRateLimit
from footfall.service.channel_handler import ChannelHandler, struck
from footfall.service.database import DatabaseConnection
from footfall.service.fault_injection import DrawnFault
from footfall.service.http_messages import Answer, HttpRequest
from footfall.service.ledger import Message, Reply
from footfall.service.settings import ROAMING, VOUCHER
from footfall.service.waiting_line import ServiceTurn, no_deadline

# ── What short messages mean, and what is said in reply

Said = tuple[int, str, str]
"""HTTP status, code and text of an answer."""


class Command(NamedTuple):
    """One message, understood."""

    verb: Verb
    operation: str
    """Empty unless it is an order."""
    item: str = ""
    amount_fen: int = 0
    answer: str = ""
    """`Y` or `N`, to the question whether an order is meant."""
    is_known: bool = True


def understand(text: str) -> Command:
    """Give what a message asks for: CX, CZ fen, BL plan, MY, Y or N."""
    word, _, rest = text.strip().partition(" ")
    word, rest = word.upper(), rest.strip()
    if word == "CX" and not rest:
        return Command(Verb.QUERY, "")
    if word == "CZ" and rest.isascii() and rest.isdigit() and len(rest) <= len("50000"):
        return Command(Verb.ORDER, "recharge", VOUCHER, int(rest))
    if word == "BL" and rest:
        return Command(Verb.ORDER, "transact", rest.upper())
    if word == "MY" and not rest:
        return Command(Verb.ORDER, "roaming", ROAMING)
    if word in {"Y", "N"} and not rest:
        return Command(Verb.CONFIRM, "", answer=word)
    return Command(Verb.BROWSE, "", is_known=False)


# ── Post an answer to where its sender asked for it

_TRIES = 3
_TIMEOUT_S = 5.0
_PAUSE_S = 0.5
_URL_MAX = 512
_HTTP_PORT = 80
_STATUS_PARTS = 2


def check_callback(url: object, hosts: tuple[str, ...]) -> str | None:
    """Give a URL to which answers may be posted; None for none.

    Raises:
        RefusalError: it is no http URL of an allowed host.
    """
    if url is None:
        return None
    if not isinstance(url, str) or len(url) > _URL_MAX or any(c <= " " or c > "~" for c in url):
        raise api_error("bad_callback")
    try:
        parts = urlsplit(url)
        allowed = parts.scheme == "http" and parts.hostname in hosts and parts.port != 0
    except ValueError:
        allowed = False
    if not allowed:
        raise api_error("bad_callback")
    return url


async def post(url: str, data: dict[str, object]) -> bool:
    """Post JSON to a checked URL; give whether it was taken, at the third try at the latest."""
    for attempt in range(_TRIES):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_TIMEOUT_S):
                if await _post_once(urlsplit(url), json.dumps(data, ensure_ascii=False).encode()):
                    return True
    return False


async def _post_once(parts: SplitResult, body: bytes) -> bool:
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or _HTTP_PORT)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        words = (await reader.readline()).split()
        return len(words) >= _STATUS_PARTS and words[1].startswith(b"2")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


# ── Answers of the SMS channel: kept, waited for by long polls, or posted to a callback

_POLLS_MAX = 20_000
_CALLBACKS_AT_ONCE = 64


class Inbox:
    """Who waits for answers to which subscriber."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._polls: defaultdict[int, set[asyncio.Future[Reply | None]]] = defaultdict(set)
        self._last: dict[int, tuple[int | None, Reply]] = {}
        """Newest answer to a subscriber, behind the number of the one before it, where that is known."""
        self._waiting = 0
        self._is_stopping = False
        self._posts: set[asyncio.Task[None]] = set()
        self._turnstile = asyncio.Semaphore(_CALLBACKS_AT_ONCE)
        self.callbacks_failed = 0

    @contextmanager
    def poll(self, subscriber: int, seconds: float) -> "Iterator[asyncio.Future[Reply | None]]":
        """Give the next answer to a subscriber from now on, None after so many seconds.

        Raises:
            RefusalError: too many wait already.
        """
        if self._waiting >= _POLLS_MAX:
            raise api_error("throttled")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply | None] = loop.create_future()
        timer = loop.call_later(0 if self._is_stopping else seconds, _wake, future)
        polls = self._polls[subscriber]
        polls.add(future)
        self._waiting += 1
        try:
            yield future
        finally:
            timer.cancel()
            self._waiting -= 1
            polls.discard(future)
            if not polls:
                self._polls.pop(subscriber, None)

    def since(self, subscriber: int, n: int) -> list[Reply] | None:
        """Give the answers after number `n` if it is known without the ledger which they are."""
        before, reply = self._last.get(subscriber, (None, None))
        if reply is None:
            return None
        if n >= reply.n:
            return []
        return [reply] if before is not None and n >= before else None

    def deliver(self, subscriber: int, reply: Reply, callback: str | None = None) -> None:
        """Wake whoever waits for answers to this subscriber, and post the answer if it was asked for."""
        _, last = self._last.get(subscriber, (None, None))
        self._last[subscriber] = (last.n if last else None), reply
        for future in self._polls.get(subscriber, ()):
            _wake(future, reply)
        if callback is not None:
            task = asyncio.get_running_loop().create_task(self._post(callback, reply))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    def begin_stop(self) -> None:
        """Wake everybody, and let nobody wait any more."""
        self._is_stopping = True
        for polls in list(self._polls.values()):
            for future in polls:
                _wake(future)

    async def stop(self) -> None:
        """Wait for the answers that are being posted."""
        await asyncio.gather(*self._posts)

    async def _post(self, callback: str, reply: Reply) -> None:
        async with self._turnstile:
            if not await post(callback, reply.data()):
                self.callbacks_failed += 1


def _wake(future: "asyncio.Future[Reply | None]", reply: Reply | None = None) -> None:
    if not future.done():
        future.set_result(reply)


# ── The SMS channel: messages in, work behind the gateway, answers out

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
        self.gateway = MessageRateLimit(spec, asyncio.get_running_loop().time)
        self.inbox = Inbox()
        self._timers: set[asyncio.TimerHandle] = set()
        self._in_hand: set[asyncio.Future[Reply | None]] = set()
        self._subscribers: dict[str, int] = {}

    async def enter(self, _call: HttpRequest) -> ServiceTurn:
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

    async def subscriber(self, desk: ChannelHandler, msisdn: str) -> int:
        """Account of a telephone number, which never changes and is looked up once.

        Raises:
            RefusalError: there is none.
        """
        known = self._subscribers.get(msisdn)
        if known is None:
            known = await desk.store.read(partial(accounts.subscriber_of, msisdn=msisdn))
            self._subscribers[msisdn] = known
        return known

    def handle_in(self, seconds: float, desk: ChannelHandler, message: Message) -> None:
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

    async def remind(self, desk: ChannelHandler, subscriber: int) -> None:
        """Tell a subscriber that their session was ended; a full queue drops it, counted."""
        if self.gateway.enter() is None:
            self.gateway.dropped += 1
            return
        reply = await desk.store.write(
            partial(messages.answer, subscriber=subscriber, to_id=None, said=_REMINDER)
        )
        self.inbox.deliver(subscriber, reply)

    def _handle(self, desk: ChannelHandler, message: Message, command: Command, draw: DrawnFault) -> None:
        now_s = desk.settings.now_s()

        def write(handle: DatabaseConnection) -> Reply | None:
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
        if isinstance(error, ApiError):
            return  # the database is away: the message is taken up when it is back
        if error is not None:
            # It stays in the ledger as not handled: the next start takes it up again.
            _logger.error("message %d failed", message.id, exc_info=error)
            return
        reply = work.result()
        if reply is not None:
            self.inbox.deliver(message.subscriber, reply, message.callback)


async def send_message(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Take a message from a subscriber; the same id again is taken and not handled again."""
    room = _room(desk, call)
    client_id, text = call.text("id"), call.text("text", _TEXT_MAX)
    callback = check_callback(call.body.get("callback"), desk.settings.callback_hosts)
    subscriber = await room.subscriber(desk, call.text("msisdn"))
    seconds = room.gateway.enter()
    if seconds is None:
        raise api_error("message_rate")

    def write(handle: DatabaseConnection) -> Message | None:
        number = messages.accept(handle, subscriber, client_id, text, callback)
        return Message(number, subscriber, client_id, text, callback) if number is not None else None

    message = await desk.store.write(write)
    if message is not None:
        room.handle_in(seconds, desk, message)
    return 202, {"accepted": True}


async def show_answers(desk: ChannelHandler, call: HttpRequest) -> Answer:
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


def _room(desk: ChannelHandler, call: HttpRequest) -> MessageRoom:
    key = desk.settings.gateway_key
    if key is not None and not hmac.compare_digest(call.header(b"x-gateway-key").encode(), key.encode()):
        raise api_error("wrong_key")
    desk.refuse_outage()
    if not isinstance(desk.station, MessageRoom):
        raise api_error("not_found")
    return desk.station


def _said(work: partial[Said], draw: DrawnFault) -> Said:
    """Do the work unless a fault struck; a refusal is an answer like any other."""
    try:
        if draw.fault is not None:
            raise struck(draw.fault)
        return work()
    except ApiError as refused:
        return refused.status, refused.code, refused.detail


def _work(
    handle: DatabaseConnection, desk: ChannelHandler, message: Message, command: Command, now_s: float
) -> Said:
    if command.verb is Verb.QUERY:
        held = accounts.holder(handle, message.subscriber)
        return 200, "ok", f"余额 {held.balance_fen / 100:.2f} 元,套餐 {held.plan}。"
    if command.verb is Verb.CONFIRM:
        return _answered(handle, desk, message, command, now_s)
    if not command.is_known:
        raise api_error("unknown_command")
    if command.operation not in desk.channel.dialogues:
        raise api_error("not_offered")
    wish = orders.OrderRequest(
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


def _answered(
    handle: DatabaseConnection, desk: ChannelHandler, message: Message, command: Command, now_s: float
) -> Said:
    """Confirm or cancel the order that waits."""
    channel = desk.channel.name
    order = orders.last_pending(handle, message.subscriber, channel)
    if command.answer == "N":
        orders.cancel(handle, order)
        return 200, "ok", "业务已取消。"
    orders.confirm(handle, desk.rules, orders.wish_of(order, message.subscriber, channel), order, now_s)
    return 200, "ok", "业务已办理。"

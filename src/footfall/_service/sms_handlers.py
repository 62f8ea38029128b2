"""The SMS channel: incoming messages, work behind the gateway, replies by long poll or callback."""

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

from footfall._model.channel import Verb
from footfall._model.station_specs import MessageGateway
from footfall._service import ledger as accounts, ledger as messages, ledger as orders
from footfall._service.capacity_limits import MessageRateLimit
from footfall._service.channel_handler import ChannelHandler, fault_error
from footfall._service.database import DatabaseConnection
from footfall._service.fault_injection import ServiceDraw
from footfall._service.http_messages import ApiError, HttpRequest, HttpResponse, api_error
from footfall._service.ledger import Message, Reply
from footfall._service.settings import ROAMING, VOUCHER
from footfall._service.waiting_line import ServiceWindow, no_deadline

# ── Commands in messages, and the content of replies

_ReplyContent = tuple[int, str, str]
"""HTTP status, code and text of a reply."""


class Command(NamedTuple):
    """One parsed message."""

    verb: Verb
    operation: str
    """Empty unless it is an order."""
    item: str = ""
    amount_fen: int = 0
    answer: str = ""
    """`Y` or `N` in response to a request for confirmation."""
    is_known: bool = True


def parse_command(text: str) -> Command:
    """Parse a message: CX, CZ fen, BL plan, MY, Y or N."""
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


# ── Post a reply to the sender's callback URL

_TRIES = 3
_TIMEOUT_S = 5.0
_PAUSE_S = 0.5
_URL_MAX = 512
_HTTP_PORT = 80
_STATUS_PARTS = 2


def _check_callback(url: object, hosts: tuple[str, ...]) -> str | None:
    """Return the callback URL, None if there is none.

    Raises:
        ApiError: it is not an http URL of an allowed host.
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
    """Post JSON to a checked URL in up to three attempts; return whether it was accepted."""
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


# ── Replies of the SMS channel: stored, fetched by long polls, or posted to a callback

_POLLS_MAX = 20_000
_CALLBACKS_AT_ONCE = 64


class Inbox:
    """Long polls by subscriber, and the newest reply to each."""

    def __init__(self) -> None:
        """Start without polls."""
        self._polls: defaultdict[int, set[asyncio.Future[Reply | None]]] = defaultdict(set)
        self._last: dict[int, tuple[int | None, Reply]] = {}
        """Newest reply to a subscriber, with the number of the previous one if known."""
        self._waiting = 0
        self._is_stopping = False
        self._posts: set[asyncio.Task[None]] = set()
        self._post_slots = asyncio.Semaphore(_CALLBACKS_AT_ONCE)
        self.callbacks_failed = 0

    @contextmanager
    def poll(self, subscriber: int, seconds: float) -> "Iterator[asyncio.Future[Reply | None]]":
        """Provide the next reply to a subscriber, None after this many seconds.

        Raises:
            ApiError: too many polls are open.
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
        """Return the replies after number `n`; None if only the database knows them."""
        before, reply = self._last.get(subscriber, (None, None))
        if reply is None:
            return None
        if n >= reply.n:
            return []
        return [reply] if before is not None and n >= before else None

    def deliver(self, subscriber: int, reply: Reply, callback: str | None = None) -> None:
        """Wake the polls for this subscriber, and post the reply to its callback if there is one."""
        _, last = self._last.get(subscriber, (None, None))
        self._last[subscriber] = (last.n if last else None), reply
        for future in self._polls.get(subscriber, ()):
            _wake(future, reply)
        if callback is not None:
            task = asyncio.get_running_loop().create_task(self._post(callback, reply))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    def begin_stop(self) -> None:
        """End all polls and accept no new ones."""
        self._is_stopping = True
        for polls in list(self._polls.values()):
            for future in polls:
                _wake(future)

    async def stop(self) -> None:
        """Wait for the replies that are being posted."""
        await asyncio.gather(*self._posts)

    async def _post(self, callback: str, reply: Reply) -> None:
        async with self._post_slots:
            if not await post(callback, reply.data()):
                self.callbacks_failed += 1


def _wake(future: "asyncio.Future[Reply | None]", reply: Reply | None = None) -> None:
    if not future.done():
        future.set_result(reply)


# ── The SMS channel

_TEXT_MAX = 500
_WAIT_S_MAX = 30.0
_AT_ONCE_S = 0.0005
"""Half the resolution of the event loop's timers: shorter delays are skipped."""
_REMINDER: _ReplyContent = (200, "logout_reminder", "您未退出登录,系统已为您退出。")
_logger = logging.getLogger(__name__)


class MessageStation:
    """Capacity of the SMS channel, and the messages in transit."""

    def __init__(self, spec: MessageGateway) -> None:
        """Start without messages; needs the running event loop."""
        self.gateway = MessageRateLimit(spec, asyncio.get_running_loop().time)
        self.inbox = Inbox()
        self._timers: set[asyncio.TimerHandle] = set()
        self._in_progress: set[asyncio.Future[Reply | None]] = set()
        self._subscribers: dict[str, int] = {}

    async def enter(self, _request: HttpRequest) -> ServiceWindow:
        """Admit a request at once: messages wait behind the gateway, their senders do not."""
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Do nothing: no capacity is held."""

    def begin_stop(self) -> None:
        """End all polls; messages in transit stay in the database for the next start."""
        for timer in self._timers:
            timer.cancel()
        self.inbox.begin_stop()

    async def stop(self) -> None:
        """Finish work in progress."""
        await asyncio.gather(*self._in_progress, return_exceptions=True)
        await self.inbox.stop()

    async def subscriber(self, handler: ChannelHandler, msisdn: str) -> int:
        """Return the account of a telephone number, which never changes and is looked up once.

        Raises:
            ApiError: there is none.
        """
        known = self._subscribers.get(msisdn)
        if known is None:
            known = await handler.database.read(partial(accounts.subscriber_of, msisdn=msisdn))
            self._subscribers[msisdn] = known
        return known

    def handle_in(self, seconds: float, handler: ChannelHandler, message: Message) -> None:
        """Handle a message once it has passed the gateway and the systems behind it."""
        command = parse_command(message.text)
        draw = handler.injector.draw(command.verb)
        seconds += draw.service_s
        if seconds < _AT_ONCE_S:
            self._handle(handler, message, command, draw)
            return

        def start() -> None:
            self._timers.discard(timer)
            self._handle(handler, message, command, draw)

        timer = asyncio.get_running_loop().call_later(seconds, start)
        self._timers.add(timer)

    async def remind(self, handler: ChannelHandler, subscriber: int) -> None:
        """Notify a subscriber that their session was ended; dropped and counted if the queue is full."""
        if self.gateway.enter() is None:
            self.gateway.dropped += 1
            return
        reply = await handler.database.write(
            partial(messages.answer, subscriber=subscriber, to_id=None, content=_REMINDER)
        )
        self.inbox.deliver(subscriber, reply)

    def _handle(self, handler: ChannelHandler, message: Message, command: Command, draw: ServiceDraw) -> None:
        now_s = handler.settings.now_s()

        def write(connection: DatabaseConnection) -> Reply | None:
            if not messages.take(connection, message):
                return None
            content = _reply_content(partial(_work, connection, handler, message, command, now_s), draw)
            return messages.answer(connection, message.subscriber, message.client_id, content)

        work = handler.database.submit(write)
        self._in_progress.add(work)
        work.add_done_callback(partial(self._deliver, message))

    def _deliver(self, message: Message, work: "asyncio.Future[Reply | None]") -> None:
        self._in_progress.discard(work)
        error = work.exception()
        if isinstance(error, ApiError):
            return  # the database is unreachable: the message is handled once it is back
        if error is not None:
            # It stays in the database as unhandled: the next start retries it.
            _logger.error("message %d failed", message.id, exc_info=error)
            return
        reply = work.result()
        if reply is not None:
            self.inbox.deliver(message.subscriber, reply, message.callback)


async def send_message(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Accept a message from a subscriber; a repeated id is accepted but not handled again."""
    station = _message_station(handler, request)
    client_id, text = request.text("id"), request.text("text", _TEXT_MAX)
    callback = _check_callback(request.body.get("callback"), handler.settings.callback_hosts)
    subscriber = await station.subscriber(handler, request.text("msisdn"))
    seconds = station.gateway.enter()
    if seconds is None:
        raise api_error("message_rate")

    def write(connection: DatabaseConnection) -> Message | None:
        number = messages.accept(connection, subscriber, client_id, text, callback)
        return Message(number, subscriber, client_id, text, callback) if number is not None else None

    message = await handler.database.write(write)
    if message is not None:
        station.handle_in(seconds, handler, message)
    return 202, {"accepted": True}


async def show_answers(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show the replies to a number, waiting for the next one if there is none yet."""
    station = _message_station(handler, request)
    after = int(request.query_number("after", 0, 0, 2**53))
    wait_s = request.query_number("wait_s", 0, 0, _WAIT_S_MAX)
    subscriber = await station.subscriber(handler, request.parameters[0])
    found = station.inbox.since(subscriber, after)
    read = partial(messages.after, subscriber=subscriber, n=after)
    if not wait_s:
        found = await handler.database.read(read) if found is None else found
    elif not found:
        # Open the poll before reading the database, so that no reply is missed in between.
        with station.inbox.poll(subscriber, wait_s) as coming:
            found = await handler.database.read(read) if found is None else found
            if not found:
                reply = await coming
                found = [reply] if reply is not None else []
    return 200, {"answers": [reply.data() for reply in found]}


def _message_station(handler: ChannelHandler, request: HttpRequest) -> MessageStation:
    key = handler.settings.gateway_key
    if key is not None and not hmac.compare_digest(request.header(b"x-gateway-key").encode(), key.encode()):
        raise api_error("wrong_key")
    handler.check_outage()
    if not isinstance(handler.station, MessageStation):
        raise api_error("not_found")
    return handler.station


def _reply_content(work: partial[_ReplyContent], draw: ServiceDraw) -> _ReplyContent:
    """Do the work unless a fault was injected; an error becomes the reply."""
    try:
        if draw.fault is not None:
            raise fault_error(draw.fault)
        return work()
    except ApiError as error:
        return error.status, error.code, error.detail


def _work(
    connection: DatabaseConnection, handler: ChannelHandler, message: Message, command: Command, now_s: float
) -> _ReplyContent:
    if command.verb is Verb.QUERY:
        held = accounts.holder(connection, message.subscriber)
        return 200, "ok", f"余额 {held.balance_fen / 100:.2f} 元,套餐 {held.plan}。"
    if command.verb is Verb.CONFIRM:
        return _confirm_or_cancel(connection, handler, message, command, now_s)
    if not command.is_known:
        raise api_error("unknown_command")
    if command.operation not in handler.channel.dialogues:
        raise api_error("not_offered")
    order_request = orders.OrderRequest(
        subscriber=message.subscriber,
        channel=handler.channel.name,
        key=f"sms-{message.id}",
        operation=command.operation,
        item=command.item,
        amount_fen=orders.check(command.operation, command.item, command.amount_fen),
    )
    order = orders.place(connection, handler.rules, order_request, now_s)
    if order.state == orders.PENDING:
        return 202, "confirm", "请回复 Y 确认,回复 N 取消。"
    return 200, "ok", "业务已办理。"


def _confirm_or_cancel(
    connection: DatabaseConnection, handler: ChannelHandler, message: Message, command: Command, now_s: float
) -> _ReplyContent:
    """Confirm or cancel the pending order."""
    channel = handler.channel.name
    order = orders.last_pending(connection, message.subscriber, channel)
    if command.answer == "N":
        orders.cancel(connection, order)
        return 200, "ok", "业务已取消。"
    orders.confirm(
        connection, handler.rules, orders.request_of(order, message.subscriber, channel), order, now_s
    )
    return 200, "ok", "业务已办理。"

"""One customer's way to the host: requests of an errand out, answers in, within one time bound each."""

from dataclasses import dataclass, replace

from gevent.timeout import Timeout

from footfall.load.errands.answers import NO_ANSWER, Answer
from footfall.load.errands.body import BadBodyError, joined, json_answer, unpacked, whole_answer
from footfall.load.errands.wire import Request
from footfall.load.transport.client import Client
from footfall.load.transport.cookies import Cookies
from footfall.load.transport.problems import NoAnswerError
from footfall.load.transport.reply import ReplyReader

UNANSWERED = Answer(0, problem=NO_ANSWER)


@dataclass(slots=True)
class Exchange:
    """One request and what came of it."""

    answer: Answer = UNANSWERED
    reply: ReplyReader | None = None
    """As it came off the connection; None: no whole answer did."""
    connect_s: float = 0.0
    """What it took to open a connection for it, TLS included; 0: a kept one, or none."""
    sent_at: float | None = None
    """`perf_counter` when its last byte was handed to the system; None: it never was."""


class Session:
    """The connections and cookies of one customer."""

    __slots__ = ("_client", "_cookies", "_kept")

    def __init__(self, client: Client) -> None:
        """Connect to nobody yet."""
        self._client = client
        self._kept = client.pool()
        self._cookies = Cookies(client.address)

    def exchange(self, request: Request, so_far: Exchange | None = None) -> Exchange:
        """Send a request and read its answer to the end; no answer is an answer with a problem.

        `request.timeout_s` bounds the whole: connecting, sending, and the last byte of the answer. Where
        something else ends it, `so_far` holds what was known by then.
        """
        done = so_far or Exchange()

        def note_sent(connect_s: float, sent_at: float) -> None:
            done.connect_s, done.sent_at = connect_s, sent_at

        if (
            request.keeps_cookies
            and not _names(request, "cookie")
            and (cookie := self._cookies.header(request.target))
        ):
            request = replace(request, headers={**request.headers, "Cookie": cookie})
        timeout = Timeout.start_new(request.timeout_s)
        try:
            done.reply = self._client.ask(request, self._kept, note_sent)
        except NoAnswerError as error:
            done.answer = Answer(error.status, problem=error.cause)
        except Timeout as passed:
            if passed is not timeout:
                raise
        finally:
            timeout.close()
        if done.reply is not None:
            done.answer = self._read(request, done.reply)
        return done

    def close(self) -> None:
        """Close the customer's own connections."""
        while self._kept and not self._client.is_shared:
            self._kept.pop().close()

    def _read(self, request: Request, reply: ReplyReader) -> Answer:
        if request.keeps_cookies:
            self._cookies.keep(request.target, reply.headers)
        try:
            return answer_of(request, reply)
        except BadBodyError as error:
            return Answer(reply.status, problem=str(error))


_CODING = b"content-encoding"


def answer_of(request: Request, reply: ReplyReader) -> Answer:
    """Give what an answer says, as the request wants to know it: JSON alone, or text and headers, too.

    Raises:
        BadBodyError: the body cannot be unpacked.
    """
    wanted = (
        reply.headers
        if request.keeps_text
        else [each for each in reply.headers if each[0].lower() == _CODING]
    )
    headers = joined(wanted) if wanted else {}
    body = unpacked(reply.body, headers.get("content-encoding", ""), request.answer_bytes_most)
    return (
        whole_answer(reply.status, body, headers) if request.keeps_text else json_answer(reply.status, body)
    )


def _names(request: Request, header: str) -> bool:
    return any(name.lower() == header for name in request.headers)

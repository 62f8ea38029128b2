"""The body of an answer, read from its connection only as far as a limit says."""

from time import perf_counter

from gevent.timeout import Timeout
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, ResponseContextManager

from footfall.load.errands.answers import CONNECTION_LOST, NO_ANSWER, Answer
from footfall.load.errands.body import limited_answer


def read_limited(response: ResponseContextManager, bytes_most: int) -> Answer:
    """Read a body of which only the head has come; text, headers and JSON are kept.

    Locust's own time for the request is moved to the end of the body.
    """
    began_s = perf_counter()
    try:
        raw = response.stream.read(bytes_most + 1)
    except Timeout:
        return Answer(0, problem=NO_ANSWER)
    except FAILURE_EXCEPTIONS:
        return Answer(0, problem=CONNECTION_LOST)
    finally:
        # What was not read to its end is closed, the rest goes back for the customer's next request.
        response.stream.release()
        response.request_meta["response_time"] += (perf_counter() - began_s) * 1000
    response.request_meta["response_length"] = len(raw)
    headers = dict(response.headers.items() if response.headers else ())
    return limited_answer(response.status_code, raw, headers, bytes_most)

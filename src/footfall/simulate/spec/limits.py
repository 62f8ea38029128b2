"""What a request server does to requests beside serving them: limits their rate, and stalls."""

from typing import Literal, Self

from pydantic import model_validator

from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.number import Count, NonNegative, Positive, assumed


class RateLimit(Spec):
    """A rate that requests may not exceed for long: a leaky bucket, the same as a token bucket.

    The bucket leaks `requests_per_s`; a request adds 1 to it, and one that would make it more than
    `burst` + 1 is refused (`throttled`, cause `rate_limit`; HTTP 429). So at most `requests_per_s` t +
    `burst` + 1 requests are admitted in any t seconds (Turner 1986; nginx's `limit_req` with this rate and
    burst; a token bucket of `burst` + 1 tokens). It counts all clients of the channel together.
    """

    requests_per_s: NonNegative = assumed(0, "no rate limit unless set")
    """0: no limit."""
    burst: Count = assumed(0, "no burst unless set; counts with a rate limit only")
    """Requests that may come at once beyond the one that the rate has room for."""
    excess: Literal["at_once", "delayed"] = "at_once"
    """Of the requests within the burst: served `at_once` (nginx's `nodelay`, a token bucket), or `delayed`
    until the rate has room for them (nginx's standard; a queue of `burst` places)."""


class Stalls(Spec):
    """Times in which the whole server stands still, as in a full garbage collection or a failover.

    Requests in work go on afterwards where they were, none begins, and those that come wait. On average a
    stall begins every `every_s`, so the server works for 1 - `length_s`/`every_s` of the time.
    """

    length_s: NonNegative = assumed(0, "no stalls unless set")
    """How long each lasts; 0: there are none."""
    every_s: Positive = assumed(60, "counts with stalls only")
    """From the beginning of one to the beginning of the next, in the mean."""
    spacing: Literal["periodic", "random"] = "periodic"
    """Exactly `every_s` apart; or with exponential times between them, of mean `every_s` - `length_s`."""
    first_s: NonNegative | None = None
    """Second of the run at which the first begins; None: anywhere, as if it had been running for long."""

    @model_validator(mode="after")
    def _has_time_to_work(self) -> Self:
        if self.length_s >= self.every_s:
            msg = f"length_s of the stalls below every_s = {self.every_s:g}, not {self.length_s:g}"
            raise ValueError(msg)
        return self

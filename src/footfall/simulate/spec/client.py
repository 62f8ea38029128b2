"""How the clients of a request server guard themselves and it: they try again, or leave it alone."""

from typing import Annotated

from annotated_types import Le

from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.number import Count, CountFromOne, NonNegative, Positive, Share, assumed

RETRIES_MOST = 100
"""More would be no policy."""


class Retry(Spec):
    """A request that failed is sent again, within the same visit and unseen by the customer.

    The pause before retry k is min(backoff_s * 2^(k-1), backoff_s_most), shortened by a random part of
    up to `jitter_share` of it (Brooker 2015; 1 is his full jitter). The budget is a token bucket
    (Finagle's RetryBudget 2016): a request puts `retry_budget_share` of a token in, a retry takes one out.
    """

    retries_most: Annotated[Count, Le(RETRIES_MOST)] = assumed(0, "no retries unless set")
    """Retries of one request; 0: none."""
    backoff_s: NonNegative = assumed(0.1, "usual; counts with retries only")
    """Pause before the first retry; each further one is twice as long."""
    backoff_s_most: NonNegative = assumed(2, "usual; counts with retries only")
    jitter_share: Share = assumed(1, "full jitter; counts with retries only")
    retry_budget_share: NonNegative = assumed(0, "no budget unless set")
    """Retries of all clients together, by their requests; 0: as many as each may make."""
    retry_budget_burst: CountFromOne = assumed(10, "what the bucket holds, full at the start")


class CircuitBreaker(Spec):
    """Clients stop asking a server that fails too often, and try it again later (Nygard 2007, chapter 5).

    Closed: requests pass. Once `failure_share` of the requests answered within `window_s` have failed,
    it is open: for `open_s` all fail at once, without reaching the server. Then it is half open: `probes`
    requests pass; if all succeed it closes, if one fails it opens again. The standard values are Hystrix's.
    """

    failure_share: Share = assumed(0, "no breaker unless set")
    """0: no breaker."""
    window_s: Positive = assumed(10, "Hystrix's; counts with a breaker only")
    requests_least: CountFromOne = assumed(20, "Hystrix's; counts with a breaker only")
    """Requests answered within the window before the share means anything."""
    open_s: Positive = assumed(5, "Hystrix's; counts with a breaker only")
    probes: CountFromOne = assumed(1, "Hystrix's; counts with a breaker only")

"""Sixty requests a second and a burst of ten, 429 beyond: nginx's `limit_req` with `nodelay`."""

import footfall as ff
from footfall import assumed
from models.services import ARRIVALS, PATIENCE

MODEL = ff.Model(
    "rate_limit",
    "Sixty requests a second, a burst of ten",
    arrivals=ARRIVALS,
    channels=ff.Channel(
        "station",
        ff.RequestServer(
            assumed(10**6, "the upstream is never short of slots"),
            accept_queue=assumed(0, "no request waits"),
            deadline=PATIENCE,
            rate_limit=assumed(
                ff.RateLimit(requests_per_s=60, burst=10), "limit_req rate=60r/s, burst=10 nodelay"
            ),
        ),
        service=assumed(ff.exponential("25ms"), "mean work of a request"),
    ),
)

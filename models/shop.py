"""A shop: two clerks at the counter from 9 to 17 h, and a phone line of three agents. People choose."""

import footfall as ff
from footfall import minutes

counter = ff.Channel(
    "counter",
    ff.Counters(2, patience=minutes(15)),
    opening="9-17",
    access=minutes(20),
    service=ff.exponential(minutes(5)),
)
phone = ff.Channel(
    "phone",
    ff.CallCentre(3, talk=ff.lognormal(minutes(4), cv=0.8), patience=ff.exponential(minutes(2))),
    access=minutes(1),
)

MODEL = ff.Model(
    "shop",
    "A shop with a counter and a phone line",
    arrivals=ff.per_hour({8: 20, 10: 45, 13: 30, 17: 15, 20: 0}),
    channels=[counter, phone],
    taste=ff.Taste(per_access_min=-0.02),
    retries=ff.RetryPolicy(2, {"abandoned": ff.AfterFailure(0.4, 0.3, minutes(10))}),
)

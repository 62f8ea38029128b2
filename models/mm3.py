"""M/M/3: 20 customers an hour, 6 minutes each, 3 clerks. Erlang C gives a mean wait of 2 min 40 s."""

import footfall as ff

MODEL = ff.Model(
    "mm3",
    "One hall, three clerks (M/M/3)",
    arrivals=ff.per_hour(20),
    channels=ff.Channel("hall", ff.Counters(3), service=ff.exponential(ff.minutes(6))),
)

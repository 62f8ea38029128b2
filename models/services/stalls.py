"""Eight slots in a process that stands still for 2 s in every 20 s, as in a full garbage collection."""

import footfall as ff
from footfall import assumed
from models.services import ARRIVALS, PATIENCE

MODEL = ff.Model(
    "stalls",
    "Eight slots that stand still 2 s in every 20 s",
    arrivals=ARRIVALS,
    channels=ff.Channel(
        "station",
        ff.RequestServer(
            assumed(8, "a semaphore of 8"),
            accept_queue=assumed(4096, "the listen backlog"),
            deadline=PATIENCE,
            stalls=assumed(ff.Stalls(length_s=2, every_s=20), "a full collection; from start to start"),
        ),
        service=assumed(ff.gamma("40ms", cv=0.5), "mean work of a request, and its variation"),
    ),
)

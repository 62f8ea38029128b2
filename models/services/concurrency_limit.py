"""Seven requests at once and no queue, 503 beyond: uvicorn with a limit of eight connections."""

import footfall as ff
from footfall import assumed
from models.services import ARRIVALS, PATIENCE

MODEL = ff.Model(
    "concurrency_limit",
    "Seven requests at once, no queue",
    arrivals=ARRIVALS,
    channels=ff.Channel(
        "station",
        ff.RequestServer(
            assumed(7, "uvicorn --limit-concurrency 8 counts the connection at hand"),
            accept_queue=assumed(0, "the eighth is refused"),
            deadline=PATIENCE,
        ),
        service=assumed(ff.lognormal("50ms", cv=0.5), "mean work of a request, and its variation"),
    ),
)

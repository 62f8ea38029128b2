"""Three workers, each serving one request at a time, and one queue in the kernel: gunicorn's sync workers."""

import footfall as ff
from footfall import assumed
from models.services import ARRIVALS, PATIENCE

MODEL = ff.Model(
    "worker_pool",
    "Three workers before one accept queue",
    arrivals=ARRIVALS,
    channels=ff.Channel(
        "station",
        ff.RequestServer(
            assumed(3, "gunicorn -w 3 -k sync"),
            accept_queue=assumed(2048, "gunicorn --backlog 2048"),
            deadline=PATIENCE,
        ),
        service=assumed(ff.lognormal("40ms", cv=1), "mean work of a request, and its variation"),
    ),
)

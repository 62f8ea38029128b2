"""Seven requests at once and no queue, 503 beyond: uvicorn with a limit of eight connections."""

from footfall._model.durations import lognormal_s
from footfall._model.numbers import assumed as c
from footfall._model.station_specs import RequestServer
from models.services import PATIENT, service_model

MODEL = service_model(
    ("concurrency_limit", "Seven requests at once, no queue"),
    RequestServer(
        slots=c(7, "uvicorn --limit-concurrency 8 counts the connection at hand"),
        accept_queue=c(0, "the eighth is refused"),
        deadline_s=PATIENT,
    ),
    lognormal_s(c(0.05, "mean work of a request"), c(0.5, "its variation")),
)

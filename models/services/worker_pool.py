"""Three workers, each serving one request at a time, and one queue in the kernel: gunicorn's sync workers."""

from footfall._model.durations import lognormal_s
from footfall._model.numbers import assumed as c
from footfall._model.station_specs import RequestServer
from models.services import PATIENT, service_model

MODEL = service_model(
    ("worker_pool", "Three workers before one accept queue"),
    RequestServer(
        slots=c(3, "gunicorn -w 3 -k sync"),
        accept_queue=c(2048, "gunicorn --backlog 2048"),
        deadline_s=PATIENT,
    ),
    lognormal_s(c(0.04, "mean work of a request"), c(1, "its variation")),
)

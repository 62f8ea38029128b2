"""Sixty requests a second and a burst of ten, 429 beyond: nginx's `limit_req` with `nodelay`."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import assumed as c
from footfall._model.station_specs import RateLimit, RequestServer
from models.services import PATIENT, service_model

MODEL = service_model(
    ("rate_limit", "Sixty requests a second, a burst of ten"),
    RequestServer(
        slots=c(10**6, "the upstream is never short of slots"),
        accept_queue=c(0, "nobody waits"),
        deadline_s=PATIENT,
        rate_limit=RateLimit(requests_per_s=c(60, "limit_req rate=60r/s"), burst=c(10, "burst=10 nodelay")),
    ),
    exponential_s(c(0.025, "mean work of a request")),
)

"""Eight slots in a process that stands still for 2 s in every 20 s, as in a full garbage collection."""

from footfall._model.durations import DistributionFamily, Duration
from footfall._model.numbers import assumed as c
from footfall._model.station_specs import RequestServer, Stalls
from models.services import PATIENT, service_model

MODEL = service_model(
    ("stalls", "Eight slots that stand still 2 s in every 20 s"),
    RequestServer(
        slots=c(8, "a semaphore of 8"),
        accept_queue=c(4096, "the listen backlog"),
        deadline_s=PATIENT,
        stalls=Stalls(length_s=c(2, "a full collection"), every_s=c(20, "from start to start")),
    ),
    Duration(
        law=DistributionFamily.GAMMA, mean_s=c(0.04, "mean work of a request"), cv=c(0.5, "its variation")
    ),
)

"""ContactCenters' M/M/12 day, callers who hang up after a minute on average."""

from footfall._model.durations import exponential_s
from footfall._model.numbers import assumed, public
from studies.one_station import PLAIN
from studies.validation.call_figures import abandoned_after, ended, ratio, waited_less
from studies.validation.checks import Figure
from studies.validation.published.hotline.mmc import DAYS_PRINTED, TARGET_S, common, model, source

SOURCE = source("MMCAb.res")
DAYS = 80

MODEL = model(
    "mmc_day_impatient",
    "ContactCenters' day of M/M/12, with patience",
    assumed(10_000, PLAIN),
    exponential_s(public(60, "ContactCenters MMCAb.java: 1 / NU = 1 minute")),
)

FIGURES = (
    Figure("calls abandoned a day", "calls", 58.609, 15.295, DAYS_PRINTED, ratio(ended("abandoned"))),
    *common((1906.008, 35.828), (0.975, 0.0079), (0.024, 0.0060), (0.675, 0.019)),
    Figure(
        "service level: within 20 s, of those served or gone after 20 s",
        "",
        0.968,
        0.0099,
        DAYS_PRINTED,
        ratio(waited_less(TARGET_S, served=True), ended("served") + abandoned_after(TARGET_S)),
    ),
)

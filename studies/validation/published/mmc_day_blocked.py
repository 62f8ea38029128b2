"""ContactCenters' M/M/12 day with room for five callers to wait."""

from footfall._model.numbers import public
from studies.one_station import FOR_EVER
from studies.validation.call_figures import ended, ratio, waited_less
from studies.validation.checks import Figure
from studies.validation.published.hotline.mmc import AGENTS, DAYS_PRINTED, TARGET_S, common, model, source

SOURCE = source("MMCBlocked.res")
DAYS = 80

MODEL = model(
    "mmc_day_blocked",
    "ContactCenters' day of M/M/12/17",
    public(AGENTS + 5, "ContactCenters MMCBlocked.java: QUEUECAPACITY = 5 beside 12 agents"),
    FOR_EVER,
)

FIGURES = (
    Figure("calls blocked a day", "calls", 18.655, 9.831, DAYS_PRINTED, ratio(ended("blocked"))),
    *common((1854.284, 42.176), (0.929, 0.019), (0.060, 0.016), (0.689, 0.021)),
    Figure(
        "service level: within 20 s, of those served or blocked",
        "",
        0.920,
        0.022,
        DAYS_PRINTED,
        ratio(waited_less(TARGET_S, served=True), ended("served") + ended("blocked")),
    ),
)

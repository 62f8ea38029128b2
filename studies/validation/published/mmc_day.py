"""ContactCenters' M/M/12 day, callers who wait for ever."""

from footfall._model.numbers import assumed
from studies.one_station import FOR_EVER, PLAIN
from studies.validation.published.hotline.mmc import common, model, source

SOURCE = source("MMC.res")
DAYS = 80

MODEL = model("mmc_day", "ContactCenters' day of M/M/12", assumed(10_000, PLAIN), FOR_EVER)

FIGURES = common((1816.158, 57.043), (0.902, 0.033), (0.099, 0.045), (0.695, 0.023))

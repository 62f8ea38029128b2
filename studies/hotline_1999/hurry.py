"""Calibrate how agents hurry: services are shorter while many wait (Delasay, Ingolfsson and Kolfal 2016)."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from studies.hotline_1999.classes import kinds_with_floods, part_of_day
from studies.hotline_1999.inputs import month_inputs
from studies.hotline_1999.records import SERVICE_S_MOST, RecordedDay
from studies.hotline_1999.spec import Hotline
from studies.hotline_1999.waiting import waiting_of


def hurry_of(hotline: Hotline, days: Sequence[RecordedDay]) -> tuple[float, ...]:
    """Give services over what the agent, the kind and the part of the day make usual, by who still waits.

    The classes begin at `hotline.hurry_from`; the number waiting is that when the service begins.
    """
    inputs = month_inputs(hotline, days)
    own, usual = np.zeros((2, len(hotline.hurry_from) + 1))
    for day, kinds in zip(days, kinds_with_floods(hotline.flood, days), strict=True):
        queue = waiting_of(day)
        for n, agent in enumerate(day.agents):
            seconds = day.service_s[n]
            if not agent or kinds[n] in hotline.not_measured or not 0 <= seconds <= SERVICE_S_MOST:
                continue
            services = inputs.services_of(kinds[n], part_of_day(hotline, day.arrived_s[n]))
            waiting = queue.at(float(day.arrived_s[n] + day.waited_s[n]))
            place = bisect_right(hotline.hurry_from, waiting)
            own[place] += seconds
            usual[place] += float(services[services >= 0].mean()) * inputs.paces[agent]
    return tuple(round(float(factor), 3) for factor in own / np.maximum(usual, 1e-9))

"""Whether a service answered faster at a higher load: then it did not do the same work at both."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import mannwhitneyu

from footfall._calibrate.request_log import Floats
from footfall._capacity.load_steps import PlayedStep

_VISITS_LEAST = 20
_TIMES = 2.0
_P_MOST = 1e-5
_APART_S = 0.005
"""A machine at rest takes milliseconds to wake up: a service may be so much faster when it is busy."""
_HIGHER = 1.2


def faster_under_load(steps: Sequence[PlayedStep]) -> tuple[PlayedStep, PlayedStep] | None:
    """Return a step and a later one at a higher load in which the same operation was served much faster.

    More load makes no queue shorter. So the service was still warming up in the earlier step, answers from a
    cache in the later one, or sends something else than the work when it is busy, such as an error page with
    status 200. Much faster: three quarters of the visits served in the earlier step took more than twice the
    median of the later one, by 5 ms or more, and a rank test is sure that it is no chance (H. B. Mann and
    D. R. Whitney 1947).

    Args:
        steps: valid steps in the order played, without those in which the service was recovering.
    """
    for place, earlier in enumerate(steps):
        for later in steps[place + 1 :]:
            if later.sent_per_s < _HIGHER * earlier.sent_per_s:
                continue
            before, after = dict(_served_s(earlier)), dict(_served_s(later))
            for operation in before.keys() & after.keys():
                lower_quartile_s = float(np.quantile(before[operation], 0.25))
                median_s = float(np.median(after[operation]))
                if (
                    lower_quartile_s > max(_TIMES * median_s, median_s + _APART_S)
                    and mannwhitneyu(before[operation], after[operation], method="asymptotic").pvalue
                    <= _P_MOST
                ):
                    return earlier, later
    return None


def _served_s(step: PlayedStep) -> Iterator[tuple[tuple[str, str], Floats]]:
    visits = step.visits
    for channel, operation in set(zip(visits.channel.tolist(), visits.operation.tolist(), strict=True)):
        among = visits.is_success & (visits.channel == channel) & (visits.operation == operation)
        if among.sum() >= _VISITS_LEAST:
            yield (channel, operation), visits.response_s[among]

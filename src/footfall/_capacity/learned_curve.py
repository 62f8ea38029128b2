"""What the learned stations do at rates around their knee: the prediction in the chart of a search."""

import numpy as np

from footfall._capacity.capacity_found import CurvePoint, RateEstimate
from footfall._capacity.service_model import ServiceModel

SHARES = (0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97, 1.02, 1.08, 1.2, 1.4)
"""Of the knee: the rates of the curve."""
_ARRIVALS = 4000


def learned_curve(model: ServiceModel, knee: RateEstimate) -> tuple[CurvePoint, ...]:
    """Simulate the best stations at rates around their knee."""
    rates = knee.value * np.array(SHARES)
    samples = [one for one in model.samples(model.best(2), np.tile(rates, (2, 1)), _ARRIVALS) if not one.step]
    present = np.concatenate([one.is_present for one in samples])
    success = np.concatenate([one.is_success for one in samples]) & present
    times_s = np.concatenate([one.response_s for one in samples])
    points = []
    for number, rate in enumerate(rates):
        columns = [number, number + len(rates)]
        served = times_s[:, columns][success[:, columns]]
        share = float(success[:, columns].sum() / max(present[:, columns].sum(), 1))
        p50_s, p95_s, p99_s = (
            (float(each) for each in np.quantile(served, (0.5, 0.95, 0.99)))
            if len(served)
            else (None, None, None)
        )
        points.append(
            CurvePoint(
                offered_per_s=float(rate),
                throughput_per_s=min(share * float(rate), model.rate_most_per_s()),
                success_share=share,
                p50_s=p50_s,
                p95_s=p95_s,
                p99_s=p99_s,
            )
        )
    return tuple(points)

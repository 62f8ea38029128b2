"""A reference service whose numbers are drawn at random by seed; its knee, by the simulated day."""

from dataclasses import dataclass, replace
from math import exp, inf, log

import numpy as np
import polars as pl
from scipy import optimize

from footfall._model.channel import Channel, Fault, Step, Work
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.model import Model
from footfall._model.population import Accounts
from footfall._model.station_specs import RequestServer
from footfall._model.units import per_second
from footfall._records.rows import Outcome
from footfall._records.tables import ARRIVALS
from footfall._simulate.day import Replay, predictions

CHANNEL, OPERATION, VERB = "web", "look", "browse"
SLOTS_MOST = 24
PLATEAU_PER_S = (25.0, 150.0)
"""What the slots can work off lies between these."""
FAMILIES = ("constant", "exponential", "gamma", "lognormal", "uniform", "weibull")
FAULTS = (("database_down", "error"), ("stale_data", "rejected"))
"""Cause and outcome of the faults that a service may have."""
_WARM_UP = 4_000
_STREAMS, _ARRIVALS = 3, 44_000
_KNEE_TOLERANCE = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenService:
    """The numbers of one service, and what is asked of it."""

    number: int
    slots: int
    family: str
    mean_s: float
    cv: float
    accept_queue: float
    """Requests that may wait; `inf`: any number."""
    deadline_s: float
    fault_shares: tuple[float, ...]
    """Of `FAULTS`, in their order."""
    success_share_least: float
    p95_s_most: float

    @property
    def plateau_per_s(self) -> float:
        """Requests per second that the slots work off when all are busy."""
        return self.slots / self.mean_s

    @property
    def criteria(self) -> tuple[str, str]:
        """What must hold at the knee."""
        return (
            f"success(*) >= {100 * self.success_share_least:.1f}%",
            f"p95(*) < {1000 * self.p95_s_most:.0f}ms",
        )

    def model(self) -> Model:
        """Return the service as a model of one channel whose visits are one request each."""
        faults = tuple(
            Fault(cause, "service", outcome, share)
            for (cause, outcome), share in zip(FAULTS, self.fault_shares, strict=True)
            if share
        )
        station = RequestServer(self.slots, accept_queue=self.accept_queue, deadline_s=self.deadline_s)
        channel = Channel(
            CHANNEL,
            station,
            works={VERB: Work(_time_of(self), faults)},
            dialogues={OPERATION: Step(VERB)},
        )
        name, title = "hidden", "A service of hidden numbers"
        return Model(
            name,
            title,
            arrivals=per_second(1),
            wants={OPERATION: 1},
            channels=[channel],
            accounts=Accounts(subscribers=1000),
        )


def hidden_service(number: int) -> HiddenService:
    """Draw the service of a number: each has its own seed."""
    rng = np.random.default_rng([20, number])
    slots = int(rng.integers(1, SLOTS_MOST + 1))
    plateau = exp(rng.uniform(log(PLATEAU_PER_S[0]), log(PLATEAU_PER_S[1])))
    family = str(rng.choice(FAMILIES))
    cv = float(rng.uniform(0.2, 0.55) if family == "uniform" else rng.uniform(0.3, 1.3))
    cv = {"constant": 0.0, "exponential": 1.0}.get(family, cv)
    mean_s = float(np.clip(slots / plateau, 0.015, 0.4))
    queue = [inf, round(slots * rng.uniform(0.5, 1.5)) + 1, round(slots * rng.uniform(4, 12)) + 8]
    deadline = [inf, mean_s * float(rng.uniform(10, 25))]
    drawn = HiddenService(
        number=number,
        slots=slots,
        family=family,
        mean_s=mean_s,
        cv=cv,
        accept_queue=float(queue[int(rng.integers(3))]),
        deadline_s=float(deadline[int(rng.integers(2))]),
        fault_shares=tuple(float(share) for share in rng.choice([0.0, 1.0], 2) * rng.uniform(0.003, 0.02, 2)),
        success_share_least=0.0,
        p95_s_most=0.0,
    )
    return _with_criteria(drawn, rng)


def _with_criteria(drawn: HiddenService, rng: np.random.Generator) -> HiddenService:
    """Ask for what the service can do at low load: its own faults and a margin; some times its own p95."""
    time = _time_of(drawn)
    works_s = np.array([time.at(u) for u in (np.arange(2000) + 0.5) / 2000])
    failing = 1 - (1 - sum(drawn.fault_shares)) * float((works_s <= drawn.deadline_s).mean())
    least = round(1 - failing - float(rng.uniform(0.008, 0.02)), 3)
    limit_s = float(np.quantile(works_s, 0.95)) * float(rng.uniform(1.6, 4.0))
    return replace(drawn, success_share_least=least, p95_s_most=round(limit_s, 3))


def _time_of(one: HiddenService) -> Duration:
    law = DistributionFamily(one.family)
    if law in {DistributionFamily.CONSTANT, DistributionFamily.EXPONENTIAL}:
        return Duration(law=law, mean_s=one.mean_s)
    return Duration(law=law, mean_s=one.mean_s, cv=one.cv)


# ── The truth


def knee_per_s(service: HiddenService) -> float:
    """Return the highest arrival rate at which both criteria hold in the long run, by the simulated day.

    The same customers come at every rate, faster or slower, so what is looked for changes smoothly with it.
    Time on the way is left out: the 1 to 2 ms of this machine are less than 1 % of every limit.
    """
    model = service.model()

    def excess(log_rate: float) -> float:
        return _excess(service, model, exp(log_rate))

    low, high = log(0.2 * service.plateau_per_s), log(1.3 * service.plateau_per_s)
    return exp(optimize.brentq(excess, low, high, xtol=_KNEE_TOLERANCE))


def _excess(service: HiddenService, model: Model, rate_per_s: float) -> float:
    """Return the logarithm of the worse criterion's share of bad visits over that allowed; 0 at the knee."""
    failed = slow = counted = 0
    for stream in range(_STREAMS):
        visits = visits_at(model, rate_per_s, _ARRIVALS, stream)[_WARM_UP:]
        counted += visits.height
        failed += int((visits["outcome"] != Outcome.SERVED.value).sum())
        slow += int((visits["ended_s"] - visits["due_s"] > service.p95_s_most).sum())
    shares = (failed / (1 - service.success_share_least), slow / 0.05)
    return log(max(*shares, 0.5) / counted)


def visits_at(model: Model, rate_per_s: float, arrivals: int, stream: int) -> pl.DataFrame:
    """Simulate so many Poisson arrivals from idle; gives their visits in the order in which they were due."""
    gaps = np.random.default_rng([stream, arrivals]).standard_exponential(arrivals)
    due_s = np.cumsum(gaps) / rate_per_s
    number = np.arange(arrivals)
    columns = {
        "arrival": number,
        "due_s": due_s,
        "at_s": due_s,
        "customer": number,
        "subscriber": np.zeros(arrivals, np.int64),
        "segment": pl.repeat(model.segments[0].name, arrivals, eager=True),
        "channel": pl.repeat(CHANNEL, arrivals, eager=True),
        "operation": pl.repeat(OPERATION, arrivals, eager=True),
    }
    table = pl.DataFrame({name: columns[name] for name in ARRIVALS}, schema_overrides=dict(ARRIVALS))
    replay = Replay(table, stream, 0, float(due_s[-1]))
    return next(predictions(model, replay, range(stream, stream + 1))).sort("due_s")

"""The figures of a load that a calibration predicts, by what was learned: stations, a closed loop, cores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from footfall._calibrate.calibration import (
    Calibration,
    LearnedCores,
    LearnedLoop,
    LearnedStations,
    LearnedUtilisation,
)
from footfall._calibrate.closed_loop import PredictedFigure
from footfall._calibrate.load_figures import ALL_CHANNELS
from footfall._calibrate.load_prediction import (
    CauseForecast,
    FigureForecast,
    FiguresOf,
    KneeForecast,
    PredictedLoad,
    drawn_rows,
    forecasts,
)
from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_prediction import RequestLoad, simulate_load
from footfall._criteria.objects import Criterion
from footfall._records.errors import BadInputError, share_of
from footfall._runs.content import model_in
from footfall._runs.judgement import parsed
from footfall._runs.make_trace import chosen_scenario
from footfall._runs.messages import Messages
from footfall._runs.predicted_knee import predicted_knee
from footfall._runs.predicted_stations import (
    CalibratedService,
    VisitLoad,
    calibrated_service,
    simulate_visits,
)
from footfall._runs.run_options import TraceOptions
from footfall._runs.unknown_numbers import depends_on
from footfall._workload.held_back import HeldBack
from footfall._workload.scenario import Scenario
from footfall._workload.trace import Trace

MODEL_FILE = "model.toml"
LENGTH_S = 60.0
"""Length of a run at a rate, unless another is asked for."""
REQUESTS_MOST = 3_000_000
USERS_LENGTH_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictOptions:
    """What is predicted, and where the result goes."""

    model: Path
    """The folder of a calibration, or a file in it."""
    rates: tuple[str, ...] = ()
    """Arrivals per second, as `60`; or of a channel or class, as `web=40`."""
    length_s: float | None = None
    exact: bool = False
    """The number of arrivals is that of the rate; otherwise a Poisson process gives it."""
    scenario: Scenario | Path | str | None = None
    options: TraceOptions = field(default_factory=TraceOptions)
    outages: tuple[str, ...] = ()
    """Each as `web=0.25-0.75`: the shares of the run at which a channel fails and works again."""
    held_back: HeldBack | None = None
    """Arrivals that come later than they were due."""
    users: int | None = None
    think_s: float | None = None
    knee: bool = False
    criteria: tuple[str | Criterion, ...] = ()
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """Everything that is predicted, before it is written."""

    of: FiguresOf
    load: PredictedLoad
    figures: tuple[FigureForecast, ...]
    causes: tuple[CauseForecast, ...] = ()
    knee: KneeForecast | None = None
    depends_on: tuple[str, ...] = ()
    draws: tuple[tuple[float, ...], ...] = ()


def predicted(asked: PredictOptions, calibration: Calibration, messages: Messages) -> Predicted:
    """Predict the load that is asked for.

    Raises:
        BadInputError: the load does not fit what was learned.
    """
    learned = calibration.learned
    _check_asked(asked, learned.kind)
    if isinstance(learned, LearnedStations):
        return _of_stations(asked, calibration, learned, messages)
    if isinstance(learned, LearnedLoop):
        return _of_loop(asked, calibration, learned)
    if isinstance(learned, LearnedCores):
        return _of_cores(asked, learned)
    return _of_utilisation(asked, learned)


def _check_asked(asked: PredictOptions, kind: str) -> None:
    """See that the load is one that the calibration can be asked about.

    Raises:
        BadInputError: it is not.
    """
    given = {
        "--scenario": asked.scenario is not None,
        "--rate": bool(asked.rates),
        "--users": asked.users is not None,
        "--set": bool(asked.options.changes),
        "--outage": bool(asked.outages),
        "--knee": asked.knee,
    }
    fitting = {
        "requests": {"--scenario", "--rate", "--set", "--outage", "--knee"},
        "closed loop": {"--users"},
        "shared cores": {"--rate"},
        "utilisation": {"--rate"},
    }[kind]
    for name, is_given in given.items():
        if is_given and name not in fitting:
            raise BadInputError(name, f"the calibration is of {kind}", " or ".join(sorted(fitting)))
    if asked.think_s is not None and asked.users is None:
        raise BadInputError("--think", "requires --users", "--users N --think TIME")
    if asked.length_s is not None and not 1 <= asked.length_s <= 86_400:  # noqa: PLR2004  a day
        raise BadInputError("--for", f"{asked.length_s:g} s", "1 s to a day")
    if not (asked.scenario or asked.rates or asked.users or asked.knee):
        raise BadInputError("footfall predict", "no load is given", " or ".join(sorted(fitting)))


# ── Stations learned from requests


def _of_stations(
    asked: PredictOptions, calibration: Calibration, learned: LearnedStations, messages: Messages
) -> Predicted:
    file = folder_of(asked.model) / MODEL_FILE
    service = calibrated_service(model_in(file), learned.stations, asked.options.changes, messages)
    outages = tuple(_outage(text) for text in asked.outages)
    if asked.scenario is None and not outages and service.has_single_requests:
        return _of_requests(asked, calibration, service, messages)
    return _of_visits(asked, calibration, service, outages, messages)


def _of_requests(
    asked: PredictOptions, calibration: Calibration, service: CalibratedService, messages: Messages
) -> Predicted:
    """Predict a load of requests that are each a visit."""
    for name, value in asked.options.shape.items():
        raise BadInputError(
            f"--{name.replace('_s', '').replace('_', '-')} {value}", "requires --scenario", "--rate and --for"
        )
    knee = _knee(asked, service, None, messages)
    if not asked.rates:
        per_s = knee.value / len(service.stations) if knee is not None else 0.0
        rates = {one.channel: per_s for one in service.stations}
        return Predicted(
            of="requests",
            load=_no_load(asked),
            figures=(),
            knee=knee,
            depends_on=depends_on(calibration.unknown, service, rates, None),
        )
    length_s = asked.length_s or LENGTH_S
    rates = _rates_by(asked.rates, [one.channel for one in service.stations])
    load = RequestLoad(requests_per_s=rates, length_s=length_s, exact=asked.exact, held_back=asked.held_back)
    count = sum(rates.values()) * length_s
    if not 1 <= count <= REQUESTS_MOST:
        raise BadInputError(
            "--rate and --for", f"about {count:,.0f} requests", f"1 to {REQUESTS_MOST:,} in a run"
        )
    with messages.progress(f"simulating runs of about {count:,.0f} requests"):
        stations = [(one, service.draws_of(one)) for one in service.stations]
        simulated = simulate_load(stations, load, asked.options.seed)
    figures = forecasts(simulated.figures)
    return Predicted(
        of="requests",
        load=PredictedLoad(
            length_s=length_s,
            rate_per_s=sum(rates.values()),
            rates=tuple(rates.items()),
            arrivals=round(count) if asked.exact else None,
            changes=asked.options.changes,
            held_back=asked.held_back,
        ),
        figures=figures,
        causes=simulated.causes,
        knee=knee,
        depends_on=depends_on(calibration.unknown, service, rates, simulated.beyond),
        draws=drawn_rows(simulated.figures, figures),
    )


def without_what_was_learned(scenario: Scenario, calibration: Calibration) -> Scenario:
    """Return a scenario without its changes of the model, if the calibrated model has them from its runs.

    Factors would apply twice, and numbers that are set would hide those that were learned.
    """
    if scenario.name not in {one.scenario for one in calibration.sources}:
        return scenario
    return scenario.model_copy(update={"set": {}, "multiply": {}})


def _of_visits(
    asked: PredictOptions,
    calibration: Calibration,
    service: CalibratedService,
    outages: tuple[tuple[str, float, float], ...],
    messages: Messages,
) -> Predicted:
    """Predict whole visits of customers by the simulated day."""
    scenario, _ = chosen_scenario(asked.scenario, None if asked.scenario is not None else service.model)
    scenario = without_what_was_learned(scenario, calibration)
    rate = _single_rate(asked.rates) if asked.rates else None
    if rate is None and asked.scenario is None:
        raise BadInputError("footfall predict", "no load is given", "--rate or --scenario")
    length_s = asked.length_s or LENGTH_S
    if asked.length_s is not None and rate is None:
        raise BadInputError("--for", "requires --rate", "--window for a scenario")
    options = asked.options
    load = VisitLoad(
        scenario=scenario,
        options=options,
        rate_per_s=rate,
        length_s=length_s,
        outages=outages,
        held_back=asked.held_back,
    )
    simulated = simulate_visits(service, load, options.seed, messages)
    info = simulated.first.info
    figures = forecasts(simulated.figures)
    total = simulated.first.arrivals.height
    per_s = total / info.play.seconds
    shares = simulated.first.arrivals["channel"].value_counts(normalize=True)
    by_channel = dict(shares.iter_rows())
    requests = {
        one.channel: per_s * by_channel.get(one.channel, 0.0) * one.requests_a_visit
        for one in service.stations
    }
    own = tuple((one.channel, one.from_share, one.to_share) for one in scenario.outages)
    return Predicted(
        of="visits",
        load=PredictedLoad(
            length_s=info.play.seconds,
            rate_per_s=rate,
            arrivals=total if rate is not None or scenario.arrivals or options.arrivals else None,
            scenario=None if asked.scenario is None else info.scenario,
            window_s=info.play.length_s,
            speed=info.play.speed,
            scale=info.scale,
            at_hour=options.at_hour,
            human_time_factor=info.play.human_time_factor,
            changes=options.changes,
            outages=(*own, *outages),
            held_back=asked.held_back,
        ),
        figures=figures,
        causes=simulated.causes,
        knee=_knee(asked, service, simulated.first, messages),
        depends_on=depends_on(calibration.unknown, service, requests, None),
        draws=drawn_rows(simulated.figures, figures),
    )


def _knee(
    asked: PredictOptions,
    service: CalibratedService,
    trace: Trace | None,
    messages: Messages,
) -> KneeForecast | None:
    if not asked.knee:
        return None
    with messages.progress("searching the knee"):
        return predicted_knee(service, trace, parsed(asked.criteria), asked.options.seed)


def _no_load(asked: PredictOptions) -> PredictedLoad:
    return PredictedLoad(length_s=asked.length_s or LENGTH_S, changes=asked.options.changes)


def _rates_by(texts: Sequence[str], known: Sequence[str]) -> dict[str, float]:
    """Read rates by channel or class; one alone needs no name where there is one.

    Raises:
        BadInputError: a text is no rate, or a name is unknown or missing.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if not name and len(known) == 1:
            name = known[0]
        if name not in known:
            raise BadInputError(f"--rate {text}", "says of no known name what its rate is", _named(known))
        if name in found:
            raise BadInputError(f"--rate {text}", f"{name} has two rates", "one each")
        found[name] = _rate(number, text)
    if missing := [name for name in known if name not in found]:
        raise BadInputError("--rate", f"{missing[0]} has none", _named(known))
    return found


def _named(known: Sequence[str]) -> str:
    return " ".join(f"--rate {name}=10" for name in known)


def _single_rate(texts: Sequence[str]) -> float:
    if len(texts) > 1:
        raise BadInputError("--rate", "is given twice", "arrivals per second of all channels together")
    return _rate(texts[0], texts[0])


def _rate(number: str, text: str) -> float:
    try:
        rate = float(number)
    except ValueError:
        rate = -1.0
    if not 0 < rate <= REQUESTS_MOST:
        raise BadInputError(f"--rate {text}", "is no rate", "a number above 0, per second, or NAME=NUMBER")
    return rate


def _outage(text: str) -> tuple[str, float, float]:
    """Read an outage such as `web=0.25-0.75`.

    Raises:
        BadInputError: it is none.
    """
    channel, _, span = text.partition("=")
    start, _, stop = span.partition("-")
    expected = "CHANNEL=FROM-TO as shares of the run, such as web=0.25-0.75"
    if not (channel and start and stop):
        raise BadInputError(f"--outage {text}", "is no outage", expected)
    shares = share_of(start, "--outage"), share_of(stop, "--outage")
    if not 0 <= shares[0] < shares[1] <= 1:
        raise BadInputError(f"--outage {text}", "does not end after its start, within the run", expected)
    return channel, *shares


# ── Coarser figures


def _of_loop(asked: PredictOptions, calibration: Calibration, learned: LearnedLoop) -> Predicted:
    users, think_s = asked.users or 0, asked.think_s
    if think_s is None:
        think_s = float(np.median([point.think_s for point in learned.fit.points]))
    most = max(point.users for point in learned.fit.points)
    return Predicted(
        of="closed loop",
        load=PredictedLoad(length_s=asked.length_s or USERS_LENGTH_S, users=users, think_s=think_s),
        figures=_plain(learned.fit.predict(users, think_s, seed=asked.options.seed)),
        depends_on=calibration.unknown if users > most else (),
    )


def _of_cores(asked: PredictOptions, learned: LearnedCores) -> Predicted:
    rates = _rates_by(asked.rates, [one.name for one in learned.cores.classes])
    length_s = asked.length_s or learned.cores.length_s
    return Predicted(
        of="shared cores",
        load=PredictedLoad(length_s=length_s, rates=tuple(rates.items())),
        figures=_plain(learned.cores.predict(rates, length_s)),
    )


def _of_utilisation(asked: PredictOptions, learned: LearnedUtilisation) -> Predicted:
    rates = _rates_by(asked.rates, list(learned.law.demands))
    given: dict[str, Floats] = {name: np.array([value]) for name, value in rates.items()}
    value, low, high = (float(one[0]) for one in learned.law.predict(given))
    figure = FigureForecast(
        channel=ALL_CHANNELS, name="utilisation_share", value=value, low=min(low, high), high=max(low, high)
    )
    load = PredictedLoad(length_s=asked.length_s or LENGTH_S, rates=tuple(rates.items()))
    return Predicted(of="utilisation", load=load, figures=(figure,))


def _plain(figures: Sequence[PredictedFigure]) -> tuple[FigureForecast, ...]:
    """Return figures by channel; those of a class, as `response_s_mean(buy)`, have it as theirs."""
    found = []
    for one in figures:
        name, _, group = one.name.rstrip(")").partition("(")
        found.append(
            FigureForecast(
                channel=group or ALL_CHANNELS, name=name, value=one.value, low=one.low, high=one.high
            )
        )
    return tuple(found)


def folder_of(path: Path) -> Path:
    """Return the folder of a calibration that is named by itself or by a file in it."""
    return path.parent if path.is_file() else path

"""Footfall: simulate customers and their channels, run that load against real endpoints, and judge it.

`import footfall as ff` gives all that a model is written with, each name loaded when it is first used:

    >>> import footfall as ff
    >>> counter = ff.Channel("hall", ff.Counters(3), service=ff.exponential(ff.minutes(6)))
    >>> model = ff.Model("mm3", "M/M/3", arrivals=ff.per_hour(20), channels=[counter])
    >>> model.population
    480.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall._choice.calibration import calibrated
    from footfall._criteria.objects import Criterion
    from footfall._load.options import LoadOptions
    from footfall._measure.verdict import Verdict
    from footfall._model.channel import Channel, Fault, LogoutReminder, OpeningHours, Outage, Step, Work
    from footfall._model.durations import (
        Duration,
        Empirical,
        Mixture,
        constant,
        exponential,
        gamma,
        hyperexponential,
        lognormal,
        uniform,
        weibull,
    )
    from footfall._model.model import Model, ShareDefinition
    from footfall._model.numbers import Curve, Number, Profile, article, assumed, by_hour, fitted, public
    from footfall._model.population import Accounts, AfterFailure, NestedLogit, RetryPolicy, Segment, Taste
    from footfall._model.station_specs import (
        AgentGroup,
        Callback,
        CallCentre,
        Caller,
        CircuitBreaker,
        Counters,
        Kiosks,
        MessageGateway,
        RateLimit,
        RequestServer,
        Retry,
        Stalls,
    )
    from footfall._model.units import (
        hours,
        minutes,
        never,
        per_day,
        per_hour,
        per_minute,
        per_second,
        percent,
        points,
        seconds,
        source,
        unlimited,
    )
    from footfall._records.errors import BadInputError
    from footfall._runs.compare import compare
    from footfall._runs.content import read_model
    from footfall._runs.fit_log import fit
    from footfall._runs.job_results import read_run
    from footfall._runs.judgement import judge
    from footfall._runs.load_test import load_test
    from footfall._runs.make_trace import make_trace
    from footfall._runs.predict import predict
    from footfall._runs.reference_service import serve
    from footfall._runs.report import report
    from footfall._runs.simulate import simulate
    from footfall._runs.validate import validate
    from footfall._workload.scenario import OutagePart, Scenario, read_scenario

__version__ = "0.1.0"

_MODEL = "footfall._model"
_HOMES = {
    "footfall._choice.calibration": ("calibrated",),
    "footfall._criteria.objects": ("Criterion",),
    f"{_MODEL}.channel": ("Channel", "Fault", "LogoutReminder", "OpeningHours", "Outage", "Step", "Work"),
    f"{_MODEL}.durations": (
        "Duration",
        "Duration",
        "Empirical",
        "Mixture",
        "constant",
        "exponential",
        "gamma",
        "hyperexponential",
        "lognormal",
        "uniform",
        "weibull",
    ),
    f"{_MODEL}.model": ("Model", "ShareDefinition"),
    f"{_MODEL}.numbers": ("Curve", "Number", "Profile", "article", "assumed", "by_hour", "fitted", "public"),
    f"{_MODEL}.population": ("Accounts", "AfterFailure", "NestedLogit", "RetryPolicy", "Segment", "Taste"),
    f"{_MODEL}.station_specs": (
        "AgentGroup",
        "CallCentre",
        "Callback",
        "Caller",
        "CircuitBreaker",
        "Counters",
        "Kiosks",
        "MessageGateway",
        "RateLimit",
        "RequestServer",
        "Retry",
        "Stalls",
    ),
    f"{_MODEL}.units": (
        "hours",
        "minutes",
        "never",
        "per_day",
        "per_hour",
        "per_minute",
        "per_second",
        "percent",
        "points",
        "seconds",
        "source",
        "unlimited",
    ),
    "footfall._load.options": ("LoadOptions",),
    "footfall._measure.verdict": ("Verdict",),
    "footfall._records.errors": ("BadInputError",),
    "footfall._runs.compare": ("compare",),
    "footfall._runs.content": ("read_model",),
    "footfall._runs.fit_log": ("fit",),
    "footfall._runs.judgement": ("judge",),
    "footfall._runs.load_test": ("load_test",),
    "footfall._runs.predict": ("predict",),
    "footfall._runs.reference_service": ("serve",),
    "footfall._runs.report": ("report",),
    "footfall._runs.job_results": ("read_run",),
    "footfall._runs.simulate": ("simulate",),
    "footfall._runs.make_trace": ("make_trace",),
    "footfall._runs.validate": ("validate",),
    "footfall._workload.scenario": ("OutagePart", "Scenario", "read_scenario"),
}
"""Where each name lives."""
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


__all__ = [
    "Accounts",
    "AfterFailure",
    "AgentGroup",
    "BadInputError",
    "CallCentre",
    "Callback",
    "Caller",
    "Channel",
    "CircuitBreaker",
    "Counters",
    "Criterion",
    "Curve",
    "Duration",
    "Empirical",
    "Fault",
    "Kiosks",
    "LoadOptions",
    "LogoutReminder",
    "MessageGateway",
    "Mixture",
    "Model",
    "NestedLogit",
    "Number",
    "OpeningHours",
    "Outage",
    "OutagePart",
    "Profile",
    "RateLimit",
    "RequestServer",
    "Retry",
    "RetryPolicy",
    "Scenario",
    "Segment",
    "ShareDefinition",
    "Stalls",
    "Step",
    "Taste",
    "Verdict",
    "Work",
    "__version__",
    "article",
    "assumed",
    "by_hour",
    "calibrated",
    "compare",
    "constant",
    "exponential",
    "fit",
    "fitted",
    "gamma",
    "hours",
    "hyperexponential",
    "judge",
    "load_test",
    "lognormal",
    "make_trace",
    "minutes",
    "never",
    "per_day",
    "per_hour",
    "per_minute",
    "per_second",
    "percent",
    "points",
    "predict",
    "public",
    "read_model",
    "read_run",
    "read_scenario",
    "report",
    "seconds",
    "serve",
    "simulate",
    "source",
    "uniform",
    "unlimited",
    "validate",
    "weibull",
]


if not TYPE_CHECKING:  # which knows the names from the imports above

    def __getattr__(name: str) -> Any:  # noqa: ANN401  a name of any kind
        """Import a name when it is first asked for.

        Raises:
            AttributeError: there is no such name.
        """
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """List the names that may be imported from here."""
    return sorted({*globals(), *__all__})

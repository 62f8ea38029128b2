"""Footfall: simulate customers and their channels, run that load against real endpoints, and judge it.

`import footfall as ff` gives all that a model is written with, each name loaded when it is first used:

    >>> import footfall as ff
    >>> counter = ff.Channel("hall", ff.Counters(3), service=ff.exponential(ff.minutes(6)))
    >>> model = ff.Model("mm3", "M/M/3", arrivals=ff.per_hour(20), channels=[counter])
    >>> model.population
    480.0
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.choice.calibration import calibrated
    from footfall.criteria.objects import Criterion
    from footfall.load.options import LoadOptions
    from footfall.measure.verdict import Verdict
    from footfall.model.channel import Channel, Fault, LogoutReminder, OpeningHours, Outage, Step, Work
    from footfall.model.durations import (
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
    from footfall.model.model import Model, ShareDefinition
    from footfall.model.numbers import Curve, Number, Profile, article, assumed, by_hour, fitted, public
    from footfall.model.population import Accounts, Segment, Taste
    from footfall.model.population import Choice as NestedLogit
    from footfall.model.population import FollowUp as AfterFailure
    from footfall.model.population import FollowUps as RetryPolicy
    from footfall.model.station_specs import (
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
    from footfall.model.units import (
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
    from footfall.records.errors import BadInputError
    from footfall.runs.compare import compare
    from footfall.runs.content import read_model
    from footfall.runs.fit_log import fit
    from footfall.runs.job_results import read_run
    from footfall.runs.judgement import judge
    from footfall.runs.load_test import load_test
    from footfall.runs.make_trace import make_trace
    from footfall.runs.predict import predict
    from footfall.runs.reference_service import serve
    from footfall.runs.report import report
    from footfall.runs.simulate import simulate
    from footfall.runs.validate import validate
    from footfall.workload.scenario import OutagePart, Scenario, read_scenario

__version__ = "0.1.0"

_MODEL = "footfall.model"
_HOMES = {
    "footfall.choice.calibration": ("calibrated",),
    "footfall.criteria.objects": ("Criterion",),
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
    "footfall.load.options": ("LoadOptions",),
    "footfall.measure.verdict": ("Verdict",),
    "footfall.records.errors": ("BadInputError",),
    "footfall.runs.compare": ("compare",),
    "footfall.runs.content": ("read_model",),
    "footfall.runs.fit_log": ("fit",),
    "footfall.runs.judgement": ("judge",),
    "footfall.runs.load_test": ("load_test",),
    "footfall.runs.predict": ("predict",),
    "footfall.runs.reference_service": ("serve",),
    "footfall.runs.report": ("report",),
    "footfall.runs.job_results": ("read_run",),
    "footfall.runs.simulate": ("simulate",),
    "footfall.runs.make_trace": ("make_trace",),
    "footfall.runs.validate": ("validate",),
    "footfall.workload.scenario": ("OutagePart", "Scenario", "read_scenario"),
}
"""Where each name lives."""
_OWN_NAMES = {"AfterFailure": "FollowUp", "NestedLogit": "Choice", "RetryPolicy": "FollowUps"}
"""What a name is called where it lives."""
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}
_ALSO_ROOMS = frozenset({"fit", "simulate"})
"""Jobs that are named like the room that does the work: the room can be called."""


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
        if name in _ALSO_ROOMS:
            return import_module(f"{__name__}.{name}")
        found = getattr(import_module(_MODULE_OF[name]), _OWN_NAMES.get(name, name))
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """List the names that may be imported from here."""
    return sorted({*globals(), *__all__})


class _Footfall(ModuleType):
    """This package, some of whose rooms can be called."""

    def __setattr__(self, name: str, value: object) -> None:
        """Take a name; the import of a room gives the room here, too."""
        if name in _ALSO_ROOMS and isinstance(value, ModuleType):
            value.__class__ = _CallableRoom
        super().__setattr__(name, value)


class _CallableRoom(ModuleType):
    """A room that is also a job: `ff.simulate(model)` simulates, `footfall.simulate.day` is a module."""

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The job; `inspect.signature` finds it by this name."""
        name = self.__name__.rpartition(".")[2]
        job: Callable[..., Any] = getattr(import_module(_MODULE_OF[name]), name)
        return job

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  as the job takes and gives them
        """Do the job."""
        return self.__wrapped__(*arguments, **named)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]  # a class has a text, a room that of its job
        """That of the job."""
        return self.__wrapped__.__doc__


sys.modules[__name__].__class__ = _Footfall

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
    from footfall.choice.calibration import calibrated
    from footfall.criteria.objects import Criterion
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
    "footfall.records.errors": ("BadInputError",),
}
"""Where each name lives."""
_OWN_NAMES = {"AfterFailure": "FollowUp", "NestedLogit": "Choice", "RetryPolicy": "FollowUps"}
"""What a name is called where it lives."""
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
    "LogoutReminder",
    "MessageGateway",
    "Mixture",
    "Model",
    "NestedLogit",
    "Number",
    "OpeningHours",
    "Outage",
    "Profile",
    "RateLimit",
    "RequestServer",
    "Retry",
    "RetryPolicy",
    "Segment",
    "ShareDefinition",
    "Stalls",
    "Step",
    "Taste",
    "Work",
    "__version__",
    "article",
    "assumed",
    "by_hour",
    "calibrated",
    "constant",
    "exponential",
    "fitted",
    "gamma",
    "hours",
    "hyperexponential",
    "lognormal",
    "minutes",
    "never",
    "per_day",
    "per_hour",
    "per_minute",
    "per_second",
    "percent",
    "points",
    "public",
    "seconds",
    "source",
    "uniform",
    "unlimited",
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
        found = getattr(import_module(_MODULE_OF[name]), _OWN_NAMES.get(name, name))
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """List the names that may be imported from here."""
    return sorted({*globals(), *__all__})

"""Options of jobs as data, for command lines and for Python: nothing here takes long to import."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from footfall._load.options import REPEATS_MOST as _REPEATS_MOST, Declared, Flag, checked, declared
from footfall._load.url_load import FOR_S
from footfall._records.errors import BadInputError, seconds_of

REPEATS_MOST = _REPEATS_MOST
URL_DURATION_S = FOR_S
"""How long arrivals come to a URL, unless something else is asked for."""


def window_of(text: str) -> float:
    """Read the window of a run, such as `90`, `90s`, `2min` or `1h30m`: at least a second.

    Raises:
        BadInputError: the text is no time, or too short a one.
    """
    window_s = seconds_of(text, "--window")
    if window_s < 1:
        raise BadInputError(f"--window {text}", "too short", "at least 1 second")
    return window_s


def _seconds(value: object) -> object:
    """Read a window that is given as a text."""
    return window_of(value) if isinstance(value, str) else value


class TraceOptions(BaseModel):
    """How a trace is made of a scenario; what is not given is the scenario's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: Annotated[int, Flag(name="--seed", expected="a whole number, not negative")] = Field(
        1, ge=0, lt=2**63, description="Same seed: same customers and random numbers."
    )
    window_s: Annotated[
        float | None, BeforeValidator(_seconds), Flag(name="--window", expected="at least 1 second")
    ] = Field(None, ge=1, description="Time of the day to run, seconds or a text such as `2min`.")
    at_hour: Annotated[float | None, Flag(name="--at-hour", expected="an hour of the day, 0 to 24")] = Field(
        None, ge=0, le=24, description="Hour at which the window starts; None: the busiest."
    )
    speed: Annotated[float | None, Flag(name="--speed", expected="0.01 or more")] = Field(
        None, ge=0.01, description="Arrivals come this many times as fast as in the day."
    )
    scale: Annotated[float | None, Flag(name="--scale", expected="a number above 0")] = Field(
        None, description="Customers to run, as a multiple of the day's."
    )
    arrivals: Annotated[int | None, Flag(name="--arrivals", expected="1 or more")] = Field(
        None, description="Exact number of arrivals, in place of a scale."
    )
    human_time_factor: Annotated[float | None, Flag(name="--human-time-factor", expected="0 to 1")] = Field(
        None, ge=0, le=1, description="People's own time is multiplied by this."
    )
    changes: tuple[str, ...] = ()
    """Of the model's numbers, as `path=value`."""

    @property
    def shape(self) -> dict[str, Any]:
        """What of the scenario they override, by its fields."""
        names = ("window_s", "speed", "scale", "arrivals", "human_time_factor")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


AS_THE_SCENARIO = TraceOptions()


def trace_options(given: Mapping[str, Any]) -> TraceOptions:
    """Check the options of a trace, by their names in Python; numbers may be texts.

    Raises:
        BadInputError: a value is impossible, or a name is unknown.
    """
    return checked(TraceOptions, given)


def load_option_declarations() -> list[Declared]:
    """Give the options of a load test as they are declared, for a command line."""
    return declared()

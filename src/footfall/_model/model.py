"""A model: a population, its channels, how the two meet, and what may be left out."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from footfall._model.channel import Channel, Nest, nest_of
from footfall._model.numbers import (
    DAY_S,
    HALF_HOUR_S,
    CountFromOne,
    Name,
    NonNegative,
    Number,
    Positive,
    Profile,
    Several,
    Share,
    Spec,
    as_share,
    default,
    number_of,
)
from footfall._model.population import (
    SHARES_TOLERANCE,
    Accounts,
    Adoption,
    NestedLogit,
    RetryPolicy,
    Segment,
    Taste,
    check_names,
    check_shares,
)
from footfall._model.station_specs import CallCentre, Counters
from footfall._model.units import Rate, RateProfile, rate_of
from footfall._model.value_errors import WrongValueError
from footfall._records.errors import shown

# ── What a model may leave out, and what then holds

DAYS_A_MONTH = 31
EVERYBODY = "everybody"
QUERY = "query"
_EXAMPLE_OF_WANTS = 'shares of what they come for that add up to 1, such as {"query": 0.8, "order": "20%"}'
_HOW_MANY = "arrivals=per_hour(20), or population= and segments= with month_visits"


def _filled_in(given: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a model with all that can be left out.

    `arrivals` becomes a population in which each comes once a day, `wants` the shares of what they come for,
    `taste` that of every segment.

    Raises:
        WrongValueError: what is given contradicts itself, or does not say how many come.
    """
    found = dict(given)
    arrivals, wants, taste = (found.pop(name, None) for name in ("arrivals", "wants", "taste"))
    of_segments: dict[str, Any] = {} if taste is None else {"taste": taste}
    if arrivals is not None:
        if "population" in found:
            raise WrongValueError("arrivals and population both say how many come", "one of them")
        rate = rate_of(arrivals)
        found["population"], more = _people(rate, wants)
        of_segments |= more
        found.setdefault("segments", ({"name": EVERYBODY, "population_share": default(1)},))
    elif "population" not in found or "segments" not in found:
        raise WrongValueError("does not say how many come", _HOW_MANY)
    elif wants is not None:
        raise WrongValueError("wants counts with arrivals only", "month_visits of the segments")
    found["segments"] = tuple(_with_segment(segment, of_segments) for segment in _several(found["segments"]))
    if not any(_of(segment, "month_visits") for segment in found["segments"]):
        raise WrongValueError("has no arrivals", _HOW_MANY)
    if "channels" in found:
        channels = _several(found["channels"])
        if wants is not None and all(isinstance(channel, Channel) for channel in channels):
            _check_known("operation", wants, {name for channel in channels for name in channel.dialogues})
        found["choice"] = _with_nests(found.get("choice"), map(nest_of, channels))
        found.setdefault("share_definitions", (_electronic_share(channels, found["segments"]),))
    return found


def _people(rate: Rate | RateProfile, wants: object) -> tuple[Number, dict[str, Any]]:
    """Give the population of a rate of arrivals, and when each of them comes for what."""
    per_day = rate.per_day
    if not 0 < per_day < float("inf"):
        raise WrongValueError(f"{per_day:g} arrivals a day", "a rate above 0, such as per_hour(20)")
    people = max(round(per_day), 1)
    visits = {
        operation: Number(DAYS_A_MONTH * per_day / people * share, rate.grade, rate.source)
        for operation, share in _shares({QUERY: 1} if wants is None else wants).items()
    }
    fields: dict[str, Any] = {"month_visits": visits}
    if isinstance(rate, RateProfile):
        fields["day_profile"] = Profile(values=rate.values, grade=rate.grade, source=rate.source)
    return Number(people, rate.grade, rate.source), fields


def _shares(wants: object) -> dict[str, Number]:
    """Read what customers come for, as shares by operation."""
    if not isinstance(wants, Mapping) or not wants:
        raise WrongValueError(f"wants cannot be {shown(wants)}", _EXAMPLE_OF_WANTS)
    try:
        shares = {str(name): number_of(as_share(share)) for name, share in wants.items()}
    except WrongValueError as error:
        raise WrongValueError(f"wants: {error.problem}", _EXAMPLE_OF_WANTS) from None
    if abs((total := sum(shares.values())) - 1) > SHARES_TOLERANCE:
        raise WrongValueError(f"the shares of wants add up to {total:g}", _EXAMPLE_OF_WANTS)
    return shares


def _with_segment(segment: Any, fields: dict[str, Any]) -> Any:  # noqa: ANN401  as given
    if isinstance(segment, Segment):
        absent = fields.keys() - segment.model_fields_set
        return segment.model_copy(update={name: fields[name] for name in absent}) if absent else segment
    return fields | segment if isinstance(segment, dict) else segment


def _with_nests(choice: Any, nests: Iterable[str]) -> Any:  # noqa: ANN401  as given
    """Give a choice whose nests without a dissimilarity have 1, that of the plain logit."""
    plain: dict[str, Any] = dict.fromkeys(nests, default(1))
    if choice is None:
        return NestedLogit(dissimilarity=plain)
    if not isinstance(choice, NestedLogit | dict):
        return choice
    known = choice.dissimilarity if isinstance(choice, NestedLogit) else choice.get("dissimilarity", {})
    if not isinstance(known, Mapping):
        return choice
    known = dict(known)
    filled = known | {nest: one for nest, one in plain.items() if nest not in known}
    if isinstance(choice, NestedLogit):
        return choice.model_copy(update={"dissimilarity": filled})
    return choice | {"dissimilarity": filled}


def _electronic_share(channels: tuple[Any, ...], segments: tuple[Any, ...]) -> dict[str, Any]:
    """Define the share of the electronic channels in all that is served."""
    names = [str(_of(channel, "name")) for channel in channels]
    electronic = [
        name for name, channel in zip(names, channels, strict=True) if nest_of(channel) == "electronic"
    ]
    text = f"served visits; electronic: {', '.join(electronic)}" if electronic else "no channel is electronic"
    return {
        "name": "electronic" if electronic else "none",
        "text": text,
        "electronic": electronic,
        "counted": names,
        "operations": list(
            dict.fromkeys(
                name
                for segment in segments
                if isinstance(visits := _of(segment, "month_visits"), Mapping)
                for name in visits
            )
        ),
    }


def _of(part: Any, name: str) -> Any:  # noqa: ANN401  any field
    return part.get(name) if isinstance(part, Mapping) else getattr(part, name, None)


def _several(value: Any) -> tuple[Any, ...]:  # noqa: ANN401  as given
    return tuple(value) if isinstance(value, tuple | list) else (value,)


# ── A model: a population, its channels, and how the two meet

# ── Which second of the day it is at a second of a run

_MOMENT_S = 1e-3


class DayClock(Spec):
    """Maps seconds of a run to seconds of the day, by which staff, opening hours and expected waits go.

    Unless said otherwise they are the same. A played window begins later and runs `speed` times as fast;
    once it is over, its last moment lasts, so that staff stay while the last customers are served.
    """

    starts_s: float = 0.0
    """Second of the day at second 0 of the run."""
    speed: float = 1.0
    """Seconds of the day that pass in a second of the run."""
    length_s: float = math.inf
    """Seconds of the day after which it stands still."""

    def day_s(self, at_s: float) -> float:
        """Give the second of the day (of several, it goes on counting) at a second of the run."""
        if at_s <= 0:
            return self.starts_s
        return self.starts_s + min(at_s * self.speed, self.length_s - _MOMENT_S)

    def half_hours(self, until_s: float) -> Iterator[tuple[float, float]]:
        """Give each beginning of a half hour after second 0, as `beginnings` does."""
        return self.beginnings(until_s, HALF_HOUR_S)

    def beginnings(self, until_s: float, interval_s: float) -> Iterator[tuple[float, float]]:
        """Give each beginning of an interval of the day after second 0, in seconds of the run and of the day.

        Up to the end of the window, or else of the day in which a run of `until_s` seconds ends.
        """
        ends_s = self.starts_s + self.length_s
        if math.isinf(ends_s):
            ends_s = math.ceil((self.starts_s + until_s * self.speed) / DAY_S) * DAY_S
        for k in range(math.floor(self.starts_s / interval_s) + 1, math.ceil(ends_s / interval_s)):
            yield (k * interval_s - self.starts_s) / self.speed, k * interval_s


THE_DAYS_OWN = DayClock()
"""Of a run that is a day."""


class ShareDefinition(Spec):
    """What counts as electronic when a share is stated.

    Example:
        >>> share = ShareDefinition(
        ...     name="web",
        ...     text="orders on the web",
        ...     electronic="web",
        ...     counted=("web", "hall"),
        ...     operations="order",
        ... )
        >>> share.counted
        ('web', 'hall')
    """

    name: Name
    text: str
    """The definition in words, printed with every share."""
    electronic: Several[Name]
    """Channels in the numerator."""
    counted: Several[Name]
    """Channels in the denominator."""
    operations: Several[Name]
    """Operations counted at all."""


class Target(Spec):
    """A success share that a channel must hold for an operation."""

    heads = ("channel", "operation", "success_share")
    channel: str
    operation: str
    success_share: Share


def _as_targets(value: object) -> object:
    """Let `{"web.query": 0.978}` be targets."""
    if not isinstance(value, Mapping):
        return value
    parts = {key: str(key).partition(".") for key in value}
    if wrong := [str(key) for key, (_, dot, _) in parts.items() if not dot]:
        raise WrongValueError(
            f"{wrong[0]!r} names no operation", 'channel.operation, such as {"web.query": 0.98}'
        )
    return tuple(
        {"channel": parts[key][0], "operation": parts[key][2], "success_share": share}
        for key, share in value.items()
    )


class Model(Spec):
    """A model of a day: arrivals, customers and channels. With a seed it determines every visit.

    Example:
        >>> hall = Channel("hall", Counters(3), service=exponential("6 min"))
        >>> Model("shop", arrivals=per_hour(20), channels=hall).population
        480.0
    """

    heads = ("name", "title")
    name: Name
    title: str
    """Its name, unless given."""
    population: CountFromOne
    busy_day_factor: Positive = default(1)
    """Multiplies every arrival rate; 1 on an ordinary day."""
    busyness_cv: NonNegative = default(0)
    """Coefficient of variation of the day's gamma busyness; 0: none."""
    segments: Several[Segment]
    channels: Several[Channel]
    choice: NestedLogit
    """A plain logit, unless given."""
    follow_ups: RetryPolicy = RetryPolicy()
    """Also as `retries`; one attempt, unless given."""
    accounts: Accounts = Accounts()
    share_definitions: Several[ShareDefinition]
    """The first one is used unless another is asked for; the electronic channels' share, unless given."""
    targets: Annotated[Several[Target], BeforeValidator(_as_targets)] = ()
    adoption: Adoption | None = None
    """What moves over months; None: only days are simulated."""
    clock: DayClock = Field(default=THE_DAYS_OWN, exclude=True, repr=False)
    """Of a run; other than the day's own only in a model as it is played."""

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            title: str = ...,
            *,
            channels: Channel | Sequence[Channel],
            arrivals: Rate | RateProfile | str = ...,
            wants: Mapping[str, float | str] = ...,
            segments: Segment | Sequence[Segment] = ...,
            population: float = ...,
            busy_day_factor: float = ...,
            busyness_cv: float = ...,
            choice: NestedLogit = ...,
            taste: Taste = ...,
            retries: RetryPolicy = ...,
            follow_ups: RetryPolicy = ...,
            accounts: Accounts = ...,
            share_definitions: ShareDefinition | Sequence[ShareDefinition] = ...,
            targets: Mapping[str, float] | Sequence[Target] = ...,
            adoption: Adoption | None = ...,
            clock: DayClock = ...,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:  # noqa: ANN401  signature of pydantic
        if not isinstance(data, dict):
            return data
        found = dict(data)
        found.setdefault("title", found.get("name"))
        if "retries" in found:
            found["follow_ups"] = found.pop("retries")
        return _filled_in(found)

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the operations, in the order in which the segments name them."""
        return tuple(dict.fromkeys(name for segment in self.segments for name in segment.month_visits))

    def channel(self, name: str) -> Channel:
        """Give a channel by its name.

        Raises:
            KeyError: there is none of that name.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)

    def target(self, channel: str, operation: str) -> float | None:
        """Success share that is asked of a channel and operation, if any."""
        for target in self.targets:
            if (target.channel, target.operation) == (channel, operation):
                return float(target.success_share)
        return None

    def fingerprint(self) -> str:
        """Give the sha256 of all that the model says (not of sources and grades)."""
        data = _values_only(self.model_dump(mode="json"))
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()

    def to_toml(self, notes: Sequence[str] = ()) -> str:
        """Give the model as TOML that `from_toml` reads as an equal one; notes become comments at its head.

        Example:
            >>> import footfall as ff
            >>> hall = ff.Channel("hall", ff.Counters(3), service="6 min")
            >>> model = ff.Model("shop", arrivals=ff.per_hour(20), channels=hall)
            >>> print(model.to_toml().partition("[[")[0].strip())
            name = "shop"
            population = 480
        """
        from footfall._model.model_files import toml_of  # the library for it is needed nowhere else

        return toml_of(self, notes)

    @classmethod
    def from_toml(cls, text: str, where: str = "TOML") -> "Model":
        """Read a model from TOML; `where` names the file in errors.

        Raises:
            BadInputError: it is not TOML, or not a model.
        """
        from footfall._model.model_files import model_of_toml

        return model_of_toml(text, where)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if not self.channels:
            raise WrongValueError("has no channels", "one or more, such as channels=[hall, web]")
        names = [channel.name for channel in self.channels]
        check_names("channels", names)
        check_names("segments", (segment.name for segment in self.segments))
        check_shares("segments", (segment.population_share for segment in self.segments))
        self._names_are_known(set(names))
        for channel in self.channels:
            self._people_are_known(channel)
        return self

    def _names_are_known(self, names: set[str]) -> None:
        used = {target.channel for target in self.targets} | set(self.choice.expected_wait_s)
        used |= {name for constants in self.choice.constants.values() for name in constants}
        used |= {name for segment in self.segments for name in segment.reach}
        used |= {name for definition in self.share_definitions for name in definition.counted}
        used |= {name for definition in self.share_definitions for name in definition.electronic}
        used |= set(self.adoption.awareness) if self.adoption else set()
        _check_known("channel", used, names)
        offered = {name for channel in self.channels for name in channel.dialogues}
        if offered.isdisjoint(self.operations):
            _check_known("operation", self.operations, offered)
        named = {target.operation for target in self.targets} | set(self.choice.constants)
        named |= {name for definition in self.share_definitions for name in definition.operations}
        _check_known("operation", named, offered.union(self.operations))
        nests = set(self.choice.dissimilarity)
        nests |= {nest for each in self.segments for nest in (*each.taste.trust, *each.taste.habit)}
        _check_known("nest", nests, get_args(Nest))

    def _people_are_known(self, channel: Channel) -> None:
        """See that a staffed station speaks of segments and operations that there are."""
        station, operations = channel.station, set(self.operations)
        segments = {segment.name for segment in self.segments}
        unknown: set[str] = set()
        if isinstance(station, Counters | CallCentre):
            unknown = set(station.priority) - segments - operations
        if isinstance(station, CallCentre):
            unknown |= set(station.credit_s) - segments
            unknown |= {*station.callers, *(s for group in station.groups for s in group.skills)} - operations
        if unknown:
            known = ", ".join(sorted(segments | operations))
            msg = f"{channel.name}: unknown segment or operation {', '.join(sorted(unknown))}; known: {known}"
            raise ValueError(msg)


def _check_known(kind: str, used: Iterable[str], known: Iterable[str]) -> None:
    if unknown := sorted(set(map(str, used)) - set(known)):
        msg = f"unknown {kind} {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        raise ValueError(msg)


def _values_only(data: Any) -> Any:  # noqa: ANN401  JSON
    """Drop grades and sources: another citation is not another model."""
    if isinstance(data, list):
        return [_values_only(item) for item in data]
    if isinstance(data, dict):
        return {key: _values_only(value) for key, value in data.items() if key not in {"grade", "source"}}
    return data

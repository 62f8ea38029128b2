"""What a model may leave out, and what then holds."""

from collections.abc import Iterable, Mapping
from typing import Any

from footfall.model.channel import nest_of
from footfall.model.errors import WrongValueError
from footfall.model.numbers import Number, Profile, default, number_of
from footfall.model.population import Choice, Segment
from footfall.model.units import Rate, RateProfile, rate_of

DAYS_A_MONTH = 31
EVERYBODY = "everybody"
QUERY = "query"
_HOW_MANY = "arrivals=per_hour(20), or population= and segments= with month_visits"


def filled_in(given: dict[str, Any]) -> dict[str, Any]:
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
        found["choice"] = _with_nests(found.get("choice"), map(nest_of, channels))
        found.setdefault("share_definitions", (_electronic_share(channels, found["segments"]),))
    return found


def _people(rate: Rate | RateProfile, wants: Mapping[str, float] | None) -> tuple[Number, dict[str, Any]]:
    """Give the population of a rate of arrivals, and when each of them comes for what."""
    per_day = rate.per_day
    if not 0 < per_day < float("inf"):
        raise WrongValueError(f"{per_day:g} arrivals a day", "a rate above 0, such as per_hour(20)")
    people = max(round(per_day), 1)
    visits = {
        operation: Number(DAYS_A_MONTH * per_day / people * number_of(share), rate.grade, rate.source)
        for operation, share in (wants or {QUERY: 1}).items()
    }
    fields: dict[str, Any] = {"month_visits": visits}
    if isinstance(rate, RateProfile):
        fields["day_profile"] = Profile(values=rate.values, grade=rate.grade, source=rate.source)
    return Number(people, rate.grade, rate.source), fields


def _with_segment(segment: Any, fields: dict[str, Any]) -> Any:  # noqa: ANN401  as given
    if isinstance(segment, Segment):
        absent = fields.keys() - segment.model_fields_set
        return segment.model_copy(update={name: fields[name] for name in absent}) if absent else segment
    return fields | segment if isinstance(segment, dict) else segment


def _with_nests(choice: Any, nests: Iterable[str]) -> Any:  # noqa: ANN401  as given
    """Give a choice whose nests without a dissimilarity have 1, that of the plain logit."""
    plain: dict[str, Any] = dict.fromkeys(nests, default(1))
    if choice is None:
        return Choice(dissimilarity=plain)
    if not isinstance(choice, Choice | dict):
        return choice
    known = choice.dissimilarity if isinstance(choice, Choice) else dict(choice.get("dissimilarity", {}))
    filled = known | {nest: one for nest, one in plain.items() if nest not in known}
    if isinstance(choice, Choice):
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
            dict.fromkeys(name for segment in segments for name in _of(segment, "month_visits") or ())
        ),
    }


def _of(part: Any, name: str) -> Any:  # noqa: ANN401  any field
    return part.get(name) if isinstance(part, Mapping) else getattr(part, name, None)


def _several(value: Any) -> tuple[Any, ...]:  # noqa: ANN401  as given
    return tuple(value) if isinstance(value, tuple | list) else (value,)

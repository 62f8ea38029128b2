"""Numbers, times and people that tests make up; all tests make them here."""

from footfall._model.channel import Step, Verb
from footfall._model.durations import Duration, constant_s
from footfall._model.numbers import Grade, Number, Profile, assumed
from footfall._model.population import Taste
from footfall._model.profiles import constant

_SOURCE = "made up for a test"


def number(value: float) -> Number:
    """Give a number of a test's model."""
    return assumed(value, _SOURCE)


def always(value: float) -> Profile:
    """Give a profile that never changes."""
    return constant(value, Grade.ASSUMED, _SOURCE)


def seconds(value: float) -> Duration:
    """Give a time that never varies."""
    return constant_s(number(value))


def turns(*verbs: Verb, human_s: float = 1.0) -> tuple[Step, ...]:
    """Give a dialogue of single pages."""
    return tuple(Step(verb=verb, human=seconds(human_s), pages=number(1)) for verb in verbs)


INDIFFERENT = Taste(
    per_wait_min=number(0),
    per_access_min=number(0),
    per_yuan=number(0),
    per_trust=number(0),
    per_habit=number(0),
    trust={},
    habit={},
)
"""To whom all channels are alike."""

"""Numbers, times and people that tests make up; all tests make them here."""

from footfall.simulate.spec.base import Profile, constant
from footfall.simulate.spec.channel import Turn, Verb
from footfall.simulate.spec.duration import Duration, constant_s
from footfall.simulate.spec.number import Grade, Number, assumed
from footfall.simulate.spec.people import Taste

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


def turns(*verbs: Verb, human_s: float = 1.0) -> tuple[Turn, ...]:
    """Give a dialogue of single pages."""
    return tuple(Turn(verb=verb, human=seconds(human_s), pages=number(1)) for verb in verbs)


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

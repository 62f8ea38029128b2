"""What the published hotlines have in common: hours of work, and one group of agents without an IVR."""

from footfall._model.numbers import Grade, Profile
from footfall._model.profiles import profile

HOURS = 24


def by_hour(values: list[float], opens_h: int, afterwards: float, source: str) -> Profile:
    """Give the hours of a working day that begins at `opens_h`, and one value for all other hours."""
    before, after = [afterwards] * opens_h, [afterwards] * (HOURS - opens_h - len(values))
    return profile([*before, *values, *after], Grade.PUBLIC, source)

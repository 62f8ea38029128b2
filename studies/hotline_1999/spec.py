"""What is the same in every month of a hotline: its rules, and how its agents and callers behave."""

import hashlib
from bisect import bisect_right
from datetime import date
from typing import Self

from pydantic import model_validator

from footfall._model.numbers import (
    HOUR_S,
    CountFromOne,
    Grade,
    NonNegative,
    Number,
    Positive,
    Share,
    Spec,
    assumed,
)

Row = tuple[float, ...]


class Pauses(Spec):
    """How long an agent is away after a call: rates of coming back, by the seconds since the call.

    The rate of a pause is fixed at the end of the call before it: by the time of day, by how many wait whom
    the agent could serve, by how much of the last hour somebody waited, and by the agent.
    """

    from_s: Row
    """Seconds since the call at which a rate begins; the first is 0."""
    waiting_from: tuple[int, ...]
    """Least number waiting at the end of the call, for each row of rates after the first."""
    day_per_s: tuple[Row, ...]
    """Before the evening: a row for each class of waiting, a rate for each of `from_s`."""
    evening_per_s: tuple[Row, ...]
    queue_share_from: Row
    """Share of the last hour in which somebody waited, at which each factor after the first begins."""
    short_factors: Row
    """By queue share, for rates that begin before `short_below_s`."""
    long_factors: Row
    """By queue share, for the others."""
    hours_from: Row
    """Hours of the day at which each factor after the first begins."""
    hour_short_factors: Row
    """By time of day, as `short_factors`."""
    hour_long_factors: Row
    short_below_s: float
    agents: dict[str, tuple[float, float]]
    """By agent: factor of the short and of the long rates; who is not here has 1."""
    grade: Grade
    source: str

    @model_validator(mode="after")
    def _tables_fit(self) -> Self:
        classes = len(self.waiting_from) + 1
        for name, rows in (("day_per_s", self.day_per_s), ("evening_per_s", self.evening_per_s)):
            if len(rows) != classes or any(len(row) != len(self.from_s) for row in rows):
                msg = f"{name} has {classes} rows of {len(self.from_s)} rates"
                raise ValueError(msg)
        if {len(self.short_factors), len(self.long_factors)} != {len(self.queue_share_from) + 1}:
            msg = f"short_factors and long_factors have {len(self.queue_share_from) + 1} values"
            raise ValueError(msg)
        if {len(self.hour_short_factors), len(self.hour_long_factors)} != {len(self.hours_from) + 1}:
            msg = f"hour_short_factors and hour_long_factors have {len(self.hours_from) + 1} values"
            raise ValueError(msg)
        return self

    def rates_per_s(
        self, agent: str, at_s: float, waiting: int, queue_share: float, *, evening: bool
    ) -> list[float]:
        """Rates of coming back after a call that ended at a second of the day, one for each of `from_s`."""
        rows = self.evening_per_s if evening else self.day_per_s
        row = rows[bisect_right(self.waiting_from, waiting)]
        load = bisect_right(self.queue_share_from, queue_share)
        short, long = self.agents.get(agent, (1.0, 1.0))
        hour = bisect_right(self.hours_from, at_s / HOUR_S)
        short *= self.short_factors[load] * self.hour_short_factors[hour]
        long *= self.long_factors[load] * self.hour_long_factors[hour]
        return [
            rate * (short if from_s < self.short_below_s else long)
            for from_s, rate in zip(self.from_s, row, strict=True)
        ]


class Flood(Spec):
    """A half hour in which everybody calls at once: a breakdown elsewhere, told in a sentence.

    Its calls are far shorter and its callers far less patient than at other times.
    """

    kind: str
    """Calls of this kind are a class of their own then."""
    times_usual: Positive
    """Calls of the half hour over the median of that half hour in the month, at least."""
    more_than_usual: NonNegative
    """Calls beyond the median, at least."""
    kind_share: Share
    """Share of that kind among them, at least."""


class Hotline(Spec):
    """The structure of a hotline; everything else is read from the month's records."""

    name: str
    title: str
    holidays: tuple[date, ...] = ()
    """Known beforehand; by them and the weekday a forecast decides which days are of work."""
    opens_s: NonNegative
    closes_s: Positive
    evening_from_s: NonNegative
    """From here on callers and agents count as a part of the day of their own."""
    on_duty_gap_s: Positive
    """An agent is on duty from one call to the next where at most this lies between."""
    short_service_s: NonNegative = assumed(0, "no service is too short to be one unless set")
    """Shorter services are load, but no conversations: where a law is fitted, they stand beside it."""
    priority_credit_s: NonNegative
    """A customer of priority counts as having come this much earlier."""
    credit_s: dict[str, Number]
    """By kind of call: counts as having come this much earlier; less than 0: later."""
    called_back_kind: str
    """Calls that agents begin themselves: ahead of all others, and hardly ever on hold."""
    held_share: Share
    """Share of those, begun while no agent is free, that are put on hold at all."""
    not_measured: tuple[str, ...]
    """Kinds that occupy agents but are no part of the figures."""
    rare_kinds: tuple[str, ...]
    """Kinds too rare to tell by a day's calls who serves them: the month's do."""
    place_from: tuple[int, ...]
    """Number waiting on arrival at which each class of patience after the first begins: callers are told."""
    comes_early_s: NonNegative
    """An agent comes up to this much before the shift when somebody waits."""
    comes_late_s: NonNegative
    """Without anybody waiting, up to this much after."""
    flood: Flood
    hurry_from: tuple[int, ...] = ()
    """Number still waiting when a service begins, at which each factor after the first begins."""
    hurry: tuple[Number, ...] = (assumed(1, "nobody hurries"),)
    """Length of a service over the usual one, by who still waits."""
    pauses: Pauses
    replications: CountFromOne
    """Independent days simulated for each recorded one."""

    @model_validator(mode="after")
    def _hurry_fits(self) -> Self:
        if len(self.hurry) != len(self.hurry_from) + 1:
            msg = f"hurry has {len(self.hurry_from) + 1} factors"
            raise ValueError(msg)
        return self

    def hurry_at(self, waiting: int) -> float:
        """Length of a service over the usual one when so many still wait."""
        return self.hurry[bisect_right(self.hurry_from, waiting)]

    def fingerprint(self) -> str:
        """Give the sha256 of all that the hotline says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

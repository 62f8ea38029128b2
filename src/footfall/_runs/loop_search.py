"""A search for the capacity, and after it one load that was fixed before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from footfall._capacity.capacity_found import CapacityFound
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._runs.capacity import CapacitySearch

_TRIES_MOST = 2
"""Of the load after the search, where the first is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchThenLoad:
    """Decides as the search does, and plays one more load when that has ended: a search's `Decider`."""

    after: PlannedStep
    """Its number does not matter."""
    on_after: Callable[[], None] = lambda: None
    """Called before it is played."""

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        """Return the next step of the search, or the load after it; None: it has been played."""
        tries = [one for one in played if one.planned.purpose == self.after.purpose]
        if len(tries) >= _TRIES_MOST or any(not one.invalid_reason for one in tries):
            return None
        following = None if tries else CapacitySearch().next_step(played, asked, spent_s)
        if following is not None:
            return following
        if not tries:
            self.on_after()
        return replace(self.after, number=len(played) + 1)

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        """Return what the steps of the search show, without the load after it."""
        own = [one for one in played if one.planned.purpose != self.after.purpose]
        return CapacitySearch().findings(own, asked)

"""Months: habit, trust and awareness move, provinces are upgraded, and the choice is the model's own.

No events and no queues: difference equations per province and segment, in many futures at once.
"""

from footfall.simulate.adoption.months import AdoptionResult, adopt, over_months
from footfall.simulate.adoption.world import World, world

__all__ = ["AdoptionResult", "World", "adopt", "over_months", "world"]

"""Laws that every simulated day must obey, whatever its model: two accounts of the same thing, held together.

The stations count for themselves, the customers tell their own times, and the visits are a third
account. A run in which they differ is not to be trusted, and ends.
"""

from footfall.simulate.laws.counts import Account, Book, Counts, Shift
from footfall.simulate.laws.held import LawsHeld, hold

__all__ = ["Account", "Book", "Counts", "LawsHeld", "Shift", "hold"]

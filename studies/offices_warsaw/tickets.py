"""Who came to a queue, from what its display said: ticket numbers, and how many wait."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from math import ceil

import numpy as np

from studies.offices_warsaw.records import Counts, Floats, QueueDay


def arrived(day: QueueDay, called_most_per_s: float) -> Counts:
    """Customers who came since the look before; of the first look, those who wait already.

    Who came are who were called and by how many more wait. A queue that shrinks while the display stands
    still was served all the same: such debts are taken off the next arrivals.
    """
    came = called(day, called_most_per_s)
    came[0] = day.waiting[0]
    came[1:] += np.diff(day.waiting)
    so_far = np.maximum.accumulate(np.cumsum(came))
    found: Counts = np.diff(np.round(so_far), prepend=0.0).astype(np.int64)
    return found


def called(day: QueueDay, called_most_per_s: float) -> Floats:
    """Customers called since the look before, without what the display cannot mean.

    A number may jump by no more than the open counters can call. What is over was called since the number
    before came up: the display had stood still. Over at the first number of a day it was never called
    there: the numbers went on from the day before, or began in another queue.
    """
    found = day.called.copy()
    found[0] = 0.0
    last = 0
    for k in range(1, found.size):
        if day.tickets[k] == day.tickets[k - 1]:
            continue
        counters = max(day.counters[k], day.counters[k - 1], 1)
        most = ceil(counters * (day.at_s[k] - day.at_s[k - 1]) * called_most_per_s)
        over = found[k] - most
        if over > 0:
            found[k] = most
            if day.tickets[k - 1]:
                spans_s = np.diff(day.at_s[last : k + 1])
                found[last + 1 : k + 1] += over * spans_s / spans_s.sum()
        last = k
    return found


def sharing_numbers(days: Iterable[QueueDay]) -> set[str]:
    """Names of queues whose ticket numbers run through other queues of their office and letter, too.

    Each of those counts the others' customers. Queues that count for themselves come to show the same
    ticket on the same day; queues of one row of numbers never do.
    """
    shown: dict[tuple[str, str], dict[str, set[tuple[int, str]]]] = defaultdict(lambda: defaultdict(set))
    for day in days:
        own = {ticket for ticket in day.tickets if day.letter and ticket.startswith(day.letter)}
        if own:
            shown[day.office, day.letter][day.name] |= {(day.day.toordinal(), ticket) for ticket in own}
    return {
        name
        for queues in shown.values()
        for pair in combinations(queues, 2)
        if not queues[pair[0]] & queues[pair[1]]
        for name in pair
    }

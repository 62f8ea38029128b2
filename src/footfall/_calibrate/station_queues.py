"""Stations with one queue in order of arrival before all slots, many columns in step."""

from collections.abc import Sequence
from math import inf

import numpy as np

from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, StationParameters
from footfall._calibrate.station_runs import Booleans, Ends, RequestEnd
from footfall._calibrate.working_clock import WorkingClock

_SERVED, _REFUSED = np.int8(RequestEnd.SERVED), np.int8(RequestEnd.REFUSED)
_DEADLINE, _QUEUE_TIMEOUT = np.int8(RequestEnd.DEADLINE), np.int8(RequestEnd.QUEUE_TIMEOUT)
_INSTANT_S = 1e-9
"""A slot that becomes free at the very end of the longest wait is in time, as in the simulation of a day."""


class FifoColumns:
    """The state of the stations while requests come row by row; times are those of the working clock.

    A slot that a deadline frees during a stall counts as free from the beginning of that stall: that matters
    only to who finds the accept queue full meanwhile.
    """

    def __init__(self, stations: Sequence[StationParameters], clock: WorkingClock | None, rows: int) -> None:
        """Start with all slots free."""
        self._clock = clock
        columns = len(stations)
        # With as many slots as requests none ever waits: such a column has slots that are always free.
        self._is_endless = np.array([s.slots >= min(SLOTS_UNLIMITED, rows) for s in stations])
        slots = np.where(self._is_endless, 1, [min(s.slots, rows) for s in stations])
        most = int(slots.max(initial=1))
        self._free = np.where(np.arange(most + 1)[:, None] < slots, -inf, inf)
        queue = np.array([s.accept_queue for s in stations])
        self._has_bound = queue < rows
        self._any_bound = bool(self._has_bound.any())
        self._any_endless = bool(self._is_endless.any())
        self._none = np.zeros(columns, dtype=np.bool_)
        self._served = np.full(columns, _SERVED)
        self._places = np.where(self._has_bound, queue, 1).astype(np.int64)
        self._has_places = bool((self._has_bound & (queue > 0)).any())
        self._ring = int(self._places[self._has_bound].max(initial=0)) + 1
        self._accepted = np.zeros(columns, dtype=np.int64)
        self._column = np.arange(columns)
        self._begins = np.full((self._ring, columns), -inf)
        self._leaves = np.full((self._ring, columns), -inf)
        self._deadline_s = np.array([s.deadline_s for s in stations])
        self._longest_wait_s = np.array([s.queue_timeout_s for s in stations])
        self._has_deadline = bool((self._deadline_s < inf).any())
        self._has_limit = self._has_deadline or bool((self._longest_wait_s < inf).any())
        self._cuts = np.array([s.stale_work == "cut" for s in stations])
        self._serves_stale = np.array([s.stale_work == "served" for s in stations])
        self._leaves_after_s = np.minimum(np.where(self._cuts, self._deadline_s, inf), self._longest_wait_s)

    def take(self, sent_s: Floats, came: Floats, work_s: Floats) -> tuple[Floats, Ends]:
        """Take a row of requests, one a column; gives response times and ends.

        `came` is `sent_s` on the working clock; both `inf` where a column has no more requests.
        """
        first = self._free[0]
        begins = np.maximum(came, first)
        refused = self._refused(sent_s, came, begins) if self._any_bound else self._none
        if self._has_limit:
            return self._take_within_limits(sent_s, work_s, begins, refused)
        ends = begins + work_s
        if not self._any_bound:
            self._occupy(ends)
            return self._at(ends) - sent_s, self._served
        self._occupy(np.where(refused, first, ends))
        return np.where(refused, 0.0, self._at(ends) - sent_s), np.where(refused, _REFUSED, _SERVED)

    def _take_within_limits(
        self, sent_s: Floats, work_s: Floats, begins: Floats, refused: Booleans
    ) -> tuple[Floats, Ends]:
        wait_s = self._at(begins) - sent_s
        left = wait_s > self._longest_wait_s + _INSTANT_S
        is_stale = wait_s >= self._deadline_s
        begun = ~(refused | left | (is_stale & ~self._serves_stale))
        ends = begins + work_s
        response_s = self._at(ends) - sent_s
        is_late = (response_s > self._deadline_s) | is_stale
        holds_until = ends
        if self._has_deadline:
            cut_at = self._working(sent_s + self._deadline_s)
            holds_until = np.where(self._cuts & is_late, np.minimum(ends, cut_at), ends)
        self._occupy(np.where(begun, holds_until, self._free[0]))
        response_s = np.minimum(response_s, self._deadline_s)
        end = np.where(is_late, _DEADLINE, _SERVED)
        timed_out = left & (self._longest_wait_s < self._deadline_s)
        end = np.where(timed_out, _QUEUE_TIMEOUT, end)
        end = np.where(left & ~timed_out, _DEADLINE, end)
        response_s = np.where(left, np.minimum(self._longest_wait_s, self._deadline_s), response_s)
        return np.where(refused, 0.0, response_s), np.where(refused, _REFUSED, end)

    def _refused(self, sent_s: Floats, came: Floats, begins: Floats) -> Booleans:
        """Whether the accept queue is full, and note the begin of those that it takes."""
        refused = (begins > came) & self._has_bound
        if self._has_places:
            oldest = (self._accepted - self._places) % self._ring
            waiting = self._begins[oldest, self._column] > came
            waiting &= self._leaves[oldest, self._column] > sent_s
            refused &= (self._places == 0) | waiting
            here = self._accepted % self._ring
            self._begins[here, self._column] = begins
            self._leaves[here, self._column] = sent_s + self._leaves_after_s
            self._accepted += ~refused
        return refused

    def _occupy(self, until: Floats) -> None:
        """Put a slot's next free time in place of the first; the first itself changes nothing."""
        if self._any_endless:
            until = np.where(self._is_endless, -inf, until)
        free = self._free
        np.maximum(free[:-1], np.minimum(until, free[1:]), out=free[:-1])

    def _at(self, working: Floats) -> Floats:
        return working if self._clock is None else self._clock.at_s(working)

    def _working(self, at_s: Floats) -> Floats:
        return at_s if self._clock is None else self._clock.working_s(at_s)

"""SimPy in script style: one generator a customer, resumed at once; only timed events are queued.

A script yields the seconds that it sleeps, or `PARKED` when another script will wake it. A free server
is granted by a plain call rather than by an event of zero delay, so the order of things at one
instant is a rule and not an accident of the event queue: release, grant the next, result of the one
who leaves, their choice.
"""

import gc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from heapq import heappop
from typing import Any

import simpy
from simpy.events import NORMAL, Event

PARKED = None
"""What a script yields to sleep until it is resumed."""

Body = Generator[float | None, Any, Any]


class Environment(simpy.Environment):
    """SimPy's environment with its loop unrolled; ordinary SimPy processes run on it as on SimPy's own.

    A day has six million events: a call less for each is a tenth of its time.
    """

    def run_to(self, until_s: float) -> None:
        """Process all events up to a time (those at that very instant not), and set the clock to it."""
        queue, pop = self._queue, heappop
        while queue and queue[0][0] < until_s:
            self._now, _, _, event = pop(queue)
            callbacks = event.callbacks
            event.callbacks = None  # type: ignore[assignment]  # as SimPy marks an event that is over
            for callback in callbacks:
                callback(event)
            if not event._ok and not event.defused:  # noqa: SLF001  SimPy's loop reads it so
                raise event._value  # noqa: SLF001  a failed event holds its error
        self._now = until_s

    def count_events(self) -> int:
        """Give the number of events scheduled so far; it can be asked once, at the end."""
        return next(self._eid)


class Timer(Event):
    """A SimPy event that does one call when its time comes; cheaper than `Timeout`, and never fails."""

    __slots__ = ("callbacks", "target")
    _ok = True
    _value = None

    def __init__(self, target: Callable[[], object]) -> None:  # super() would only make what is not used
        """Make a timer for a call; `after` starts it."""
        self.target = target


def _fire(event: Any) -> None:  # noqa: ANN401  SimPy hands the event over untyped
    event.target()


_FIRE: list[Callable[[Any], None]] = [_fire]


def after(env: simpy.Environment, delay_s: float, call: Callable[[], object]) -> None:
    """Call `call()` after `delay_s` seconds of simulated time."""
    timer = Timer(call)
    timer.callbacks = _FIRE
    env.schedule(timer, NORMAL, delay_s)


class Script(Event):
    """A generator that runs on a SimPy environment, resumed synchronously.

    It is itself the event of its one sleep, queued again and again.
    """

    __slots__ = ("_schedule", "_send", "callbacks")
    _ok = True
    _value = None

    def __init__(self, env: simpy.Environment, body: Body) -> None:  # super() as in `Timer`
        """Take the generator; it does not run before `resume`."""
        self._schedule = env.schedule
        self._send = body.send

    def resume(self, value: object = None) -> None:
        """Run on to the next sleep, handing `value` to the `yield` that slept."""
        try:
            delay_s = self._send(value)
        except StopIteration:
            return
        if delay_s is not None:
            self.callbacks = _RESUME
            self._schedule(self, NORMAL, delay_s)


_RESUME: list[Callable[[Any], None]] = [Script.resume]


@contextmanager
def without_cycle_search() -> Iterator[None]:
    """Switch Python's cyclic garbage collector off for a run, whose objects form no cycles.

    It would walk the millions of waiting numbers again and again: half of a day's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

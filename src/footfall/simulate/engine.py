"""SimPy in script style: one generator a customer, resumed at once; only timed events are queued.

A script yields the seconds that it sleeps, or `PARKED` when another script will wake it. A free server
is granted by a plain call rather than by an event of zero delay, so the order of things at one
instant is a rule and not an accident of the event queue: release, grant the next, result of the one
who leaves, their choice.
"""

import gc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import simpy
from simpy.events import NORMAL, Event

PARKED = None
"""What a script yields to sleep until it is resumed by somebody."""

Body = Generator[float | None, Any, Any]


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


_CALLBACKS = [_fire]


def after(env: simpy.Environment, delay_s: float, call: Callable[[], object]) -> None:
    """Call `call()` after `delay_s` seconds of simulated time."""
    timer = Timer(call)
    timer.callbacks = _CALLBACKS
    env.schedule(timer, NORMAL, delay_s)


class Script:
    """A generator that runs on a SimPy environment, resumed synchronously."""

    __slots__ = ("_env", "_send", "_timer")

    def __init__(self, env: simpy.Environment, body: Body) -> None:
        """Take the generator; it does not run before `resume`."""
        self._env = env
        self._send = body.send
        self._timer = Timer(self.resume)

    def resume(self, value: object = None) -> None:
        """Run on to the next sleep, handing `value` to the `yield` that slept."""
        try:
            delay_s = self._send(value)
        except StopIteration:
            del self._timer  # it refers back to the script: without it, reference counting frees both
            return
        if delay_s is not None:
            timer = self._timer
            timer.callbacks = _CALLBACKS
            self._env.schedule(timer, NORMAL, delay_s)


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

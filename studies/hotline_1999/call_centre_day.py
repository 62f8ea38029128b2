"""One day of the hotline at work: callers come as recorded, agents as the roster says, on a SimPy clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._model.numbers import DAY_S
from footfall._simulate.engine import Body, Environment, Script, after
from studies.hotline_1999.agent import Agent, State
from studies.hotline_1999.classes import is_evening, part_of_day, place_class
from studies.hotline_1999.inputs import NOBODY_NAMED, MonthInputs
from studies.hotline_1999.line import Line
from studies.hotline_1999.records import NOT_RECORDED, RecordedDay
from studies.hotline_1999.spec import Hotline
from studies.hotline_1999.waiting import QueueShare

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_NUMBERS_A_DAY = 1_000_000
_AGENTS_FROM = 900_000
_HORIZON_S = 2 * DAY_S


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a day is simulated from."""

    day: RecordedDay
    kinds: tuple[str, ...]
    """Of each call, floods as a kind of their own."""
    shifts: Mapping[str, list[tuple[float, float]]]
    """By agent: seconds of coming and leaving."""
    skills: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class PredictedDay:
    """What became of each call, in the order of the recorded day."""

    waited_s: Floats
    waited: Bools
    abandoned: Bools
    calls: tuple[tuple[str, float, float, int], ...]
    """Agent, begin, end and number of the call."""


class CallCentreDay:
    """Agents and waiting callers of one day; `run` it once."""

    def __init__(
        self, hotline: Hotline, inputs: MonthInputs, plan: Plan, seed: int, replication: int
    ) -> None:
        """Draw all that depends on the call alone; nothing happens before `run`."""
        self._hotline, self._inputs, self._plan = hotline, inputs, plan
        self._env = Environment()
        run = keyed.run_key(seed, replication)
        first = plan.day.day.toordinal() * _NUMBERS_A_DAY
        calls = len(plan.kinds)
        keys = keyed.customer_keys(run, first + np.arange(calls, dtype=np.int64))
        self._service_u = keyed.uniforms(keys, "service").tolist()
        self._patience_u = keyed.uniforms(keys, "patience").tolist()
        self._hold_u = keyed.uniforms(keys, "hold").tolist()
        self._credit_s = self._credits(keyed.uniforms(keys, "priority"))
        self._line = Line()
        self._queue_share = QueueShare()
        self._agents = {
            name: Agent(name, plan.skills[name], keyed.customer_key(run, first + _AGENTS_FROM + k))
            for k, name in enumerate(sorted(plan.shifts))
        }
        self._free: list[Agent] = []
        self._expected: dict[str, Agent] = {}
        self._waited_s = np.zeros(calls)
        self._waited = np.zeros(calls, dtype=bool)
        self._abandoned = np.zeros(calls, dtype=bool)
        self._served = np.zeros(calls, dtype=bool)
        self._calls: list[tuple[str, float, float, int]] = []

    def run(self) -> PredictedDay:
        """Let everybody come, until the last has left.

        Raises:
            ValueError: a call was neither served nor abandoned, or both.
        """
        for name, spans in self._plan.shifts.items():
            self._plan_shifts(self._agents[name], spans)
        Script(self._env, self._doorman()).resume()
        self._env.run_to(_HORIZON_S)
        if (self._served == self._abandoned).any():
            msg = f"{self._plan.day.day}: a call ended in no state, or in two"
            raise ValueError(msg)
        self._forget_what_was_not_on_hold()
        return PredictedDay(self._waited_s, self._waited, self._abandoned, tuple(self._calls))

    def _credits(self, priority_u: Floats) -> list[float]:
        hotline, day = self._hotline, self._plan.day
        found = []
        for kind, recorded, u in zip(day.kinds, day.priority, priority_u, strict=True):
            has = recorded == 1 or (
                recorded == NOT_RECORDED and u < self._inputs.priority_shares.get(kind, 0.0)
            )
            credit_s = float(hotline.credit_s.get(kind, 0.0)) + (hotline.priority_credit_s if has else 0.0)
            found.append(DAY_S if kind == hotline.called_back_kind else credit_s)
        return found

    def _plan_shifts(self, agent: Agent, spans: list[tuple[float, float]]) -> None:
        early_s, late_s = float(self._hotline.comes_early_s), float(self._hotline.comes_late_s)
        left_s = -np.inf
        for begins_s, ends_s in spans:
            half_gap_s = (begins_s - left_s) / 2
            expected_s = max(0.0, begins_s - min(early_s, half_gap_s))
            after(self._env, expected_s, partial(self._expect, agent))
            after(self._env, begins_s + min(late_s, (ends_s - begins_s) / 2), partial(self._come, agent))
            after(self._env, ends_s, partial(self._leave, agent))
            left_s = ends_s

    def _doorman(self) -> Body:
        for n, at_s in enumerate(self._plan.day.arrived_s.tolist()):
            if at_s > self._env.now:
                yield at_s - self._env.now
            self._call(n)

    def _call(self, n: int) -> None:
        kind = self._plan.day.kinds[n]
        found = self._line.waiting
        for agent in self._free:
            if kind in agent.skills:
                self._free.remove(agent)
                self._serve(agent, n)
                return
        now_s = self._env.now
        self._waited[n] = True
        self._line.join(n, kind, now_s - self._credit_s[n], seen=self._is_on_hold(n))
        self._queue_share.note(now_s, somebody=self._line.waiting > 0)
        for agent in [agent for agent in self._expected.values() if kind in agent.skills]:
            self._come(agent)
            if not self._line.has(n):
                return
        place = place_class(self._hotline, found)
        patience = self._inputs.patience_of(
            self._plan.kinds[n], place, evening=is_evening(self._hotline, now_s)
        )
        after(self._env, patience.at(self._patience_u[n]), partial(self._lose_patience, n))

    def _lose_patience(self, n: int) -> None:
        if self._line.has(n):
            self._line.take_out(n)
            self._note_wait(n)
            self._abandoned[n] = True

    def _note_wait(self, n: int) -> None:
        now_s = self._env.now
        self._waited_s[n] = now_s - self._plan.day.arrived_s[n]
        self._queue_share.note(now_s, somebody=self._line.waiting > 0)

    def _serve(self, agent: Agent, n: int) -> None:
        now_s = self._env.now
        self._served[n] = True
        part = part_of_day(self._hotline, self._plan.day.arrived_s[n])
        seconds = self._inputs.service_s(self._plan.kinds[n], part, self._service_u[n])
        if seconds == NOBODY_NAMED:
            self._be_free(agent)
            return
        seconds *= self._inputs.paces.get(agent.name, 1.0) * self._hotline.hurry_at(self._line.waiting)
        agent.state = State.ON_CALL
        self._calls.append((agent.name, now_s, now_s + seconds, n))
        after(self._env, seconds, partial(self._end_call, agent))

    def _end_call(self, agent: Agent) -> None:
        waiting = self._line.waiting_for(agent.skills)
        if agent.is_leaving and not (waiting and self._is_last(agent)):
            agent.go()
            return
        now_s = self._env.now
        share = self._queue_share.at(now_s)
        pauses, evening = self._hotline.pauses, is_evening(self._hotline, now_s)
        rates = pauses.rates_per_s(agent.name, now_s, waiting, share, evening=evening)
        agent.pauses += 1
        away_s = pause_s(pauses.from_s, rates, keyed.uniform(agent.key, "pause", 1, agent.pauses))
        agent.state = State.AWAY
        after(self._env, away_s, partial(self._come_back, agent, agent.pauses))

    def _come_back(self, agent: Agent, pause: int) -> None:
        if agent.state is State.AWAY and agent.pauses == pause:
            self._be_free(agent)

    def _be_free(self, agent: Agent) -> None:
        """Take who waits longest, credits counted; else wait for a call."""
        n = self._line.next_for(agent.skills)
        if n is not None:
            self._note_wait(n)
            self._serve(agent, n)
        elif agent.is_leaving:
            agent.go()
        else:
            agent.state = State.FREE
            self._free.append(agent)

    def _expect(self, agent: Agent) -> None:
        if agent.state is State.OFF:
            if self._line.waiting_for(agent.skills):
                self._come(agent)
            else:
                self._expected[agent.name] = agent

    def _come(self, agent: Agent) -> None:
        self._expected.pop(agent.name, None)
        agent.is_leaving = False
        if agent.state is State.OFF:
            self._be_free(agent)

    def _leave(self, agent: Agent) -> None:
        self._expected.pop(agent.name, None)
        if agent.state is State.FREE:
            self._free.remove(agent)
            agent.go()
        elif agent.state is State.ON_CALL or (agent.state is State.AWAY and self._is_last(agent)):
            agent.is_leaving = True
        else:
            agent.go()

    def _is_last(self, agent: Agent) -> bool:
        """Whoever closes stays until nobody waits."""
        return not any(
            other.state is not State.OFF and not other.is_leaving
            for other in self._agents.values()
            if other is not agent
        )

    def _is_on_hold(self, n: int) -> bool:
        is_own = self._plan.day.kinds[n] == self._hotline.called_back_kind
        return not is_own or self._hold_u[n] < self._hotline.held_share

    def _forget_what_was_not_on_hold(self) -> None:
        """Agents begin calls back when they are free: only held ones wait, and nobody leaves the others."""
        for n in np.flatnonzero(self._waited).tolist():
            if not self._is_on_hold(n):
                self._waited[n], self._waited_s[n], self._abandoned[n] = False, 0.0, False


def pause_s(from_s: tuple[float, ...], rates_per_s: list[float], u: float) -> float:
    """Seconds at which the integral of the rate, constant by parts, reaches -ln u."""
    left = -log(u)
    for k, rate in enumerate(rates_per_s):
        ends_s = from_s[k + 1] if k + 1 < len(from_s) else np.inf
        if left <= rate * (ends_s - from_s[k]):
            return from_s[k] + left / rate
        left -= rate * (ends_s - from_s[k])
    return from_s[-1]

"""A plain search by doubling and bisection, with short steps: for tests of what plays the steps."""

from collections.abc import Sequence

from footfall._capacity.capacity_found import CapacityFound, JudgedStep, RateEstimate
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.step_figures import broken_by


class PlainSearch:
    """Doubles the rate until a step breaks a criterion, then halves the interval a few times."""

    def __init__(self, start_per_s: float, length_s: float = 1.0, steps_most: int = 4) -> None:
        """Begin at a rate; all steps have one length."""
        self.start_per_s = start_per_s
        self.length_s = length_s
        self.steps_most = steps_most

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        """Return the next step; None after the last, or when the budget is spent."""
        number = len(played) + 1
        if number > self.steps_most or spent_s >= asked.budget_s:
            return None
        low, high = self._bracket(played, asked)
        rate = (low * 2 or self.start_per_s) if high is None else (low + high) / 2
        return PlannedStep(
            number=number,
            offered_per_s=rate,
            length_s=self.length_s,
            purpose="explore" if played else "unloaded",
            under_way_most=200,
            drain_s=2.0,
        )

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        """Return the middle of the bracket, if there is one."""
        low, high = self._bracket(played, asked)
        is_bound = bool(played) and bool(played[-1].generator.bound_by)
        knee = None if high is None or not low else RateEstimate(value=(low + high) / 2, low=low, high=high)
        steps = tuple(self._judged(step, asked) for step in played)
        return CapacityFound(
            knee=knee,
            plateau=None,
            beyond="unknown",
            limited_by="generator" if is_bound else "service" if knee else "budget",
            flags=(),
            held_per_s=low,
            criteria=asked.criteria,
            sentences=(),
            steps=steps,
        )

    @staticmethod
    def _judged(step: PlayedStep, asked: CapacityAsked) -> JudgedStep:
        broken = broken_by(step, asked.criteria)
        if step.invalid_reason:
            return JudgedStep(number=step.planned.number, verdict="invalid")
        return JudgedStep(
            number=step.planned.number,
            verdict="broken" if broken else "holds",
            broken=(broken,) if broken else (),
        )

    def _bracket(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> tuple[float, float | None]:
        low, high = 0.0, None
        for step in played:
            if step.invalid_reason:
                continue
            if broken_by(step, asked.criteria):
                high = min(step.planned.offered_per_s, high or step.planned.offered_per_s)
            else:
                low = max(step.planned.offered_per_s, low)
        return low, high

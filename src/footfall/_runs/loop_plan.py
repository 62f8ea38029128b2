"""How the budget of a loop is divided among its phases, and how long the runs are that verify it."""

from dataclasses import dataclass

from footfall._records.errors import BadInputError
from footfall._runs.capacity_target import BUDGET_S_LEAST, BUDGET_S_MOST

LOOP_BUDGET_S, LOOP_BUDGET_S_LEAST = 900.0, 75.0
BEYOND_SHARE, OUTAGE_SHARE = 1.4, 0.6
"""Of the predicted capacity: the load beyond it, and the load during which the outage comes."""
FROM_SHARE, TO_SHARE, UNTIL_SHARE = 0.3, 0.4, 0.5
"""Of the run with the outage: when it begins, when it ends, and when all who were held back have come."""

LOADS, LEARN, PREDICT, KNEE, BEYOND, OUTAGE, VERIFY = (
    *("loads", "learn", "predict", "knee", "beyond", "outage", "verify"),
)
TITLES = {
    LOADS: "Low and middle loads",
    LEARN: "What they teach",
    PREDICT: "Prediction, before any further run",
    KNEE: "Capacity, measured",
    BEYOND: "A load beyond it, measured",
    OUTAGE: "An outage, measured",
    VERIFY: "Prediction against measurement",
}
"""In their order, each as people read it."""
_SHARES = {LOADS: 0.26, LEARN: 0.05, PREDICT: 0.07, KNEE: 0.4, BEYOND: 0.08, OUTAGE: 0.12, VERIFY: 0.02}
_RUN_S = {BEYOND: (8.0, 60.0), OUTAGE: (12.0, 90.0)}
_AROUND_S = {BEYOND: 4.0, OUTAGE: 9.0}
"""Wall time that such a run takes beyond its arrivals: start of a generator, customers still under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBudget:
    """What one phase may take."""

    name: str
    budget_s: float
    """Of wall time."""
    run_s: float | None = None
    """Length of its run, where it has one of a length known before."""


def phase_budgets(
    budget_s: float, spent_s: float = 0.0, done: frozenset[str] = frozenset()
) -> list[PhaseBudget]:
    """Divide what is left of a budget among the phases that are not done yet.

    The search for the capacity has at least what a search needs, whatever is left.
    """
    todo = {name: share for name, share in _SHARES.items() if name not in done}
    left_s = max(budget_s - spent_s, 0.0)
    found = []
    for name, share in todo.items():
        own_s = left_s * share / sum(todo.values())
        run_s = None
        if name in _RUN_S:
            least_s, most_s = _RUN_S[name]
            run_s = round(min(max(own_s - _AROUND_S[name], least_s), most_s), 1)
        found.append(
            PhaseBudget(name=name, budget_s=max(own_s, BUDGET_S_LEAST if name == KNEE else 0.0), run_s=run_s)
        )
    return found


def check_budget(budget_s: float) -> None:
    """See that a loop is possible within a budget.

    Raises:
        BadInputError: it is not.
    """
    if not LOOP_BUDGET_S_LEAST <= budget_s <= BUDGET_S_MOST:
        expected = f"{LOOP_BUDGET_S_LEAST:g}s to a day; 5min does for most services"
        raise BadInputError("--budget", f"{budget_s:g} s is out of range", expected)

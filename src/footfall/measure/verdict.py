"""Pass, fail, undecided or invalid: one judgement, and what many amount to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """What a criterion, or a run, comes to."""

    PASS = "pass"  # noqa: S105 - the name of a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"
    """Too few samples to tell. Never a pass."""
    INVALID = "invalid"
    """The run cannot be trusted, whatever its figures say. Never a pass."""


EXIT_CODES: Mapping[Verdict, int] = MappingProxyType(
    {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3, Verdict.INVALID: 3}
)
GRAVEST_FIRST = (Verdict.INVALID, Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS)
"""Which of several verdicts stands for all of them."""
USAGE_EXIT_CODE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One criterion held against the evidence."""

    criterion: str
    """The line as it was written."""
    verdict: Verdict
    reason: str
    """One sentence for a reader who has not seen the criterion's grammar."""
    value: float | None = None
    """What was found, in `unit`."""
    low: float | None = None
    high: float | None = None
    """95 % bounds of the value, where it has any."""
    bound: float | None = None
    """What it was held against, in `unit`."""
    unit: str = ""
    """`share` (0..1) or `s`."""
    n: int = 0
    """Samples that the value rests on."""
    validity: bool = False
    """It asks whether the run can be trusted at all, hence beats every other criterion."""
    decisive: bool = False
    """It ended the run, so that nothing else can be asked of it: a failure beats even broken validity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict on a whole run, and the criteria that brought it about."""

    verdict: Verdict
    reason: str


def decide(judgements: Sequence[Judgement]) -> Decision:
    """The verdict on a run: invalid before fail, fail before undecided, undecided before pass.

    A run is invalid where a criterion of validity does not pass. Only a failure that ended the run itself
    comes before that: what was not sent afterwards is its doing. Nothing judged is invalid.
    """
    if not judgements:
        return Decision(verdict=Verdict.INVALID, reason="nothing was judged")
    by_verdict = {each: [j for j in judgements if j.verdict is each] for each in Verdict}
    failed = by_verdict[Verdict.FAIL]
    for verdict, broken in (
        (Verdict.FAIL, [j for j in failed if j.decisive]),
        (Verdict.INVALID, [j for j in judgements if _is_broken(j)]),
        (Verdict.FAIL, failed),
        (Verdict.UNDECIDED, by_verdict[Verdict.UNDECIDED]),
    ):
        if broken:
            return Decision(verdict=verdict, reason=_because(broken))
    return Decision(verdict=Verdict.PASS, reason=f"all {len(judgements)} criteria hold")


def _is_broken(judgement: Judgement) -> bool:
    """Whether the run cannot be trusted because of this criterion."""
    if judgement.validity:
        return judgement.verdict is not Verdict.PASS
    return judgement.verdict is Verdict.INVALID


def _because(broken: Sequence[Judgement]) -> str:
    first, others = broken[0], len(broken) - 1
    more = f" (and {others} more)" if others else ""
    return f"{first.criterion}: {first.reason}{more}"

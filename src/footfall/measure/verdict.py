"""Pass, fail or invalid: one judgement, and what many amount to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """What a criterion, or a run, comes to."""

    PASS = "pass"  # noqa: S105 - the name of a verdict, no password
    FAIL = "fail"
    INVALID = "invalid"
    """Not known: too few samples, or a run that cannot be trusted. Never a pass."""


EXIT_CODES: Mapping[Verdict, int] = MappingProxyType({Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INVALID: 3})
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
    """The verdict on a run: broken validity beats a failure, a failure beats an undecided criterion.

    Only a failure that ended the run itself comes before: what was not sent after it is its work.

    Nothing judged is invalid: unknown is never a pass.
    """
    if not judgements:
        return Decision(verdict=Verdict.INVALID, reason="nothing was judged")
    untrusted = [j for j in judgements if j.validity and j.verdict is not Verdict.PASS]
    failed = [j for j in judgements if j.verdict is Verdict.FAIL]
    undecided = [j for j in judgements if j.verdict is Verdict.INVALID]
    for verdict, broken in (
        (Verdict.FAIL, [j for j in failed if j.decisive]),
        (Verdict.INVALID, untrusted),
        (Verdict.FAIL, failed),
        (Verdict.INVALID, undecided),
    ):
        if broken:
            return Decision(verdict=verdict, reason=_because(broken))
    return Decision(verdict=Verdict.PASS, reason=f"all {len(judgements)} criteria hold")


def _because(broken: Sequence[Judgement]) -> str:
    first, others = broken[0], len(broken) - 1
    more = f" (and {others} more)" if others else ""
    return f"{first.criterion}: {first.reason}{more}"

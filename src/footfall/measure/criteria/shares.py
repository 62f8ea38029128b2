"""Judge shares of visits: success, errors, and whether prediction and measurement agree."""

import numpy as np
import polars as pl

from footfall.measure.agreement import Side, paired_bounds
from footfall.measure.criteria.decided import assumed, decided, enough, told, unmatched
from footfall.measure.criteria.evidence import Evidence, in_order, within
from footfall.measure.criteria.spec import AgreementCriterion, ShareCriterion
from footfall.measure.criteria.words import between, percent, points
from footfall.measure.episodes import Episodes, bad_share_bounds, episodes_of, visits_to_decide
from footfall.measure.interval import Interval
from footfall.measure.summary import SERVED
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.outcomes import ERRORS

_BAD = {"success": ~SERVED, "error": pl.col("outcome").is_in(ERRORS)}
_WORDS = {"success": "served", "error": "ended by an error or never answered"}
_NOUNS = {"success": "failures", "error": "errors"}
_REPLICATION = "replication"


def bad_of(visits: pl.DataFrame, of: str) -> Episodes:
    """Read the visits that count against `success` or `error`, in the order in which they were due."""
    ordered = in_order(visits)
    bad = ordered.select(_BAD[of]).to_series().to_numpy()
    return episodes_of(bad, ordered["customer"].to_numpy())


def judge_share(criterion: ShareCriterion, evidence: Evidence) -> Judgement:
    """Hold the bounds of a share against its limit, minding that bad visits come in episodes."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    seen, longest, of_success = (
        bad_of(visits, criterion.of),
        criterion.longest_episode,
        criterion.of == "success",
    )
    bad = bad_share_bounds(seen, longest)
    bounds = Interval(1 - bad.high, 1 - bad.low) if of_success else bad
    share = 1 - seen.share if of_success else seen.share
    verdict = decided(bounds, criterion.operator, criterion.bound_share)
    found = f"{percent(share)} of {seen.visits} visits {_WORDS[criterion.of]}, {between(percent, bounds)}"
    if verdict is Verdict.UNDECIDED:
        bad_limit = 1 - criterion.bound_share if of_success else criterion.bound_share
        hint = enough(visits_to_decide(seen, bad_limit, longest), seen.visits, evidence)
        passing = bounds.low if criterion.operator in {">=", ">"} else bounds.high
        found += f": too few to tell from {percent(criterion.bound_share)}; {hint}"
        found += f"; a limit of {_outward(passing, criterion.operator)} would pass now"
    found += f"; {assumed(seen, longest, _NOUNS[criterion.of])}"
    return told(criterion, verdict, found, share, bounds, n=seen.visits)


def _outward(share: float, sign: str) -> str:
    """A limit in percent on the passing side of a bound."""
    tenths = np.floor(share * 1000) if sign in {">=", ">"} else np.ceil(share * 1000)
    return f"{tenths / 10:.1f} %"


def judge_agreement(criterion: AgreementCriterion, evidence: Evidence) -> Judgement:
    """Two one-sided tests: pass when the whole interval of predicted - measured lies within ± the tolerance.

    Fail when it lies wholly outside, else undecided. Both worlds are of the same customers, hence paired.
    Source: D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680.
    """
    worlds = [within(frame, criterion.scope) for frame in (evidence.predicted, evidence.measured)]
    if worlds[0] is None or worlds[1] is None:
        missing = "predicted" if worlds[0] is None else "measured"
        return unmatched(criterion.text, criterion.scope, f"{missing} ", validity=criterion.validity)
    predicted, measured = paired(worlds[0], worlds[1])
    difference, tolerance = predicted.share - measured.share, criterion.tolerance_share
    bounds = paired_bounds(predicted, measured, criterion.longest_episode)
    n = worlds[1].height
    found = (
        f"predicted {percent(predicted.share)}, measured {percent(measured.share)} of {n} visits: "
        f"{points(difference)}, {between(points, bounds)}"
    )
    verdict = Verdict.UNDECIDED
    if -tolerance <= bounds.low and bounds.high <= tolerance:
        verdict = Verdict.PASS
    elif bounds.low > tolerance or bounds.high < -tolerance:
        verdict = Verdict.FAIL
    else:
        widest = max(-bounds.low, bounds.high)
        found += f": too few to tell; {enough(_needed(predicted, measured, criterion), n, evidence)}"
        found += f"; a tolerance of {np.ceil(widest * 1000) / 10:.1f}pt would pass now"
    return told(criterion, verdict, found, difference, bounds, bound=tolerance, n=n)


def paired(predicted: pl.DataFrame, measured: pl.DataFrame) -> tuple[Side, Side]:
    """Both worlds customer by customer, in the order in which they were first due.

    Predicted visits of several replications (a column `replication`) are averaged over them.
    """
    counts = 1
    if _REPLICATION in predicted.columns:
        counts = predicted[_REPLICATION].n_unique()
    figures = [SERVED.sum().alias("served"), pl.len().alias("visits"), pl.col("due_s").min()]
    both = (
        predicted.group_by("customer")
        .agg(figures)
        .join(measured.group_by("customer").agg(figures), on="customer", how="full", coalesce=True)
        .sort(pl.min_horizontal("due_s", "due_s_right"), "customer")
        .fill_null(0)
    )
    one, two, three, four = (
        both[name].cast(pl.Float64).to_numpy()
        for name in ("served", "visits", "served_right", "visits_right")
    )
    return Side(served=one / counts, visits=two / counts), Side(served=three, visits=four)


def _needed(predicted: Side, measured: Side, criterion: AgreementCriterion) -> int | None:
    """Measured visits with which the same worlds, so many times longer, are decided in nine of ten runs."""
    difference, tolerance = abs(predicted.share - measured.share), criterion.tolerance_share
    n = round(float(measured.visits.sum()))
    room = abs(tolerance - difference)

    def decides(times: int) -> bool:
        longer = [
            Side(served=np.tile(side.served, times), visits=np.tile(side.visits, times))
            for side in (predicted, measured)
        ]
        # The difference itself moves: 1.28 of 1.96 standard errors.
        return paired_bounds(longer[0], longer[1], criterion.longest_episode).half_width * _POWER <= room

    if not room or n == 0:
        return None
    for times in (2, 3, 4, 6, 8, 12, 16, 24, 32):
        if times * len(measured.visits) > _CUSTOMERS_MOST:
            break
        if decides(times):
            return times * n
    width = paired_bounds(predicted, measured, criterion.longest_episode).half_width
    return int(n * max(32.0, (_POWER * width / room) ** 2)) + 1


_POWER = 1.66
_CUSTOMERS_MOST = 200_000

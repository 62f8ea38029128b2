"""A log fitted again without some of its days: what the days do to the numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from footfall.simulate.fit.build import Named, model_of
from footfall.simulate.fit.busyness import fit_busyness
from footfall.simulate.fit.fit import Fitted, KindFit, fit_rows
from footfall.simulate.fit.intervals import Intervals
from footfall.simulate.fit.mapping import Options
from footfall.simulate.fit.patience import PatienceFit
from footfall.simulate.fit.rows import Rows
from footfall.simulate.fit.times import TimesFit
from footfall.simulate.fit.uncertainty import UncertainBusyness, Uncertainty, uncertainty_of

GROUPS_MOST = 20
DAYS_LEAST = 2
_SEED = 1


def fitted_uncertainty(
    rows: Rows | Intervals, options: Options, fit: Fitted, named: Named
) -> Uncertainty | None:
    """Give how sure the numbers of the model of a fit are; None: the log has one day, which cannot tell."""
    days = fit.arrivals.days
    if len(days) < DAYS_LEAST:
        return None
    model = model_of(fit, named)
    models = [
        model_of(_in_form_of(fit, fit_rows(_without(rows, group), options, fit)), named)
        for group in groups_of(days)
    ]
    cv, all_days = fit.arrivals.busyness, [fit.arrivals.totals["arrivals"].to_list()]
    # Too few days of each weekday to compare: then how all days differ bounds it, weekdays included.
    known = cv or fit_busyness(all_days)
    value = float(model.busyness_cv)
    busyness = (
        UncertainBusyness(value=value, low=min(known.low, value), high=max(known.high, value))
        if known
        else None
    )
    return uncertainty_of(model, models, len(days), busyness)


def groups_of(days: Sequence[date]) -> list[list[date]]:
    """Part days into at most 20 groups as alike in size as can be, at random with a fixed seed.

    At random, since every k-th day could be the same weekday.
    """
    order = np.random.default_rng(_SEED).permutation(len(days))
    count = min(len(days), GROUPS_MOST)
    return [[days[k] for k in order[start::count]] for start in range(count)]


def _without(rows: Rows | Intervals, days: Sequence[date]) -> Rows | Intervals:
    return replace(rows, frame=rows.frame.filter(~pl.col("day").is_in(list(days))))


def _in_form_of(fit: Fitted, again: Fitted) -> Fitted:
    """Give a fit of fewer days with the laws that the whole log has; what it does not know is as there."""
    kinds = {name: _kind(kind, again.kinds.get(name)) for name, kind in fit.kinds.items()}
    known, staff = fit.staff, again.staff
    if known is not None and staff is not None:
        staff = replace(staff, wrap_up=_times(known.wrap_up, staff.wrap_up))
    return replace(
        again,
        kinds=kinds,
        every=_kind(fit.every, again.every),
        staff=staff or known,
        redial=again.redial or fit.redial,
    )


def _kind(first: KindFit, again: KindFit | None) -> KindFit:
    if again is None:
        return first
    return replace(
        again,
        service=_times(first.service, again.service),
        patience=_patience(first.patience, again.patience),
    )


def _times(first: TimesFit | None, again: TimesFit | None) -> TimesFit | None:
    if first is None or again is None:
        return first
    laws = [law for law in again.laws if law.law is first.best.law]
    return replace(again, laws=tuple(laws), chosen=first.chosen) if laws else first


def _patience(first: PatienceFit | None, again: PatienceFit | None) -> PatienceFit | None:
    if first is None or again is None:
        return first
    if first.chosen is None:
        seconds = first.points[0]
        shares = tuple(1 - again.curve.at(each) for each in seconds)
        beyond = first.beyond_s if again.beyond_s is None else again.beyond_s
        return replace(again, chosen=None, points=(seconds, shares), beyond_s=beyond)
    laws = [law for law in again.laws if law.law is first.best.law]
    return replace(again, laws=tuple(laws), chosen=first.chosen) if laws else first

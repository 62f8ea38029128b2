"""The same days twice, as they are and with a change: the same customers and random numbers."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import polars as pl

from footfall.measure.summary import ShareRule
from footfall.model.model import Model
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv
from footfall.runs.messages import QUIET, Messages
from footfall.runs.replications import Day, key_figures
from footfall.simulate.replications import replicate
from footfall.stats.intervals import Paired, paired

VERSUS_FILE = "versus.csv"
REPLICATIONS = 10
_DAYS_LEAST = 2
_NOISE_SHARE = 1e-9
DAYS_TELLING = 5
"""Below, a 95 % half-width is at least 1.4 times what it would be if the spread were known (Student's t)."""


def replications(given: int | None, precision: str | None) -> int:
    """Give the days that a comparison takes.

    Raises:
        BadInputError: too few for an interval, or a precision that would stop them.
    """
    if precision is not None:
        raise BadInputError("--versus", "cannot be combined with --precision", "--replications N")
    if given is not None and given < _DAYS_LEAST:
        raise BadInputError(f"--replications {given}", "too few for --versus", f"{_DAYS_LEAST} or more")
    return given or REPLICATIONS


def changed_days(
    count: int, changed: Model, seed: int, definition: ShareRule, messages: Messages = QUIET
) -> list[Day]:
    """Simulate the same days with the change."""
    with messages.progress(f"simulating {count} days with the change") as bar:
        return list(replicate(changed, seed, range(count), partial(key_figures, definition), bar))


def differences(days: Sequence[Day], others: Sequence[Day]) -> dict[str, Paired]:
    """Compare days with the same days changed, by key figure, over the days on which both have it."""
    found = {}
    for name in dict.fromkeys(name for day in (*days, *others) for name in day):
        pairs = [(a[name], b[name]) for a, b in zip(days, others, strict=True) if name in a and name in b]
        if len(pairs) >= _DAYS_LEAST:
            found[name] = paired([one for one, _ in pairs], [two for _, two in pairs])
    return found


def rows(found: Mapping[str, Paired]) -> list[dict[str, float | int | str | None]]:
    """Give the differences as rows of `versus.csv`, in the units of the quantities."""
    return [
        {
            "quantity": name,
            "replications": each.replications,
            "as_is_mean": each.first_mean,
            "changed_mean": each.second_mean,
            "difference_mean": each.difference,
            "half_width": each.interval.half_width,
            "difference_low": each.interval.low,
            "difference_high": each.interval.high,
            "unpaired_half_width": each.unpaired_half_width,
            "variance_reduction": each.variance_reduction,
        }
        for name, each in found.items()
    ]


def write(folder: Path, found: Mapping[str, Paired]) -> None:
    """Write `versus.csv`.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_csv(pl.DataFrame(rows(found), infer_schema_length=None), folder / VERSUS_FILE)


def is_same(each: Paired) -> bool:
    """Whether a figure is the same on every day, but for the last digits of a sum taken in another order."""
    least = _NOISE_SHARE * max(abs(each.first_mean), abs(each.second_mean))
    return max(abs(each.difference), each.interval.half_width) <= least

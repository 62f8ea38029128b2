"""Visits made up by the row, and a manifest to go with them."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from footfall._records.rows import Outcome
from footfall._records.runs import ArrivalCounts, Lag, Manifest
from footfall._records.tables import VISITS, check_visits, table

MakeVisits = Callable[..., pl.DataFrame]


@pytest.fixture
def make_visits() -> MakeVisits:
    """Visits of one channel and operation: some served, errors evenly among them or last, all as long."""

    def make(served: int, failed: int = 0, *, scattered: bool = True, **changes: object) -> pl.DataFrame:
        rows = []
        n = served + failed
        for number in range(n):
            ok = number * failed // n == (number + 1) * failed // n if scattered else number < served
            ordinary: dict[str, object] = {
                "customer": number,
                "subscriber": number,
                "segment": "urban",
                "operation": "query",
                "channel": "web",
                "site": 0,
                "attempt": 1,
                "due_s": float(number),
                "started_s": number + 0.1,
                "served_s": number + 0.25 if ok else None,
                "ended_s": number + 2.0,
                "human_s": 1.5,
                "outcome": Outcome.SERVED if ok else Outcome.ERROR,
                "cause": "" if ok else "backend",
                "wait_s": 0.25,
            }
            row = ordinary | changes
            rows.append(tuple(row[name] for name in VISITS))
        visits = table(rows, VISITS)
        check_visits(visits)
        return visits

    return make


@pytest.fixture
def make_manifest() -> Callable[..., Manifest]:
    """A finished run, with whatever is to be different."""

    def make(
        status: str = "finished",
        scenario: str = "ordinary_day",
        arrivals: ArrivalCounts | None = None,
        lag_s: Lag | None = None,
        **more: Any,  # noqa: ANN401  any other field of it
    ) -> Manifest:
        return Manifest(
            run="0123456789abcdef",
            command="load",
            model="guangxi",
            scenario=scenario,
            seed=7,
            status=status,
            arrivals=arrivals,
            lag_s=lag_s,
            started_at="2012-05-01T10:00:00+00:00",
            **more,
        )

    return make

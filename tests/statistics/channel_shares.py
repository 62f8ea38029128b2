"""How often forecasts of channel shares hold on synthetic histories.

The table of docs/how-to/channel-shares.md.

    .venv/bin/python -m tests.statistics.channel_shares [--histories 150] [--kinds NAME]

A history is months of multinomial counts whose shares change in a known way; its next months are kept back.
"""

import argparse
import sys
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from footfall._fit.share_model import History, forecast_of

Floats = NDArray[np.float64]
SEED = 2015
AHEAD = 3
LENGTHS = (6, 12, 36)
MONTHS_0 = 2015 * 12


@dataclass(frozen=True, slots=True)
class Kind:
    """How shares of a synthetic history change; all of log shares, a month."""

    level_sd: float = 0.0
    """Of a random walk."""
    trend: float = 0.0
    """Of the last channel, `trend_kept` of it from one month to the next."""
    trend_kept: float = 1.0
    season: float = 0.0
    """Amplitude of a yearly sine of the first channel."""
    scatter: float = 0.0
    """Dirichlet-multinomial: correlation of two cases of a month."""
    cases: int = 3000
    """A month, on average."""
    channels: int = 3


KINDS = {
    "no change": Kind(),
    "no change, 100 cases": Kind(cases=100),
    "slow drift": Kind(level_sd=0.03),
    "fast drift": Kind(level_sd=0.12),
    "steady trend": Kind(trend=0.05),
    "fading trend": Kind(trend=0.12, trend_kept=0.85),
    "overdispersion": Kind(scatter=0.004),
    "season": Kind(season=0.2, scatter=0.001),
    "all of it": Kind(level_sd=0.04, trend=0.03, season=0.1, scatter=0.003),
    "all of it, six channels": Kind(level_sd=0.04, trend=0.03, season=0.1, scatter=0.002, channels=6),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What forecasts of many histories did, `ahead` months on."""

    coverage: float
    """Part of the recorded shares that the 95 % intervals held."""
    coverage_error: float
    """Its standard error, histories being independent and channels of one not."""
    width: float
    """Mean width of the intervals, as share."""
    error: float
    """Mean distance of the forecast from the recorded share."""
    error_naive: float
    """The same of the last month's share."""


def history_of(kind: Kind, months: int, random: np.random.Generator) -> Floats:
    """Draw counts, shape (months, channels)."""
    start = np.log(random.dirichlet(np.full(kind.channels, 3.0)) + 0.01)
    walk = np.cumsum(random.normal(0, kind.level_sd, (months, kind.channels)), axis=0)
    trend = np.cumsum(kind.trend * kind.trend_kept ** np.arange(months))
    season = kind.season * np.sin(2 * np.pi * (np.arange(months) / 12 + random.random()))
    logs = start + walk
    logs[:, -1] += trend
    logs[:, 0] += season
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    cases = random.poisson(kind.cases, months) + 1
    if kind.scatter:
        shares = np.stack([random.dirichlet(each * (1 / kind.scatter - 1)) for each in shares])
    return random.multinomial(cases, shares).astype(np.float64)


def held(kind: Kind, months: int, histories: int) -> dict[int, Held]:
    """Forecast each of many histories, and look; keys are months ahead."""
    found: dict[int, list[tuple[float, float, float, float]]] = {ahead: [] for ahead in range(1, AHEAD + 1)}
    for number in range(histories):
        random = np.random.default_rng((SEED, months, number))
        counts = history_of(kind, months + AHEAD, random)
        known = counts[:months]
        forecast = forecast_of(History(MONTHS_0 + np.arange(months), known), AHEAD)
        shares = counts / counts.sum(axis=1, keepdims=True)
        for ahead, rows in found.items():
            truth, at = shares[months + ahead - 1], ahead - 1
            inside = (forecast.low[at] <= truth) & (truth <= forecast.high[at])
            rows.append(
                (
                    float(inside.mean()),
                    float((forecast.high[at] - forecast.low[at]).mean()),
                    float(np.abs(forecast.share[at] - truth).mean()),
                    float(np.abs(shares[months - 1] - truth).mean()),
                )
            )
    return {ahead: _held(np.array(each)) for ahead, each in found.items()}


def _held(each: Floats) -> Held:
    coverage, width, error, naive = each.mean(axis=0).tolist()
    return Held(coverage, float(each[:, 0].std()) / sqrt(len(each)), width, error, naive)


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=150, help="a row")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    asked = parser.parse_args()
    write = sys.stdout.write
    write(
        "| shares | months | held, 1 ahead | held, 3 ahead | width, 1 | width, 3 | off, 1 | as last month |\n"
    )
    write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for name in asked.kinds:
        for months in LENGTHS:
            found = held(KINDS[name], months, asked.histories)
            one, three = found[1], found[3]
            write(
                f"| {name} | {months} | {one.coverage:.1%} | {three.coverage:.1%} | {100 * one.width:.1f} | "
                f"{100 * three.width:.1f} | {100 * one.error:.2f} | {100 * one.error_naive:.2f} |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()

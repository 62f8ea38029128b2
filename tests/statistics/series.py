"""Synthetic runs whose truth is known: bad visits and response times that depend on their neighbours.

Each maker gives `count` runs of `n` visits as rows, and is at its stationary law from the first visit on.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]
Rng = np.random.Generator


def bursts(length: float, share: float, count: int, n: int, rng: Rng) -> Flags:
    """A Markov chain of good and bad visits: bad episodes of that mean length, that share of bad visits."""
    leave, enter = 1 / length, share / (1 - share) / length
    bad = np.empty((n, count), dtype=bool)
    bad[0] = rng.random(count) < share
    for i in range(1, n):
        bad[i] = np.where(bad[i - 1], rng.random(count) >= leave, rng.random(count) < enter)
    return bad.T


def independent(share: float, count: int, n: int, rng: Rng) -> Flags:
    """Bad visits that know nothing of each other."""
    return rng.random((count, n)) < share


def by_customer(share: float, count: int, n: int, rng: Rng) -> tuple[Flags, NDArray[np.int64]]:
    """Visits of customers who come one to five times, 15 visits apart; of each all are good or all bad."""
    visits = np.zeros(n, dtype=np.int64) - 1
    customer = 0
    for i in range(n):
        if visits[i] < 0:
            times = 1 + int(rng.integers(5))
            visits[i : i + 15 * times : 15] = np.where(
                visits[i : i + 15 * times : 15] < 0, customer, visits[i : i + 15 * times : 15]
            )
            customer += 1
    fails = rng.random((count, customer)) < share
    return fails[:, visits], visits


def queue(servers: int, load: float, count: int, n: int, rng: Rng) -> Values:
    """Response times in an M/M/c queue, in the order of arrival; a service takes 1 in the mean.

    The ordered work of the servers after J. Kiefer and J. Wolfowitz, Transactions of the AMS 78 (1955) 1-18.
    """
    between = 1 / (servers * load)
    before = int(min(20_000, 8 / (1 - math.sqrt(load)) ** 2)) + 200
    work = np.zeros((count, servers))
    times = np.empty((n, count))
    for i in range(-before, n):
        service = rng.standard_exponential(count)
        if i >= 0:
            times[i] = work[:, 0] + service
        work[:, 0] += service
        work -= (rng.standard_exponential(count) * between)[:, None]
        np.maximum(work, 0, out=work)
        work.sort(axis=1)
    return times.T


def queue_quantile(servers: int, load: float, quantile: float) -> float:
    """Quantile of the response time of M/M/c (A. K. Erlang, 1917), by its distribution."""
    offered = servers * load
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) / (1 - load)
    waits = last / (sum(terms) + last)
    rate = servers - offered

    def beyond(t: float) -> float:
        if abs(rate - 1) < 1e-9:
            mixed = (1 + t) * math.exp(-t)
        else:
            mixed = (math.exp(-rate * t) - rate * math.exp(-t)) / (1 - rate)
        return (1 - waits) * math.exp(-t) + waits * mixed - (1 - quantile)

    return float(brentq(beyond, 0, 1e4))


def queue_mean(servers: int, load: float) -> float:
    """Mean response time of M/M/c."""
    offered = servers * load
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) / (1 - load)
    return 1 + last / (sum(terms) + last) / (servers - offered)


def lognormal(memory: float, count: int, n: int, rng: Rng) -> Values:
    """Lognormal times, sigma 1 and median 1, whose logarithms are an AR(1) with that coefficient."""
    state = rng.standard_normal(count)
    times = np.empty((n, count))
    for i in range(n):
        times[i] = state
        state = memory * state + math.sqrt(1 - memory**2) * rng.standard_normal(count)
    return np.exp(times.T)


def lognormal_quantile(quantile: float) -> float:
    """Quantile of those times, whatever their memory."""
    return float(math.exp(ndtri(quantile)))


LOGNORMAL_MEAN = math.exp(0.5)

"""One server: any service time, a fixed one, shared by all, by priority, with retrials."""

from collections.abc import Sequence
from math import exp, fsum, lgamma, log

from scipy.special import gammainc


def mg1_wait_mean(arrival_rate: float, service_mean: float, service_scv: float) -> float:
    """Mean wait of M/G/1: ρ E[S] (1 + SCV) / (2 (1 - ρ)) (Pollaczek 1930, Khinchine 1932).

    `service_scv` is the variance of the service time by the square of its mean.

    Raises:
        ValueError: the server cannot keep up, or an argument is negative.
    """
    busy = _utilisation(arrival_rate, service_mean)
    return busy * service_mean * (1 + service_scv) / (2 * (1 - busy))


def mg1_ps_sojourn_mean(arrival_rate: float, service_mean: float) -> float:
    """Mean time in an M/G/1 whose server all share: E[S]/(1 - ρ), whatever the distribution (Kleinrock 1967).

    Raises:
        ValueError: the server cannot keep up, or an argument is negative.
    """
    return service_mean / (1 - _utilisation(arrival_rate, service_mean))


def md1_wait_share(arrival_rate: float, service: float, within: float) -> float:
    """Share of customers of an M/D/1 that wait at most `within` (Franx 2001, equation 5, for one server).

    With (k - 1) D <= t < k D: exp(-λ(kD - t)) sum_{j<k} P(at most k - 1 - j wait) (λ(kD - t))^j / j!.
    Every term is positive, where Erlang's series of 1909 alternates and loses its digits as t/D grows.

    Raises:
        ValueError: the server cannot keep up, or an argument is negative.
    """
    busy = _utilisation(arrival_rate, service)
    blocks = int(within / service) + 1
    rest = arrival_rate * (blocks * service - within)
    in_system = _md1_numbers(busy, blocks + 1)
    # At most m wait: at most m + 1 are in the system.
    at_most = [fsum(in_system[: m + 2]) for m in range(blocks)]
    return fsum(at_most[blocks - 1 - j] * _poisson(rest, j) for j in range(blocks))


def priority_wait_means(
    arrival_rates: Sequence[float], service_means: Sequence[float], service_scvs: Sequence[float]
) -> list[float]:
    """Mean waits by class, the first served first, none interrupted (Cobham 1954).

    W_k = W0/((1 - σ_{k-1})(1 - σ_k)), where W0 = sum λ E[S²]/2 and σ_k is the utilisation by classes 1 to k.

    Raises:
        ValueError: the server cannot keep up with a class, or the lists differ in length.
    """
    classes = list(zip(arrival_rates, service_means, service_scvs, strict=True))
    residual = sum(rate * mean**2 * (1 + scv) for rate, mean, scv in classes) / 2
    waits: list[float] = []
    before = 0.0
    for rate, mean, _ in classes:
        upto = before + rate * mean
        if upto >= 1:
            msg = f"utilisation {upto:g} up to class {len(waits) + 1} is not below 1"
            raise ValueError(msg)
        waits.append(residual / ((1 - before) * (1 - upto)))
        before = upto
    return waits


def retrial_orbit_mean(arrival_rate: float, service_rate: float, retrial_rate: float) -> float:
    """Mean number of those who will try again at an M/M/1 without waiting places.

    ρ(λ + ρθ)/((1 - ρ)θ), each trying again at rate θ (Falin and Templeton 1997).

    Raises:
        ValueError: the server cannot keep up, or a rate is not above zero.
    """
    if min(service_rate, retrial_rate) <= 0:
        msg = "service and retrial rate are above zero"
        raise ValueError(msg)
    busy = _utilisation(arrival_rate, 1 / service_rate)
    return busy * (arrival_rate + busy * retrial_rate) / ((1 - busy) * retrial_rate)


def _utilisation(arrival_rate: float, service_mean: float) -> float:
    busy = arrival_rate * service_mean
    if not (arrival_rate >= 0 and service_mean > 0 and busy < 1):
        msg = f"utilisation {busy:g} is not below 1: the queue has no limit"
        raise ValueError(msg)
    return busy


def _md1_numbers(busy: float, most: int) -> list[float]:
    """Give the probabilities of 0 … `most` customers in an M/D/1, by cuts: sums of positive terms only."""
    # above[k]: at least k arrivals during one service.
    above = [1.0, *(float(gammainc(k, busy)) for k in range(1, most + 2))]
    found = [1 - busy]
    for j in range(1, most + 1):
        up = found[0] * above[j] + fsum(found[i] * above[j - i + 1] for i in range(1, j))
        found.append(up * exp(busy))
    return found


def _poisson(mean: float, n: int) -> float:
    return exp(n * log(mean) - mean - lgamma(n + 1)) if mean > 0 else float(n == 0)

"""Single servers: general and constant service, processor sharing, priorities, retrials."""

from collections.abc import Sequence
from math import exp, fsum, lgamma, log

from scipy.special import gammainc

from footfall.theory.many_servers import WithRoom


def mg1_wait_mean(arrival_rate: float, service_mean: float, service_scv: float) -> float:
    """Mean wait of M/G/1: ρ E[S] (1 + SCV) / (2 (1 - ρ)) (Pollaczek 1930, Khinchine 1932).

    `service_scv` is the variance of the service time divided by the square of its mean.

    Raises:
        ValueError: the server cannot keep up, or an argument is negative.
    """
    busy = _utilisation(arrival_rate, service_mean)
    return busy * service_mean * (1 + service_scv) / (2 * (1 - busy))


def mg1_ps_sojourn_mean(arrival_rate: float, service_mean: float) -> float:
    """Mean time in an M/G/1 with processor sharing: E[S]/(1 - ρ) for any distribution (Kleinrock 1967).

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
    in_system = _md1_numbers(busy, blocks + 1, empty=1 - busy)
    # At most m wait: at most m + 1 are in the system.
    at_most = [fsum(in_system[: m + 2]) for m in range(blocks)]
    return fsum(at_most[blocks - 1 - j] * _poisson(rest, j) for j in range(blocks))


def md1k(places: int, arrival_rate: float, service: float) -> WithRoom:
    """M/D/1/K with K places, including the one in service; waits are those of admitted customers.

    At departures π_j is that of M/D/1, cut at K - 1 and scaled to 1; at a random moment p_j = π_j/(π_0 + ρ)
    for j < K, and blocked are p_K = 1 - 1/(π_0 + ρ) (Cooper 1981, chapter 5). ρ may be above 1.

    Raises:
        ValueError: there is no place, or a rate or time is not above zero.
    """
    if places < 1 or min(arrival_rate, service) <= 0:
        msg = f"{places} places, {arrival_rate:g} arrivals, a service of {service:g}: all must be above zero"
        raise ValueError(msg)
    load = arrival_rate * service
    weights = _md1_numbers(load, places - 1, empty=1.0)
    scale = fsum(weights)
    spread = weights[0] / scale + load
    blocked_share = 1 - 1 / spread
    at_random = [weight / scale / spread for weight in weights]
    queue_mean = fsum((n - 1) * p for n, p in enumerate([*at_random, blocked_share]) if n > 1)
    admitted_share = 1 - blocked_share
    return WithRoom(
        blocked_share=blocked_share,
        waits_share=1 - at_random[0] / admitted_share,
        wait_mean=queue_mean / (arrival_rate * admitted_share),
        queue_mean=queue_mean,
        occupancy=load * admitted_share,
    )


def priority_wait_means(
    arrival_rates: Sequence[float], service_means: Sequence[float], service_scvs: Sequence[float]
) -> list[float]:
    """Mean waits by class in non-preemptive priority order (Cobham 1954).

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
    """Mean number of customers in the orbit of an M/M/1 without waiting places.

    ρ(λ + ρθ)/((1 - ρ)θ), each retrying at rate θ (Falin and Templeton 1997).

    Raises:
        ValueError: the server cannot keep up, or a rate is not above zero.
    """
    if min(service_rate, retrial_rate) <= 0:
        msg = "service and retrial rate must be above zero"
        raise ValueError(msg)
    busy = _utilisation(arrival_rate, 1 / service_rate)
    return busy * (arrival_rate + busy * retrial_rate) / ((1 - busy) * retrial_rate)


def mg1_interrupted_sojourn_mean(
    arrival_rate: float, service_mean: float, service_scv: float, stalls: tuple[float, float]
) -> float:
    """Mean time in an M/G/1 whose server stalls: constant stalls of (length, mean time from one to the next).

    Times between stalls are exponential, also while the server is idle; interrupted work is resumed.
    With A the share of time without a stall, r = length/2 and ρ = λ E[S], the mean unfinished work is
    E[V] = (λ E[S²]/2 + A (1 - A) ρ r)/(A - ρ), and E[T] = (E[V] + E[S])/A + (1 - A) r (Avi-Itzhak and
    Naor 1963, model A).

    Raises:
        ValueError: arrivals need more than the time without stalls.
    """
    length, every = stalls
    working, rest = 1 - length / every, length / 2
    busy = arrival_rate * service_mean
    if not busy < working:
        msg = f"arrivals need {busy:g} of the time, but the server works only {working:g} of it"
        raise ValueError(msg)
    square = service_mean**2 * (1 + service_scv)
    work = (arrival_rate * square / 2 + working * (1 - working) * busy * rest) / (working - busy)
    return (work + service_mean) / working + (1 - working) * rest


def round_robin_wait_mean(servers: int, arrival_rate: float, service_rate: float) -> float:
    """Mean wait with a Poisson stream split round-robin over servers with separate queues: E_c/M/1.

    W = σ/(μ(1 - σ)), σ the root in (0, 1) of σ = (λ/(λ + μ(1 - σ)))^c (Kendall 1953; Gross and Harris
    1998, section 5.3).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    _utilisation(arrival_rate / servers, 1 / service_rate)
    from scipy import optimize  # nothing else here needs it

    def excess(found: float) -> float:
        below = arrival_rate + service_rate * (1 - found)
        return float((arrival_rate / below) ** servers - found)

    root = float(optimize.brentq(excess, 0.0, 1 - 1e-9))
    return root / (service_rate * (1 - root))


def _utilisation(arrival_rate: float, service_mean: float) -> float:
    busy = arrival_rate * service_mean
    if not (arrival_rate >= 0 and service_mean > 0 and busy < 1):
        msg = f"utilisation {busy:g} is not below 1: the queue is unstable"
        raise ValueError(msg)
    return busy


def _md1_numbers(busy: float, most: int, *, empty: float) -> list[float]:
    """Return the probabilities of 0 … `most` customers in an M/D/1, by cuts: sums of positive terms only.

    `empty` is the first of them; the others are in proportion to it.
    """
    # above[k]: at least k arrivals during one service.
    above = [1.0, *(float(gammainc(k, busy)) for k in range(1, most + 2))]
    found = [empty]
    for j in range(1, most + 1):
        up = found[0] * above[j] + fsum(found[i] * above[j - i + 1] for i in range(1, j))
        found.append(up * exp(busy))
    return found


def _poisson(mean: float, n: int) -> float:
    return exp(n * log(mean) - mean - lgamma(n + 1)) if mean > 0 else float(n == 0)

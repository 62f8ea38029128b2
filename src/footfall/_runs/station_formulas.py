"""What formulas say of a station, for numbers of servers: rows of figures with units in their names."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from footfall import theory
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.numbers import HOUR_S, Grade, Number
from footfall._records.errors import BadInputError

SERVERS_MOST = 100_000
_RANGE_MOST = 1000

Row = Mapping[str, float | int | None]
PatienceLaw = DistributionFamily
_IDLE: Mapping[str, float] = {
    "waits_share": 0.0,
    "wait_s_mean": 0.0,
    "abandoned_share": 0.0,
    "blocked_share": 0.0,
    "service_level_share": 1.0,
    "occupancy_share": 0.0,
}
"""What holds without arrivals."""


def numbers_in(text: str) -> range:
    """Read a number of servers or users, such as `14`, or a range of them, such as `12-18`.

    Raises:
        BadInputError: the text is neither, or the numbers are too large or too many.
    """
    first, _, last = text.partition("-")
    try:
        low, high = int(first), int(last or first)
    except ValueError:
        low, high = 0, 0
    if not 0 < low <= high <= SERVERS_MOST or high - low >= _RANGE_MOST:
        expected = f"a number such as 14, or a range of at most {_RANGE_MOST} such as 12-18"
        raise BadInputError(text, "is not a number of servers or users", expected)
    return range(low, high + 1)


def erlang_b_rows(servers: range, load_erlangs: float) -> list[Row]:
    """Lines without a queue (Erlang B).

    Raises:
        BadInputError: the formula has no answer for these numbers; so for all functions of this file.
    """
    return _rows(lambda n: {"servers": n, "lost_share": theory.erlang_b(n, load_erlangs)}, servers)


def erlang_c_rows(
    servers: range, arrivals_per_h: float, service_s: float, within_s: float = 20.0
) -> list[Row]:
    """M/M/c queues without abandonment (Erlang C); of those that are unstable, the load alone is known."""
    load = arrivals_per_h / HOUR_S * service_s

    def row(n: int) -> Row:
        if not arrivals_per_h:
            return _idle(n, "waits_share", "wait_s_mean", "service_level_share", "occupancy_share")
        # Where none is stable there is no answer, and the formula says why.
        if load >= n and load < servers[-1]:
            unknown = dict.fromkeys(("waits_share", "wait_s_mean", "service_level_share"))
            return {"servers": n, **unknown, "occupancy_share": load / n, "unstable": True}
        rates = (n, arrivals_per_h / HOUR_S, 1 / service_s)
        return {
            "servers": n,
            "waits_share": theory.erlang_c(n, load),
            "wait_s_mean": theory.erlang_c_wait_mean(*rates),
            "service_level_share": theory.erlang_c_service_level(*rates, within_s),
            "occupancy_share": load / n,
        }

    return _rows(row, servers)


def staffing_rows(
    arrivals_per_h: float,
    service_s: float,
    *,
    within_s: float = 20.0,
    service_level_share: float = 0.8,
    occupancy_share_most: float = 1.0,
    shrinkage_share: float = 0.0,
) -> list[Row]:
    """Servers for a service level, and people to be planned (Erlang C), in one row."""
    target = theory.StaffingTarget(within_s, service_level_share, occupancy_share_most, shrinkage_share)

    def row(_: int) -> Row:
        if not arrivals_per_h:
            shares = ("waits_share", "wait_s_mean", "service_level_share", "occupancy_share")
            return {"servers": 0, "positions": 0} | _idle(0, *shares)
        found = theory.staffing(arrivals_per_h / HOUR_S, service_s, target)
        return {
            "servers": found.servers,
            "positions": found.positions,
            "waits_share": found.waits_share,
            "wait_s_mean": found.wait_mean,
            "service_level_share": found.service_level,
            "occupancy_share": found.occupancy,
        }

    return _rows(row, range(1))


def erlang_a_rows(
    servers: range,
    arrivals_per_h: float,
    service_s: float,
    patience_s: float,
    *,
    patience_law: PatienceLaw = PatienceLaw.EXPONENTIAL,
    patience_cv: float | None = None,
    within_s: float = 20.0,
) -> list[Row]:
    """Queues whose customers lose patience (M/M/c+G)."""
    patience = _patience(patience_law, patience_s, patience_cv)

    def row(n: int) -> Row:
        if not arrivals_per_h:
            shares = ("waits_share", "wait_s_mean", "abandoned_share", "service_level_share")
            return _idle(n, *shares, "occupancy_share")
        rates = (n, arrivals_per_h / HOUR_S, 1 / service_s)
        if patience is None:  # thousands of servers in no time
            found = theory.erlang_a(*rates, 1 / patience_s)
            level = theory.erlang_a_service_level(*rates, 1 / patience_s, within_s)
        else:
            found = theory.erlang_a_general(*rates, patience)
            level = theory.erlang_a_general_service_level(*rates, patience, within_s)
        return {
            "servers": n,
            "waits_share": found.waits_share,
            "wait_s_mean": found.wait_mean,
            "abandoned_share": found.abandons_share,
            "service_level_share": level,
            "occupancy_share": found.occupancy,
        }

    return _rows(row, servers)


def finite_queue_rows(servers: range, places: int, arrivals_per_h: float, service_s: float) -> list[Row]:
    """M/M/c/K: queues with room for K customers, those in service included."""

    def row(n: int) -> Row:
        if not arrivals_per_h and places >= n:
            return _idle(n, "blocked_share", "waits_share", "wait_s_mean", "occupancy_share")
        found = theory.mmck(n, places, arrivals_per_h / HOUR_S, 1 / service_s)
        return {
            "servers": n,
            "blocked_share": found.blocked_share,
            "waits_share": found.waits_share,
            "wait_s_mean": found.wait_mean,
            "occupancy_share": found.occupancy,
        }

    return _rows(row, servers)


def one_server_rows(arrivals_per_h: float, service_s: float, service_scv: float = 1.0) -> list[Row]:
    """One server, any service time, in turn and shared (M/G/1), in one row."""
    rate = arrivals_per_h / HOUR_S
    return _rows(
        lambda _: {
            "occupancy_share": rate * service_s,
            "wait_s_mean": theory.mg1_wait_mean(rate, service_s, service_scv),
            "shared_sojourn_s_mean": theory.mg1_ps_sojourn_mean(rate, service_s),
        },
        range(1),
    )


def closed_loop_rows(users: range, demand_s: Sequence[float], think_s: float = 0.0) -> list[Row]:
    """Closed system: a number of users, each waiting for its answer (mean value analysis)."""

    def row(n: int) -> Row:
        found = theory.closed_loop(n, think_s, demand_s)
        return {"users": n, "requests_per_s": found.throughput, "response_s_mean": found.response_mean}

    return _rows(row, users)


def retry_rows(servers: range, load_erlangs: float, retries: int) -> list[Row]:
    """Lines whose lost customers try again at once."""

    def row(n: int) -> Row:
        found = theory.retrying(n, load_erlangs, retries)
        return {
            "servers": n,
            "tries_per_customer": found.amplification,
            "blocked_share": found.blocked_share,
            "fails_share": found.fails_share,
        }

    return _rows(row, servers)


def _patience(law: PatienceLaw, mean_s: float, cv: float | None) -> theory.PatienceDistribution | None:
    """Give a patience that is not exponential."""
    if law is PatienceLaw.EXPONENTIAL and cv is None:
        return None
    try:
        spread = None if cv is None else Number(cv, Grade.SET, "--patience-cv")
        duration = Duration(law=law, mean_s=Number(mean_s, Grade.SET, "--patience-s"), cv=spread)
    except ValueError as error:
        problem = f"cannot be combined with a variation of {cv}"
        raise BadInputError(f"--patience-law {law.value}", problem, "--patience-cv as it needs") from error
    return theory.PatienceDistribution(duration.survival, (mean_s,) if law is PatienceLaw.CONSTANT else ())


def _idle(servers: int, *names: str) -> dict[str, float | int]:
    """Give the row of servers without arrivals."""
    return {"servers": servers} | {name: _IDLE[name] for name in names}


def _rows(row: Callable[[int], Row], numbers: Iterable[int]) -> list[Row]:
    """Give a row a number; where there is no answer, the numbers are wrong input."""
    try:
        return list(map(row, numbers))
    except ZeroDivisionError as error:
        raise BadInputError("theory", "a rate or a time is 0", "numbers above 0") from error
    except ValueError as error:
        raise BadInputError("theory", str(error)) from error

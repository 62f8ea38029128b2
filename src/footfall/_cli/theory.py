"""`footfall theory`: what formulas say of a station, for a person with a question and no model."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall import theory
from footfall._cli.options import Json
from footfall._cli.output import say_json, show_table
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.numbers import Grade, Number
from footfall._records.errors import BadInputError
from footfall._runs.messages import percent, seconds

HOUR_S = 3600.0
_SERVERS_MOST = 100_000
_RANGE_MOST = 1000

Servers = Annotated[str, typer.Option(metavar="N or N-M", help="Servers: a number, or a range for a table.")]
Arrivals = Annotated[float, typer.Option(min=0, help="Arrivals in an hour.")]
Service = Annotated[float, typer.Option(min=0, help="Mean service time, seconds.")]
Within = Annotated[float, typer.Option(min=0, help="Seconds of the service level.")]
Load = Annotated[float, typer.Option(min=0, help="Offered load in erlangs: arrivals in a service time.")]
Row = Mapping[str, float | int | None]
_IDLE = {
    "waits_share": 0.0,
    "wait_s_mean": 0.0,
    "abandoned_share": 0.0,
    "blocked_share": 0.0,
    "service_level_share": 1.0,
    "occupancy_share": 0.0,
}
"""What holds where nobody arrives."""

group = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@group.callback(invoke_without_command=True)
def formulas(context: typer.Context) -> None:
    """Exact figures of a station: what a simulation must agree with, and a first answer without one."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@group.command("erlang-b")
def erlang_b(servers: Servers, load_erlangs: Load, as_json: Json = False) -> None:
    """Lines without a queue."""
    _show(
        ({"servers": n, "lost_share": theory.erlang_b(n, load_erlangs)} for n in _numbers(servers)), as_json
    )


@group.command("erlang-c")
def erlang_c(
    servers: Servers,
    arrivals_per_h: Arrivals,
    service_s: Service,
    within_s: Within = 20.0,
    as_json: Json = False,
) -> None:
    """M/M/c queue without abandonment (Erlang C)."""

    def row(n: int) -> Row:
        if not arrivals_per_h:
            return _idle(n, "waits_share", "wait_s_mean", "service_level_share", "occupancy_share")
        rates = (n, arrivals_per_h / HOUR_S, 1 / service_s)
        load = arrivals_per_h / HOUR_S * service_s
        return {
            "servers": n,
            "waits_share": theory.erlang_c(n, load),
            "wait_s_mean": theory.erlang_c_wait_mean(*rates),
            "service_level_share": theory.erlang_c_service_level(*rates, within_s),
            "occupancy_share": load / n,
        }

    unstable = {"waits_share": None, "wait_s_mean": None, "service_level_share": None}
    load = arrivals_per_h / HOUR_S * service_s
    numbers = _numbers(servers)
    if load < numbers[-1]:  # with none stable there is no answer, and the formula says why
        _show(
            (
                row(n)
                if load < n
                else {"servers": n, **unstable, "occupancy_share": load / n, "unstable": True}
                for n in numbers
            ),
            as_json,
        )
        return
    _show(map(row, numbers), as_json)


@group.command("staff")
def staff(
    arrivals_per_h: Arrivals,
    service_s: Service,
    within_s: Within = 20.0,
    service_level: Annotated[
        float, typer.Option(min=0, max=1, help="Least share of arrivals that wait no longer.")
    ] = 0.8,
    occupancy_most: Annotated[
        float, typer.Option(min=0, max=1, help="Greatest share of a server's time that is taken.")
    ] = 1.0,
    shrinkage_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the paid time in which people do not serve.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Servers for a service level, and people to be planned (Erlang C)."""
    target = theory.StaffingTarget(within_s, service_level, occupancy_most, shrinkage_share)

    def row() -> Row:
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

    _show((row() for _ in range(1)), as_json)


@group.command("erlang-a")
def erlang_a(
    servers: Servers,
    arrivals_per_h: Arrivals,
    service_s: Service,
    patience_s: Annotated[float, typer.Option(min=0, help="Mean patience, seconds.")],
    patience_law: Annotated[
        DistributionFamily, typer.Option(help="Its law; lognormal and others need a variation.")
    ] = (DistributionFamily.EXPONENTIAL),
    patience_cv: Annotated[
        float | None, typer.Option(min=0, help="Standard deviation of the patience by its mean.")
    ] = None,
    within_s: Within = 20.0,
    as_json: Json = False,
) -> None:
    """A queue whose customers lose patience (M/M/c+G)."""
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

    _show(map(row, _numbers(servers)), as_json)


@group.command("room")
def room(
    servers: Servers,
    places: Annotated[int, typer.Option(min=1, max=_SERVERS_MOST, help="Places in all, at the servers too.")],
    arrivals_per_h: Arrivals,
    service_s: Service,
    as_json: Json = False,
) -> None:
    """M/M/c/K: a queue with room for K customers."""

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

    _show(map(row, _numbers(servers)), as_json)


@group.command("one-server")
def one_server(
    arrivals_per_h: Arrivals,
    service_s: Service,
    service_scv: Annotated[
        float, typer.Option(min=0, help="Variance of the service time by its mean squared; 1 is exponential.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """One server, any service time, in turn and shared (M/G/1)."""
    rate = arrivals_per_h / HOUR_S
    _show(
        (
            {
                "occupancy_share": rate * service_s,
                "wait_s_mean": theory.mg1_wait_mean(rate, service_s, service_scv),
                "shared_sojourn_s_mean": theory.mg1_ps_sojourn_mean(rate, service_s),
            }
            for _ in range(1)
        ),
        as_json,
    )


@group.command("closed-loop")
def closed_loop(
    users: Annotated[str, typer.Option(metavar="N or N-M", help="Users: a number, or a range for a table.")],
    demand_s: Annotated[
        list[float], typer.Option(min=0, help="Seconds of a request at one resource; give it once for each.")
    ],
    think_s: Annotated[
        float, typer.Option(min=0, help="Seconds between an answer and the next request.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Closed system: a number of users, each waiting for its answer (mean value analysis)."""

    def row(n: int) -> Row:
        found = theory.closed_loop(n, think_s, demand_s)
        return {"users": n, "requests_per_s": found.throughput, "response_s_mean": found.response_mean}

    _show(map(row, _numbers(users)), as_json)


@group.command("retries")
def retries(
    servers: Servers,
    load_erlangs: Load,
    retries: Annotated[int, typer.Option(min=0, max=1000, help="Retries of a blocked caller.")],
    as_json: Json = False,
) -> None:
    """Lines whose lost customers try again at once."""

    def row(n: int) -> Row:
        found = theory.retrying(n, load_erlangs, retries)
        return {
            "servers": n,
            "tries_per_customer": found.amplification,
            "blocked_share": found.blocked_share,
            "fails_share": found.fails_share,
        }

    _show(map(row, _numbers(servers)), as_json)


def _numbers(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        low, high = int(first), int(last or first)
    except ValueError:
        low, high = 0, 0
    if not 0 < low <= high <= _SERVERS_MOST or high - low >= _RANGE_MOST:
        expected = f"a number such as 14, or a range of at most {_RANGE_MOST} such as 12-18"
        raise BadInputError(text, "is not a number of servers or users", expected)
    return range(low, high + 1)


def _patience(law: DistributionFamily, mean_s: float, cv: float | None) -> theory.PatienceDistribution | None:
    """Give a patience that is not exponential."""
    if law is DistributionFamily.EXPONENTIAL and cv is None:
        return None
    try:
        spread = None if cv is None else Number(cv, Grade.SET, "--patience-cv")
        duration = Duration(law=law, mean_s=Number(mean_s, Grade.SET, "--patience-s"), cv=spread)
    except ValueError as error:
        problem = f"cannot be combined with a variation of {cv}"
        raise BadInputError(f"--patience-law {law.value}", problem, "--patience-cv as it needs") from error
    return theory.PatienceDistribution(
        duration.survival, (mean_s,) if law is DistributionFamily.CONSTANT else ()
    )


def _idle(servers: int, *names: str) -> dict[str, float | int]:
    """Give the row of servers to whom nobody comes."""
    return {"servers": servers} | {name: _IDLE[name] for name in names}


def _show(rows: Iterable[Row], as_json: bool) -> None:
    """Print a row for each number of servers; where none has an answer, it is wrong input."""
    try:
        found = list(rows)
    except ZeroDivisionError as error:
        raise BadInputError("theory", "a rate or a time is 0", "numbers above 0") from error
    except ValueError as error:
        raise BadInputError("theory", str(error)) from error
    if as_json:
        say_json([dict(row) for row in found])
        return
    table = Table(box=None, pad_edge=False)
    names = [name for name in found[0] if name != "unstable"]
    for name in names:
        table.add_column(_heading(name), justify="right")
    for row in found:
        shown = (_form(name)(row[name]) if row[name] is not None else "unstable" for name in names)
        table.add_row(*shown)
    show_table(table)


def _heading(name: str) -> str:
    for unit in ("_share", "_s_mean"):
        name = name.removesuffix(unit)
    return name.replace("_per_", " per ").replace("_", " ")


def _form(name: str) -> Callable[[Any], str]:
    if name.endswith("_share"):
        return percent
    if name.endswith("_s_mean"):
        return seconds
    return "{:,.4g}".format if name not in {"servers", "users", "positions"} else "{:,}".format

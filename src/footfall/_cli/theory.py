"""`footfall theory`: what formulas say of a station, for a person with a question and no model."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall._cli.options import Json
from footfall._cli.output import say_json, show_table
from footfall._runs import station_formulas
from footfall._runs.messages import percent, seconds
from footfall._runs.station_formulas import SERVERS_MOST, PatienceLaw, Row, numbers_in

Servers = Annotated[str, typer.Option(metavar="N or N-M", help="Servers: a number, or a range for a table.")]
Arrivals = Annotated[float, typer.Option(min=0, help="Arrivals in an hour.")]
Service = Annotated[float, typer.Option(min=0, help="Mean service time, seconds.")]
Within = Annotated[float, typer.Option(min=0, help="Seconds of the service level.")]
Load = Annotated[float, typer.Option(min=0, help="Offered load in erlangs: arrivals in a service time.")]

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
    _show(station_formulas.erlang_b_rows(numbers_in(servers), load_erlangs), as_json)


@group.command("erlang-c")
def erlang_c(
    servers: Servers,
    arrivals_per_h: Arrivals,
    service_s: Service,
    within_s: Within = 20.0,
    as_json: Json = False,
) -> None:
    """M/M/c queue without abandonment (Erlang C)."""
    _show(station_formulas.erlang_c_rows(numbers_in(servers), arrivals_per_h, service_s, within_s), as_json)


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
    rows = station_formulas.staffing_rows(
        arrivals_per_h,
        service_s,
        within_s=within_s,
        service_level_share=service_level,
        occupancy_share_most=occupancy_most,
        shrinkage_share=shrinkage_share,
    )
    _show(rows, as_json)


@group.command("erlang-a")
def erlang_a(
    servers: Servers,
    arrivals_per_h: Arrivals,
    service_s: Service,
    patience_s: Annotated[float, typer.Option(min=0, help="Mean patience, seconds.")],
    patience_law: Annotated[
        PatienceLaw, typer.Option(help="Its law; lognormal and others need a variation.")
    ] = PatienceLaw.EXPONENTIAL,
    patience_cv: Annotated[
        float | None, typer.Option(min=0, help="Standard deviation of the patience by its mean.")
    ] = None,
    within_s: Within = 20.0,
    as_json: Json = False,
) -> None:
    """A queue whose customers lose patience (M/M/c+G)."""
    rows = station_formulas.erlang_a_rows(
        numbers_in(servers),
        arrivals_per_h,
        service_s,
        patience_s,
        patience_law=patience_law,
        patience_cv=patience_cv,
        within_s=within_s,
    )
    _show(rows, as_json)


@group.command("room")
def room(
    servers: Servers,
    places: Annotated[int, typer.Option(min=1, max=SERVERS_MOST, help="Places in all, at the servers too.")],
    arrivals_per_h: Arrivals,
    service_s: Service,
    as_json: Json = False,
) -> None:
    """M/M/c/K: a queue with room for K customers."""
    _show(station_formulas.finite_queue_rows(numbers_in(servers), places, arrivals_per_h, service_s), as_json)


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
    _show(station_formulas.one_server_rows(arrivals_per_h, service_s, service_scv), as_json)


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
    _show(station_formulas.closed_loop_rows(numbers_in(users), demand_s, think_s), as_json)


@group.command("retries")
def retries(
    servers: Servers,
    load_erlangs: Load,
    retries: Annotated[int, typer.Option(min=0, max=1000, help="Retries of a blocked caller.")],
    as_json: Json = False,
) -> None:
    """Lines whose lost customers try again at once."""
    _show(station_formulas.retry_rows(numbers_in(servers), load_erlangs, retries), as_json)


def _show(rows: Sequence[Row], as_json: bool) -> None:
    """Print the rows as a table or as JSON."""
    if as_json:
        say_json([dict(row) for row in rows])
        return
    table = Table(box=None, pad_edge=False)
    names = [name for name in rows[0] if name != "unstable"]
    for name in names:
        table.add_column(_heading(name), justify="right")
    for row in rows:
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

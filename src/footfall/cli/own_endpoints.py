"""`footfall load --endpoints`: make the file ready, try it out, say who is left out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.cli.console import note, say, say_json, seconds
from footfall.load.endpoints.endpoints_check import DryRun, file_of, idle, prepare_endpoints, told, trials
from footfall.load.endpoints.target_service import TargetService
from footfall.load.http.client import Client
from footfall.load.http.connection_options import Sharing, TransportOptions, address_of
from footfall.load.preflight import check_host
from footfall.records.errors import BadInputError
from footfall.records.rows import Outcome
from footfall.workload.trace import Trace

EndpointsFile = Annotated[
    Path | None,
    typer.Option(
        "--endpoints",
        metavar="FILE",
        help="With --host: TOML file of the service's own requests. Default: the scenario's.",
        show_default=False,
    ),
]
Check = Annotated[
    bool,
    typer.Option(
        "--check", help="With --endpoints: send one errand for each mapping, show the answers, stop."
    ),
]


Connections = Annotated[
    Sharing | None,
    typer.Option(
        help="Each customer's own, kept while their errand lasts; a pool that all share; or one for each "
        "request. Default: the endpoints file's, else customer.",
        show_default=False,
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Certificates, in PEM, that are trusted in place of the system's.",
        show_default=False,
    ),
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Check no certificate of the service.")]


def for_own_service(given: Path | None, trace: Trace, host: str | None) -> tuple[Trace, TargetService | None]:
    """Give the trace of those for whom the file has an errand, and the service; without a file, all.

    Raises:
        BadInputError: the file is wrong or goes with no host, a secret is not set, or somebody has no errand.
    """
    path = file_of(given, trace.info)
    if path is None:
        return trace, None
    if host is None:
        where = f"--endpoints {path}" if given else f"scenario {trace.info.scenario} has endpoints: {path}"
        raise BadInputError(where, "the reference service has its own", "--host URL in place of --serve")
    play = prepare_endpoints(path, trace)
    left_out = play.trace.info.left_out
    if left_out:
        note(left_out_line(left_out))
    return play.trace, play.service


def settings_told(given: Path | None, trace: Trace) -> dict[str, Any]:
    """Give what the manifest says of it."""
    return told(given, trace.info)


def left_out_line(left_out: dict[str, int]) -> str:
    """Say how many arrivals are not in the trace, and of which errands."""
    names = ", ".join(f"{name} {count:,}" for name, count in left_out.items())
    return f"left out of the trace, not mapped: {sum(left_out.values()):,} arrivals ({names})"


def try_out(
    service: TargetService | None,
    trace: Trace,
    host: str | None,
    transport: TransportOptions,
    *,
    as_json: bool,
) -> int:
    """Send one errand for each mapping and show what comes back; returns 0 when all were served, else 1.

    Raises:
        BadInputError: there is no file, or nobody answers at the host.
    """
    if service is None or host is None:
        raise BadInputError("--check", "there is nothing to check", "--endpoints FILE and --host URL")
    check_host(host, trace.info, transport=transport, is_mapped=True)
    client = Client(address_of(host, f"--host {host}"), transport)
    done: list[DryRun] = []
    for trial in trials(service, trace.model, client, trace.info.seed):
        done.append(trial)
        if not as_json:
            _show(trial)
    never = idle(service, trace.model)
    all_served = all(trial.ending[0] is Outcome.SERVED for trial in done)
    if as_json:
        say_json({"served": all_served, "errands": [_as_json(trial) for trial in done], "never_used": never})
    else:
        for patterns in never:
            say(f"{patterns}: no operation of the model gets to it")
        served = sum(trial.ending[0] is Outcome.SERVED for trial in done)
        say(f"{served} of {len(done)} errands served")
    return 0 if all_served else 1


def _show(trial: DryRun) -> None:
    outcome, cause = trial.ending
    say(f"{trial.channel}.{trial.operation}: {outcome.value}{f' ({cause})' if cause else ''}")
    for step in trial.steps:
        ended, why = step.ending
        took, end = seconds(step.took_s), ended.value + (f" ({why})" if why else "")
        say(f"  {step.step:36} {step.status or '–':>3}  {took:>7}  {end}")
        if step.body:
            say(f"         {step.body}")


def _as_json(trial: DryRun) -> dict[str, Any]:
    outcome, cause = trial.ending
    steps = [
        {
            "step": step.step,
            "method": step.method,
            "status": step.status,
            "took_s": step.took_s,
            "outcome": step.ending[0].value,
            "cause": step.ending[1],
            "body": step.body,
        }
        for step in trial.steps
    ]
    names = {"channel": trial.channel, "operation": trial.operation}
    return names | {"outcome": outcome.value, "cause": cause, "steps": steps}

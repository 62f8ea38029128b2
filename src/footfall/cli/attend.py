"""`footfall attend`: what a run from Locust's web page needs done outside Locust's process."""

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.behaviour.load_model import check_played, check_served
from footfall.cli.options import DEFAULT_SEED, Scale, ScenarioName, Seed, Speed, Window
from footfall.load.endpoints.endpoints_check import file_of, prepare_endpoints
from footfall.load.own_users import NO_USERS, OwnUsers
from footfall.runs.live import Attended, attended_run, end_run, live_state
from footfall.runs.predict import predict_played, replicate_played
from footfall.runs.reference_service import own_service
from footfall.workload.trace import Trace, write_trace

_NICER = 5
_LINE_MOST = 64 * 1024 * 1024
ALL = "*.*"


def command(
    run: Annotated[Path, typer.Argument(help="Folder for the run.", show_default=False)],
    scenario: ScenarioName = None,
    trace: Annotated[Path | None, typer.Option(help="Folder of a trace made before.")] = None,
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    speed: Speed = None,
    scale: Scale = None,
    endpoints: Annotated[Path | None, typer.Option(help="TOML file of the service's own requests.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Start the reference service for the run.")] = False,
    own_users: Annotated[str, typer.Option(help="Users of the locustfile, as JSON.")] = "",
) -> None:
    """Make a run ready in RUN, say how it stands while Locust plays it, and report on it afterwards.

    Sampling, predicting, judging and drawing would each make Locust's arrivals late, so they happen here.
    One line in is one piece of news; one line out is a word and JSON. The end of the input ends it all,
    the reference service too, however Locust ended.
    """
    shape = {"window_s": window, "speed": speed, "scale": scale}
    _tell("phase", "sampling the customers of the day" if trace is None else "reading the trace")
    attended = attended_run(scenario, trace, seed, **shape)
    attended.trace = _for_the_service(attended.trace, endpoints, own_users, serve=serve)
    check_played(attended.trace.model)
    if serve:
        check_served(attended.trace.model)
    write_trace(run, attended.trace)
    with ExitStack() as stack:
        service = stack.enter_context(own_service(run)) if serve else None
        _tell("phase", "predicting what these customers should meet")
        predict_played(run, attended.trace)
        ready: dict[str, Any] = attended.about()
        if service is not None:
            _tell("phase", "opening accounts at the reference service")
            started = service()
            ready |= {"host": started.url, "control_token": started.control_token}
        # The service is a child that keeps its own priority; judging is what may wait.
        os.nice(_NICER)
        attended.load_prediction(run)
        _tell("ready", ready)
        if not _watch(attended):
            return
    _tell("phase", "judging and reporting")
    replicate_played(run, attended.trace)
    end_run(attended, run)
    _tell("over", live_state(attended, [ALL]))
    _watch(attended)


def _for_the_service(trace: Trace, endpoints: Path | None, own_users: str, *, serve: bool) -> Trace:
    """Give the trace of those for whom there is something to do; the reference service has it for all."""
    users = OwnUsers.model_validate_json(own_users) if own_users else NO_USERS
    if serve:
        trace = replace(trace, info=trace.info.model_copy(update={"endpoints": None}))
        return prepare_endpoints(None, trace, users).trace
    return prepare_endpoints(file_of(endpoints, trace.info), trace, users).trace


def _watch(attended: Attended) -> bool:
    """Take in the news and say how the run stands, until it is over; False: Locust went away before."""
    while line := sys.stdin.readline(_LINE_MOST):
        news = json.loads(line)
        if news.get("over"):
            return True
        attended.take(news)
        _tell("live", live_state(attended, news["ask"]))
    return False


def _tell(word: str, data: object) -> None:
    sys.stdout.write(f"{word} {json.dumps(data, allow_nan=False)}\n")
    sys.stdout.flush()

"""A search for capacity at a simulated service, in files as a live one leaves them."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.hidden_service import CHANNEL, FAULTS, HiddenService
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import LawFamily, StationParameters
from footfall._capacity.load_steps import CapacityAsked
from footfall._criteria.objects import Criterion
from footfall._load.result_files import VISITS_FILE
from footfall._load.series_files import StepDone, write_done
from footfall._records.rows import Outcome
from footfall._records.tables import VISITS, write_parquet
from tests.calibrate.made_runs import hits_of_log, run_folder
from tests.capacity.synthetic import SyntheticService, search, station

BUDGET_S = 300.0
NETWORK_S = 0.0015
_FAULT = 500
"""Status of the faults of a simulated station, of whatever cause."""
_STATUS = {"error": 502, "rejected": 409}
_ENDS = {
    200: (Outcome.SERVED, ""),
    409: (Outcome.REJECTED, "stale_data"),
    502: (Outcome.ERROR, "database_down"),
    503: (Outcome.THROTTLED, "throttled"),
    504: (Outcome.TIMEOUT, "deadline"),
}
"""Outcome and cause of a visit by the status of its request."""
_CUT_OFF = (Outcome.UNFINISHED, "cut_off")


def parameters_of(service: HiddenService) -> StationParameters:
    """Return the station of a service as the fast simulation takes it, with faults of all causes together."""
    families: dict[str, LawFamily] = {
        "constant": "constant",
        "exponential": "exponential",
        "gamma": "gamma",
        "lognormal": "lognormal",
        "uniform": "uniform",
        "weibull": "weibull",
    }
    return station(
        families[service.family],
        service.mean_s,
        service.cv,
        fault_share=sum(service.fault_shares),
        slots=service.slots,
        network_s=NETWORK_S,
        accept_queue=service.accept_queue,
        deadline_s=service.deadline_s,
    )


def simulated_search(service: HiddenService, folder: Path, budget_s: float = BUDGET_S) -> None:
    """Search with simulated steps, and write what was found and the folder of each step."""
    one = parameters_of(service)
    criteria = tuple(Criterion(line) for line in service.criteria)
    asked = CapacityAsked(criteria=criteria, budget_s=budget_s, seed=service.number)
    done = search(SyntheticService(one, seed=service.number), asked)
    rng = np.random.default_rng([service.number, 1])
    steps = []
    for step in done.steps:
        number = step.planned.number
        write_step(folder / "steps" / f"{number:03d}", step.logs[CHANNEL], service, rng)
        steps.append({"step": number, "purpose": step.planned.purpose, "offered_per_s": step.sent_per_s})
    found = done.found
    data = {
        "knee_per_s": asdict(found.knee) if found.knee else dict.fromkeys(("value", "low", "high")),
        "limited_by": found.limited_by,
        "flags": list(found.flags),
        "spent_s": done.wall_s,
        "steps": steps,
    }
    (folder / "capacity.json").write_text(json.dumps(data, indent=1), encoding="utf-8")


def write_step(folder: Path, log: RequestLog, service: HiddenService, rng: np.random.Generator) -> None:
    """Write a step as the folder of a run, each request a visit, its faults with causes of the service."""
    shares = np.array(service.fault_shares)
    names = [_STATUS[outcome] for _, outcome in FAULTS]
    is_fault = log.status == _FAULT
    status = log.status.copy()
    if is_fault.any():
        status[is_fault] = rng.choice(names, int(is_fault.sum()), p=shares / shares.sum())
    ends = [
        _ENDS[int(code)] if answered else _CUT_OFF
        for code, answered in zip(status, log.is_answered, strict=True)
    ]
    hits = hits_of_log(log, ("look",)).with_columns(
        status=pl.Series(status),
        outcome=pl.Series([outcome.value for outcome, _ in ends]),
    )
    run_folder(folder, hits, length_s=log.length_s)
    write_done(folder, StepDone(length_s=log.length_s))
    write_parquet(_visits(hits, [cause for _, cause in ends]), folder / VISITS_FILE)


def _visits(hits: pl.DataFrame, causes: list[str]) -> pl.DataFrame:
    """Return the visit of each request."""
    columns = {
        "customer": hits["customer"],
        "subscriber": pl.repeat(0, hits.height, eager=True),
        "segment": pl.repeat("all", hits.height, eager=True),
        "operation": hits["operation"],
        "channel": hits["channel"],
        "site": pl.repeat(0, hits.height, eager=True),
        "attempt": hits["attempt"],
        "due_s": hits["sent_s"],
        "started_s": hits["sent_s"],
        "served_s": hits["sent_s"],
        "ended_s": hits["ended_s"],
        "human_s": pl.repeat(0.0, hits.height, eager=True),
        "outcome": hits["outcome"],
        "cause": causes,
        "wait_s": pl.repeat(0.0, hits.height, eager=True),
    }
    return pl.DataFrame({name: columns[name] for name in VISITS}, schema_overrides=dict(VISITS))

"""What a search for capacity loads: a URL or a scenario's customers, by which criteria, at which service."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from footfall._capacity.load_steps import CapacityAsked
from footfall._criteria.objects import (
    Criterion,
    ResponseCriterion,
    SearchCriterion,
    ShareCriterion,
)
from footfall._load.options import DEFAULT_OPTIONS
from footfall._load.telemetry.telemetry_asked import telemetry_asked
from footfall._load.url_load import ARRIVALS_MOST
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._runs import judgement
from footfall._runs.load_run import LoadJob
from footfall._runs.load_test import LoadAsked, ScenarioSource, UrlSource, prepared
from footfall._runs.make_trace import chosen_scenario
from footfall._runs.messages import QUIET, Messages
from footfall._runs.run_options import TraceOptions
from footfall._workload.scenario import Scenario

SUCCESS = "success(*) >= 99%"
P95_TIMES_UNLOADED = 4.0
BUDGET_S, BUDGET_S_LEAST, BUDGET_S_MOST = 300.0, 30.0, 86_400.0
NOT_OF_A_SEARCH = MappingProxyType(
    {
        "processes": "a search sends all its load steps from one generator process",
        "drain_s": "a search chooses the drain time of each step",
        "hits_sample_share": "a search needs all requests",
    }
)
"""Options of a load test that a search has not, and why."""
_POOL = 20_000
"""Customers of a scenario that are sampled: the mix of the steps, which take them in turn."""
_POOL_OF_URL = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityWanted:
    """A search for capacity as it is asked for."""

    scenario: Scenario | Path | str | None = None
    model: Model | Path | str | None = None
    url: str | None = None
    """Whole URL, or a path below `host`."""
    host: str | None = None
    """None: that of the URL, or with `serve` the reference service, started for the search."""
    serve: bool = False
    criteria: judgement.CriteriaGiven | None = None
    """In addition to a scenario's; in place of the defaults of the same kind."""
    budget_s: float = BUDGET_S
    start_per_s: float | None = None
    most_per_s: float | None = None
    predicts: bool = True
    """Whether the model of a scenario is asked for its capacity before the search; it takes some seconds."""
    seed: int = 1
    changes: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `LoadOptions`, by their names."""
    out: Path | None = None
    overwrite: bool = False


_OF_ONE_LOAD = frozenset({"play", "scale", "rate_per_s", "for_s", "even"})
"""Settings of a load at one rate, which a search of a URL has not: each step has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTarget:
    """What is searched, ready to begin."""

    job: LoadJob
    """Its trace holds the customers that the steps take in turn."""
    asked: CapacityAsked
    capacities: tuple[SearchCriterion, ...]
    """Criteria about the capacity itself or the service's figures there, judged at the end."""
    not_used: tuple[str, ...]
    """Criteria that say nothing about a capacity."""
    what: str
    """In words: `GET http://…/work`, or a scenario and its service."""

    def settings(self, wanted: CapacityWanted) -> dict[str, Any]:
        """Return what the manifest says of the search."""
        settings = self.job.settings
        left_out = _OF_ONE_LOAD if "url" in settings else ()
        return {name: value for name, value in settings.items() if name not in left_out} | {
            "budget_s": wanted.budget_s,
            "start_per_s": wanted.start_per_s,
            "most_per_s": wanted.most_per_s,
            "criteria": [each.text for each in (*self.job.criteria, *self.capacities)],
        }


@contextmanager
def capacity_target(wanted: CapacityWanted, messages: Messages = QUIET) -> Iterator[CapacityTarget]:
    """Check what is asked for and make it ready; files that are made for it last as long as the context.

    Raises:
        BadInputError: options contradict each other, a value is impossible, or no service answers.
    """
    _check(wanted)
    telemetry_asked(wanted.options.get("otel"), os.environ)
    lines = judgement.asked_of((), judgement.CriteriaAsked(also=wanted.criteria))
    is_url = wanted.scenario is None and wanted.model is None
    chosen = None if is_url else chosen_scenario(wanted.scenario, wanted.model)
    own = () if chosen is None else chosen[0].criteria
    used, capacities, not_used = _sorted_out((*own, *lines))
    criteria, p95_times_unloaded = _with_defaults(used, is_url=chosen is None)
    source = _url_source(wanted, criteria) if chosen is None else _scenario_source(wanted, chosen, criteria)
    load = LoadAsked(
        source=source, host=wanted.host, options=wanted.options, out=wanted.out, overwrite=wanted.overwrite
    )
    with prepared(load, messages) as ready:
        job = ready.job()
        asked = CapacityAsked(
            criteria=criteria,
            p95_times_unloaded=p95_times_unloaded,
            budget_s=wanted.budget_s,
            start_per_s=wanted.start_per_s,
            most_per_s=wanted.most_per_s,
            seed=wanted.seed,
        )
        at = job.host or "the reference service"
        what = source.url if isinstance(source, UrlSource) else f"scenario {job.name} at {at}"
        yield CapacityTarget(
            job=replace(job, criteria=criteria),
            asked=asked,
            capacities=capacities,
            not_used=not_used,
            what=what,
        )


def _check(wanted: CapacityWanted) -> None:
    has_scenario = wanted.scenario is not None or wanted.model is not None
    is_mapped = wanted.host is not None and wanted.options.get("endpoints") is not None
    if not has_scenario and wanted.url is None and not is_mapped:
        expected = "--host URL --url /work, or --scenario NAME with --serve or --host URL"
        raise BadInputError("--url", "nothing to load is given", expected)
    if has_scenario and wanted.url is not None:
        raise BadInputError("--url", "cannot be combined with --scenario", "one of the two")
    if wanted.serve and wanted.host is not None:
        raise BadInputError("--serve", "both --host and --serve are given", "either --host URL or --serve")
    if has_scenario and not wanted.serve and wanted.host is None:
        raise BadInputError("--host", "no service is given", "either --host URL or --serve")
    if not has_scenario and wanted.serve:
        raise BadInputError("--serve", "requires a scenario", "--scenario NAME --serve")
    if not has_scenario and wanted.changes:
        raise BadInputError("--set", "requires a scenario", "--scenario NAME with --set")
    for name, why in NOT_OF_A_SEARCH.items():
        if wanted.options.get(name, getattr(DEFAULT_OPTIONS, name)) != getattr(DEFAULT_OPTIONS, name):
            raise BadInputError(f"{name}={wanted.options[name]}", why, f"a search without {name}")
    _check_numbers(wanted)


def _check_numbers(wanted: CapacityWanted) -> None:
    if not BUDGET_S_LEAST <= wanted.budget_s <= BUDGET_S_MOST:
        problem = f"{wanted.budget_s:g} s is out of range"
        raise BadInputError("--budget", problem, f"{BUDGET_S_LEAST:g}s to a day; 5min does for most services")
    for option, rate in (("--start-rate", wanted.start_per_s), ("--most-rate", wanted.most_per_s)):
        if rate is not None and not 0 < rate <= ARRIVALS_MOST:
            raise BadInputError(
                f"{option} {rate:g}", "is out of range", f"above 0, at most {ARRIVALS_MOST:,}"
            )
    if wanted.start_per_s and wanted.most_per_s and wanted.start_per_s > wanted.most_per_s:
        problem = f"is above --most-rate {wanted.most_per_s:g}"
        raise BadInputError(f"--start-rate {wanted.start_per_s:g}", problem, "a lower rate to start with")


def _sorted_out(
    criteria: Sequence[Criterion],
) -> tuple[tuple[Criterion, ...], tuple[SearchCriterion, ...], tuple[str, ...]]:
    """Return the criteria of success, errors and response times, those judged at the end, and all others."""
    unique = tuple({each.text: each for each in criteria}.values())
    capacities = tuple(each for each in unique if isinstance(each, SearchCriterion))
    used = tuple(
        each
        for each in unique
        if isinstance(each, ShareCriterion | ResponseCriterion) and not each.scope.step and not each.validity
    )
    others = tuple(each.text for each in unique if each not in used and each not in capacities)
    return used, capacities, others


def _with_defaults(
    used: tuple[Criterion, ...], *, is_url: bool
) -> tuple[tuple[Criterion, ...], float | None]:
    """Add what is asked of a service where nothing is said of its success or of its response times."""
    asks_share = any(isinstance(each, ShareCriterion) for each in used)
    asks_time = any(isinstance(each, ResponseCriterion) for each in used)
    if used and not is_url:
        return used, None
    return (
        used if asks_share else (Criterion(SUCCESS), *used),
        None if asks_time else P95_TIMES_UNLOADED,
    )


def _is_whole(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _url_source(wanted: CapacityWanted, criteria: tuple[Criterion, ...]) -> UrlSource:
    """Return the source of a URL; its number of arrivals is that of the pool.

    Raises:
        BadInputError: a path is given without a host, or a whole URL with another one.
    """
    url, host = wanted.url or "", wanted.host
    if _is_whole(url):
        if host is not None:
            raise BadInputError("--host", f"cannot be combined with the whole URL {url}", "--url with a path")
    elif host is None:
        raise BadInputError(f"--url {url}", "no host is given", "--host URL, or a whole URL")
    elif url and not url.startswith("/"):
        raise BadInputError(f"--url {url}", "is neither a URL nor a path", "a path such as /work")
    asked = judgement.CriteriaAsked(also=criteria)
    whole = url if _is_whole(url) else f"{(host or '').rstrip('/')}{url}"
    return UrlSource(url=whole, rate_per_s=100.0, arrivals=_POOL_OF_URL, seed=wanted.seed, asked=asked)


def _scenario_source(
    wanted: CapacityWanted, chosen: tuple[Scenario, Model | None], criteria: tuple[Criterion, ...]
) -> ScenarioSource:
    """Return the source of a scenario without its outages, which are no matter of load."""
    scenario, model = chosen
    plain = scenario.model_copy(update={"criteria": criteria, "outages": ()})
    options = TraceOptions(seed=wanted.seed, arrivals=_POOL, changes=wanted.changes)
    return ScenarioSource(scenario=plain, model=model, options=options)

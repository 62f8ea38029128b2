"""A scenario: one what-if, as frozen data that is read without Locust."""

import importlib.util
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import PositiveFloat, PositiveInt, ValidationInfo, field_validator

from footfall.behaviour.load_model import RunPace
from footfall.criteria.lists import criteria_of
from footfall.criteria.objects import Criterion
from footfall.model.changes import set_number, set_text, with_outage
from footfall.model.model import Model
from footfall.model.numbers import Number, Spec, leaves
from footfall.records.errors import BadInputError

FOLDER = "scenarios"
LOCUST_PROGRAM = "locust.main"
"""Imported by the program `locust` alone, and by nothing that merely uses Locust's classes."""
_READING: set[str] = set()
"""Modules that `read_scenario` runs at this moment."""


class OutagePart(Spec):
    """A time in which a channel fails every request, as a part of the window."""

    channel: str
    from_share: float
    """0: the start of the window."""
    to_share: float
    """1: its end."""


class Scenario(Spec):
    """What is asked, of which model, what changes, what is played, and what must hold."""

    name: str
    title: str
    question: str
    model: str
    """Path of the model file, from the workspace's top."""
    changes: tuple[tuple[str, float] | str, ...] = ()
    """Path and new value of numbers of the model, or a text as `--set` takes it:
    `hotline.agents[08:00-18:00]=3`."""
    factors: tuple[tuple[str, PositiveFloat], ...] = ()
    """Pattern of paths and what all numbers that fit it are multiplied by."""
    outages: tuple[OutagePart, ...] = ()
    window_s: PositiveFloat = 120.0
    """Seconds of the day that are played: the busiest ones."""
    speed: PositiveFloat = 2.0
    """Arrivals come this many times as fast as in the day."""
    scale: PositiveFloat = 1.0
    """Share of the customers that come."""
    arrivals: PositiveInt | None = None
    """Exactly so many come, whatever the scale is; None: as many as the day brings."""
    human_time_factor: PositiveFloat = 0.01
    """People's own time is multiplied by this."""
    follow_up: bool = True
    """Whether customers retry or switch after a failure."""
    endpoints: str | None = None
    """Path of the file of a service's own requests; None: the routes of the reference service."""
    criteria: tuple[Criterion, ...]
    """What must hold; texts such as `p95(web.*) < 800ms` are parsed."""

    @field_validator("criteria", mode="before")
    @classmethod
    def _parsed(cls, given: Any, info: ValidationInfo) -> tuple[Criterion, ...]:  # noqa: ANN401  whatever was given
        """Parse what is given as text."""
        return criteria_of(given, f"scenario {info.data.get('name', '')}")


def changed(model: Model, scenario: Scenario) -> Model:
    """Give the model with the scenario's numbers; outages come later, when the window is known.

    Raises:
        BadInputError: a path fits no number, or a value is impossible there.
    """
    where = f"scenario {scenario.name}"
    for change in scenario.changes:
        if isinstance(change, str):
            model = set_text(model, change, where=where)
        else:
            model = set_number(model, *change, where=where)
    for pattern, factor in scenario.factors:
        model = _multiplied(model, pattern, factor, where)
    if scenario.follow_up:
        return model
    return model.model_copy(update={"follow_ups": model.follow_ups.model_copy(update={"by_outcome": {}})})


def with_outages(model: Model, scenario: Scenario, play: RunPace) -> Model:
    """Give the model with the scenario's outages, on the clock of the day.

    Raises:
        BadInputError: the channel is unknown, or the outage ends before it starts.
    """
    for part in scenario.outages:
        starts_s, ends_s = (
            play.starts_s + share * play.length_s for share in (part.from_share, part.to_share)
        )
        model = with_outage(model, part.channel, starts_s, ends_s)
    return model


def play_of(scenario: Scenario, starts_s: float) -> RunPace:
    """Give the part of the day that the scenario plays, once its start is known."""
    return RunPace(
        starts_s=starts_s,
        length_s=scenario.window_s,
        speed=scenario.speed,
        human_time_factor=scenario.human_time_factor,
    )


def scenario_files(folder: Path) -> dict[str, Path]:
    """Give the scenario files of a folder by the scenario's name."""
    return {path.stem: path for path in sorted(folder.glob("[!_]*.py"))}


def read_scenario(name: str, folder: Path) -> Scenario:
    """Read a scenario by its name in the folder, or by the path of its file.

    Raises:
        BadInputError: there is no such scenario, or its file cannot be run or holds none.
    """
    files = scenario_files(folder)
    path = files.get(name, Path(name))
    if path.suffix != ".py" or not path.is_file():
        known = ", ".join(files) or f"a file in {folder}"
        raise BadInputError(f"--scenario {name}", "no such scenario", f"one of {known}")
    spec = importlib.util.spec_from_file_location(f"{FOLDER}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BadInputError(str(path), "cannot be read", "a Python file")
    module = importlib.util.module_from_spec(spec)
    _READING.add(module.__name__)
    try:
        spec.loader.exec_module(module)
    except BadInputError as error:
        raise BadInputError(str(path), str(error)) from error
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"{type(error).__name__}: {reason}", "a scenario") from error
    finally:
        _READING.discard(module.__name__)
    scenario = getattr(module, "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        raise BadInputError(str(path), "has no SCENARIO", "SCENARIO = Scenario(…)")
    return scenario


def names_for_locust(module: str, scenario: Scenario) -> dict[str, Any]:
    """Users and shape that Locust looks for in a scenario file; none unless Locust itself loads it.

    Locust loads a file under its bare name, or a user's locustfile imports it. All others read it through
    `read_scenario`, and must not pay for Locust, which patches the whole interpreter.
    """
    if module in _READING or LOCUST_PROGRAM not in sys.modules:
        return {}
    # By name, since an import would make Locust a part of this module for every reader.
    door = importlib.import_module("footfall.load.locust_plugin")
    open_door: Callable[..., dict[str, Any]] = door.open_door
    return open_door(scenario.name)


def _multiplied(model: Model, pattern: str, factor: float, where: str) -> Model:
    found = [
        (path, float(leaf))
        for path, leaf in leaves(model)
        if isinstance(leaf, Number) and fnmatchcase(path, pattern)
    ]
    if not found:
        raise BadInputError(f"{where} {pattern}", "fits no number of the model", "a pattern of paths")
    for path, value in found:
        model = set_number(model, path, value * factor, where=where)
    return model

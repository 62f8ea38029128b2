"""Models by their path, changed as asked."""

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import inf
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from footfall._fit.uncertainty import Uncertainty, drawn
from footfall._measure.summary import ShareRule
from footfall._model.changes import flattened, set_text
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import UNSOURCED, Curve, Number, Profile, leaves
from footfall._model.value_errors import shown_path
from footfall._records.errors import BadInputError, path_of
from footfall._records.runs import read_limited
from footfall._runs.messages import QUIET, Messages
from footfall._workload.log_mapping import WEEKDAYS

# ── Module and class names of former releases, so that model files written with them still run

_PACKAGES = (
    "footfall.model",
    "footfall.records",
    "footfall.simulate",
    "footfall.simulate.spec",
    "footfall.simulate.fit",
)
_MODULES = {
    "footfall.model.channel": "footfall._model.channel",
    "footfall.model.durations": "footfall._model.durations",
    "footfall.model.model": "footfall._model.model",
    "footfall.model.numbers": "footfall._model.numbers",
    "footfall.model.population": "footfall._model.population",
    "footfall.model.station_specs": "footfall._model.station_specs",
    "footfall.model.units": "footfall._model.units",
    "footfall.records.errors": "footfall._records.errors",
    "footfall.records.outcomes": "footfall._records.rows",
    "footfall.records.rows": "footfall._records.rows",
    "footfall.simulate.spec.adoption": "footfall._model.population",
    "footfall.simulate.spec.agents": "footfall._model.station_specs",
    "footfall.simulate.spec.base": "footfall._model.numbers",
    "footfall.simulate.spec.channel": "footfall._model.channel",
    "footfall.simulate.spec.client": "footfall._model.station_specs",
    "footfall.simulate.spec.duration": "footfall._model.durations",
    "footfall.simulate.spec.limits": "footfall._model.station_specs",
    "footfall.simulate.spec.model": "footfall._model.model",
    "footfall.simulate.spec.number": "footfall._model.numbers",
    "footfall.simulate.spec.people": "footfall._model.population",
    "footfall.simulate.spec.station": "footfall._model.station_specs",
    "footfall.simulate.spec.times": "footfall._model.durations",
    "footfall.simulate.calibrate": "footfall._choice.choice_situations",
    "footfall.simulate.fit.build": "footfall._fit.fitted_model",
}
_NAMES = {
    "Choice": "NestedLogit",
    "FollowUp": "AfterFailure",
    "FollowUps": "RetryPolicy",
    "Law": "DistributionFamily",
    "Opening": "OpeningHours",
    "Turn": "Step",
}


def _offer_former_names() -> None:
    """Let `import footfall.simulate.spec.…` or `footfall.model.…` of a former release find what it meant."""
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = []
        sys.modules.setdefault(name, package)
    for former, now in _MODULES.items():
        sys.modules.setdefault(former, _Former(former, now))


class _Former(ModuleType):
    """A module under its former name."""

    def __init__(self, name: str, now: str) -> None:
        super().__init__(name)
        self._now = now

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a name of any kind
        if name.startswith("__"):
            raise AttributeError(name)
        own_name = _NAMES.get(name, name)
        is_of_a_day = own_name in {"by_hour", "constant", "profile"} and self._now.endswith(".numbers")
        return getattr(import_module("footfall._model.profiles" if is_of_a_day else self._now), own_name)


# ── Models by their path, changed as asked, and what the measures need to know of them

WEEKDAYS_FOLDER = "weekdays"
"""Of a fitted model: next to it, with a model for each weekday of its log."""
_KIT = Path(__file__).parents[1]


def model_in(
    path: Path,
    changes: tuple[str, ...] = (),
    before: Callable[[Model], Model] | None = None,
    messages: Messages = QUIET,
) -> Model:
    """Give the model of a TOML file, or `MODEL` of a Python file, changed by `before`, then by `path=value`.

    Raises:
        BadInputError: there is no such file, it does not run, it holds no model, or a change is impossible.
    """
    expected = "a model file such as models/guangxi.py, or model.toml"
    if path.suffix == ".toml":
        model = Model.from_toml(read_limited(path, expected), str(path))
    else:
        model = _member(path, "MODEL", expected)
    if not isinstance(model, Model):
        raise BadInputError(str(path), "MODEL is not a Model", "a footfall.Model")
    if before is not None:
        model = before(model)
    return with_changes(model, changes, messages=messages)


def models_in(path: Path) -> tuple[Model, dict[str, Model]]:
    """Give a fitted model, and its models by weekday: those of the folder `weekdays`, or `MODELS` in Python.

    Raises:
        BadInputError: there is no such file, it does not run, or it or a weekday's file holds no model.
    """
    model = model_in(path)
    if path.suffix == ".toml":
        files = {name: path.parent / WEEKDAYS_FOLDER / f"{name}.toml" for name in WEEKDAYS}
        return model, {name: model_in(file) for name, file in files.items() if file.is_file()}
    found = getattr(sys.modules[_module_name(path)], "MODELS", {})
    weekdays = {name: each for name, each in found.items() if name in WEEKDAYS and isinstance(each, Model)}
    return model, weekdays


def read_model(path: Path | str) -> Model:
    """Read a model by the path of its file: Python that holds `MODEL`, or data that `fit` wrote.

        >>> import footfall as ff
        >>> ff.read_model("models/mm3.py").name
        'mm3'

    Raises:
        BadInputError: there is no such file, it does not run, or it holds no model.
    """
    return model_in(path_of(path, "path"))


def model_for(model: Model | Path | str, changes: Sequence[str] = (), messages: Messages = QUIET) -> Model:
    """Give a model, or that of a file, with changes `path=value` made in turn.

    Raises:
        BadInputError: the file does not run or holds no model, or a change is impossible.
    """
    if isinstance(model, Model):
        return with_changes(model, changes, messages=messages)
    return model_in(path_of(model, "model"), tuple(changes), messages=messages)


def change_texts(changes: Mapping[str, float | str] | Sequence[str] | None) -> tuple[str, ...]:
    """Give changes as `path=value`, whether they come so or as a mapping from path to value."""
    if changes is None:
        return ()
    if isinstance(changes, Mapping):
        return tuple(f"{path}={value}" for path, value in changes.items())
    return tuple(changes)


def with_changes(
    model: Model, changes: Sequence[str], *, where: str = "--set", messages: Messages = QUIET
) -> Model:
    """Give a model with changes `path=value` made in turn; says so where one flattens a day profile.

    Raises:
        BadInputError: a change is impossible.
    """
    for change in changes:
        changed = set_text(model, change, where=where)
        if warning := flattened(model, change, where=where):
            messages.note(f"footfall: warning: {warning}")
        model = changed
    return model


def drawn_with_changes(
    model: Model, uncertainty: Uncertainty, key: tuple[int, int], changes: Sequence[str]
) -> Model:
    """Give a fitted model with its numbers drawn (`key`: seed and draw), then changed as by `--set`.

    Raises:
        BadInputError: a change is impossible.
    """
    found = drawn(model, uncertainty, *key)
    for change in changes:
        found = set_text(found, change)
    return found


def share_definition(model: Model, name: str | None) -> tuple[ShareDefinition, ShareRule]:
    """Give a share definition of the model, as the model says it and as the measures take it.

    Raises:
        BadInputError: the model has none of that name.
    """
    known = {definition.name: definition for definition in model.share_definitions}
    if name is not None and name not in known:
        raise BadInputError(f"--share {name}", "no such definition in the model", " or ".join(known))
    chosen = known[name] if name else model.share_definitions[0]
    channels = frozenset(channel.name for channel in model.channels)
    return chosen, ShareRule(
        electronic=frozenset(chosen.electronic),
        excluded=channels - frozenset(chosen.counted),
        operations=frozenset(chosen.operations),
    )


def targets(model: Model) -> dict[tuple[str, str], float]:
    """Give the success shares that the model asks for, by channel and operation."""
    return {(t.channel, t.operation): float(t.success_share) for t in model.targets}


def _member(path: Path, name: str, expected: str) -> Any:  # noqa: ANN401  the caller checks
    module = _load(path, expected)
    if not hasattr(module, name):
        raise BadInputError(str(path), f"has no {name}", expected)
    return getattr(module, name)


def _load(path: Path, expected: str) -> ModuleType:
    if not path.is_file():
        raise BadInputError(str(path), "no such file", expected)
    workspace = str(_workspace(path.resolve()))
    if workspace not in sys.path:
        sys.path.insert(0, workspace)
    spec = importlib.util.spec_from_file_location(_module_name(path), path.resolve())
    if spec is None or spec.loader is None:
        raise BadInputError(str(path), "is not a Python file", expected)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    _offer_former_names()
    try:
        spec.loader.exec_module(module)
    except BadInputError:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's file may raise, they get its line
        line = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise BadInputError(_line_of(error, path), f"does not run ({line})", expected) from error
    return module


def _module_name(path: Path) -> str:
    return f"footfall_content_{path.stem}"


def _line_of(error: BaseException, path: Path) -> str:
    """Give file and line of the innermost code of a workspace in an error, as `shop.py:7`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown_path(error.filename)}:{error.lineno}"
    workspace = _workspace(path.resolve())
    frames = [frame for frame in extract_tb(error.__traceback__) if _is_own(frame.filename, workspace)]
    return f"{shown_path(frames[-1].filename)}:{frames[-1].lineno}" if frames else str(path)


def _is_own(filename: str, workspace: Path) -> bool:
    """Whether a file is one of a person's own, and no library that lies in their workspace."""
    path = Path(filename)
    libraries = ("site-packages", "dist-packages")
    return (
        path.is_relative_to(workspace)
        and not path.is_relative_to(_KIT)
        and not set(path.parts) & set(libraries)
    )


def _workspace(path: Path) -> Path:
    """Give the folder above the outermost package of a file; above its own folder, if that is none."""
    folder = path.parent.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


# ── Every number of a model, with its grade and source

_ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class ModelNumber:
    """A number of a model, as a person and as a program read it."""

    path: str
    """By which `--set` changes it."""
    text: str
    value: float | str | list[float] | list[tuple[float, float]]
    grade: str
    source: str


def numbers_of(model: Model, part: str = "", *, unsourced: bool = False) -> list[ModelNumber]:
    """List the numbers of a model whose paths hold a text, or those of them without a source.

    Raises:
        BadInputError: no path holds the text.
    """
    found = [(path, number) for path, number in leaves(model) if part in path]
    if not found:
        problem, expected = "matches no path of a number", "a part of one, as `footfall show` lists them"
        raise BadInputError(f"--only {part}", problem, expected)
    return [
        ModelNumber(path, _number_text(number), _number_value(number), number.grade.value, number.source)
        for path, number in found
        if not unsourced or number.source == UNSOURCED
    ]


def _number_value(number: Number | Profile | Curve) -> float | str | list[float] | list[tuple[float, float]]:
    if number == inf:
        return _ENDLESS
    if isinstance(number, Curve):
        return list(zip(number.seconds, number.shares, strict=True))
    return list(number.values) if isinstance(number, Profile) else float(number)


def _number_text(number: Number | Profile | Curve) -> str:
    if isinstance(number, Curve):
        return (
            f"{100 * number.shares[-1]:.0f} % within {number.seconds[-1]:g} s, {len(number.seconds)} points"
        )
    if isinstance(number, Profile):
        return f"{min(number.values):g} … {max(number.values):g} {_every(number.interval_s)}"
    return _ENDLESS if number == inf else f"{number:g}"


def _every(interval_s: float) -> str:
    minutes = interval_s / 60
    return {30.0: "by half hour", 1.0: "by minute"}.get(minutes, f"by {minutes:g} minutes")

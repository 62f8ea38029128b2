"""A scenario: one what-if, as frozen data in TOML (read without running code) or Python; needs no Locust."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from traceback import extract_tb
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from footfall._behaviour.load_model import RunPace
from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import Criterion
from footfall._model.changes import set_number, set_text, with_outage
from footfall._model.model import Model
from footfall._model.numbers import Number, Spec, leaves
from footfall._model.value_errors import BadModelError, WrongValueError
from footfall._records.errors import BadInputError, in_words, path_of, seconds_of, share_of, shown
from footfall._records.toml_lines import at_line, parsed_toml

FOLDER = "scenarios"
_KINDS = (".toml", ".py")
_BYTES_MOST = 1024 * 1024
_EXPECTED = "a scenario as in docs/how-to/scenarios.md"
_PATH = re.compile(r"[\w.]+")
_OLD_TAIL = "names_for_locust"
_OLD_NAMES = {"changes": "set", "factors": "multiply"}


def _read_text(read: Callable[[str, str], float] | None = None) -> BeforeValidator:
    """Let a number be written as people write it; without a reader, as a number alone."""

    def number_of(value: object) -> object:
        if isinstance(value, bool):
            raise ValueError(f"{shown(value)} is not a number; expected a number")  # noqa: TRY004  pydantic's kind
        if not isinstance(value, str) or read is None:
            return value
        try:
            return read(value, "")
        except BadInputError as error:
            raise ValueError(str(error).strip()) from None

    return BeforeValidator(number_of)


_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(allow_inf_nan=False), _read_text(share_of)]
PositiveShare = Annotated[_Positive, _read_text(share_of)]
Factor = Annotated[_Positive, _read_text()]
Seconds = Annotated[_Positive, _read_text(seconds_of)]


class OutagePart(Spec):
    """A time in which a channel fails every request, as a part of the window.

    >>> import footfall as ff
    >>> ff.OutagePart(channel="web", from_share=0.25, to_share=0.75).channel
    'web'
    """

    channel: str
    from_share: Share
    """0: the start of the window."""
    to_share: Share
    """1: its end."""

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if not self.from_share < self.to_share:
            raise ValueError(
                f"from {self.from_share:g} to {self.to_share:g}; expected a start before the end"
            )
        return self


class Scenario(Spec):
    """What is asked, of which model, what changes, what is run, and what must hold.

    >>> import footfall as ff
    >>> busy = ff.Scenario(name="busy", model="models/mm3.py", changes=(("hall.clerks", 2),))
    >>> busy.window_s
    120.0
    """

    name: str = ""
    """Empty in a file: the file's own name."""
    title: str = ""
    """Empty: the name."""
    question: str = ""
    model: str
    """Path of the model file, from the workspace's top."""
    set: dict[str, float | str] = Field(default_factory=dict)
    """New value of numbers of the model by their path, as `--set` takes them; the path may name hours:
    `hotline.agents[08:00-18:00]`."""
    multiply: dict[str, Factor] = Field(default_factory=dict)
    """What all numbers that fit a pattern of paths are multiplied by."""
    outages: tuple[OutagePart, ...] = ()
    window_s: Seconds = 120.0
    """Seconds of the day that are run: the busiest ones. A file may say `window = "2min"`."""
    speed: Factor = 2.0
    """Arrivals come this many times as fast as in the day."""
    scale: PositiveShare = 1.0
    """Share of the customers that come."""
    arrivals: PositiveInt | None = None
    """Exactly so many come, whatever the scale is; None: as many as the day brings."""
    human_time_factor: PositiveShare = 0.01
    """People's own time is multiplied by this."""
    follow_up: bool = True
    """Whether customers retry or switch after a failure."""
    endpoints: str | None = None
    """Path of the file of a service's own requests; None: the routes of the reference service."""
    criteria: tuple[Criterion, ...] = ()
    """What must hold; texts such as `p95(web.*) < 800ms` are parsed."""

    @field_validator("criteria", mode="before")
    @classmethod
    def _parsed(cls, given: Any, info: ValidationInfo) -> tuple[Criterion, ...]:  # noqa: ANN401  whatever was given
        """Parse what is given as text."""
        return criteria_of(given, f"scenario {info.data.get('name', '')}".rstrip())

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, data: Any) -> Any:  # noqa: ANN401  whatever the user gives
        """Take `window` for `window_s`, and the names and forms of the fields before they were tables."""
        if not isinstance(data, Mapping):
            return data
        found = dict(data)
        if "window" in found:
            if "window_s" in found:
                raise ValueError("window and window_s are both given; expected one of them")
            if not isinstance(found["window"], str):
                raise ValueError(
                    f"window {shown(found['window'])} has no unit; expected a time such as '100s'"
                )
            found["window_s"] = found.pop("window")
        for old, new in _OLD_NAMES.items():
            if old in found:
                found[new] = _pairs(found.pop(old), old)
        return found


def _pairs(given: Any, name: str) -> dict[str, Any]:  # noqa: ANN401  checked with the field
    """Give path and value of changes in their former form: pairs, or texts `path=value`."""
    found = {}
    for each in given if isinstance(given, list | tuple) else (given,):
        parts = each.rpartition("=")[::2] if isinstance(each, str) else each
        if not isinstance(parts, list | tuple) or len(parts) != 2:  # noqa: PLR2004  path and value
            raise WrongValueError(f"{name}: {shown(each)} is no change", "a pair such as ('hall.clerks', 2)")
        found[str(parts[0])] = parts[1]
    return found


def changed(model: Model, scenario: Scenario) -> Model:
    """Give the model with the scenario's numbers; outages come later, when the window is known.

    Raises:
        BadInputError: a path fits no number, or a value is impossible there.
    """
    where = f"scenario {scenario.name}"
    for path, value in scenario.set.items():
        if isinstance(value, str) or not _PATH.fullmatch(path):
            model = set_text(model, f"{path}={value}", where=where)
        else:
            model = set_number(model, path, value, where=where)
    for pattern, factor in scenario.multiply.items():
        model = _multiplied(model, pattern, factor, where)
    if scenario.follow_up:
        return model
    return model.model_copy(update={"follow_ups": model.follow_ups.model_copy(update={"by_outcome": {}})})


def with_outages(model: Model, scenario: Scenario, pace: RunPace) -> Model:
    """Give the model with the scenario's outages, on the clock of the day.

    Raises:
        BadInputError: the channel is unknown, or the outage ends before it starts.
    """
    for part in scenario.outages:
        starts_s, ends_s = (
            pace.starts_s + share * pace.length_s for share in (part.from_share, part.to_share)
        )
        model = with_outage(model, part.channel, starts_s, ends_s)
    return model


def pace_of(scenario: Scenario, starts_s: float) -> RunPace:
    """Give the part of the day that the scenario runs, once its start is known."""
    return RunPace(
        starts_s=starts_s,
        length_s=scenario.window_s,
        speed=scenario.speed,
        human_time_factor=scenario.human_time_factor,
    )


def scenario_files(folder: Path) -> dict[str, Path]:
    """Give the scenario files of a folder by the scenario's name, in alphabetical order.

    Raises:
        BadInputError: two files have the same name.
    """
    found: dict[str, Path] = {}
    for path in sorted(each for kind in _KINDS for each in folder.glob(f"[!_]*{kind}")):
        if path.stem in found:
            problem = f"there are {found[path.stem].name} and {path.name}"
            raise BadInputError(f"{folder} {path.stem}", problem, "one file a scenario")
        found[path.stem] = path
    return dict(sorted(found.items()))


def read_scenario(name: str, folder: Path = Path(FOLDER)) -> Scenario:
    """Read a scenario by its name in the folder (or `./NAME.toml`), or by the path of its file.

    A TOML file is read as data. A Python file is run, and must hold `SCENARIO = Scenario(…)`.

        >>> import footfall as ff
        >>> ff.read_scenario("ordinary_day").model
        'models/guangxi.py'

    Raises:
        BadInputError: there is no such scenario, or its file holds none; the line names file, line and key.
    """
    path = _path_of(str(path_of(name, "name")), folder)
    text = _text(path)
    scenario = _of_toml(text, path) if path.suffix == ".toml" else _of_python(text, path)
    named = scenario.name or path.stem
    return scenario.model_copy(update={"name": named, "title": scenario.title or named})


def _path_of(name: str, folder: Path) -> Path:
    files = scenario_files(folder)
    for path in (files.get(name), Path(name), Path(f"{name}.toml")):
        if path is not None and path.suffix in _KINDS and path.is_file():
            return path
    known = f"one of {', '.join(files)}" if files else f"a file in {folder}"
    raise BadInputError(f"--scenario {name}", "no such scenario", f"{known}, or the path of a file")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _BYTES_MOST:
            raise BadInputError(str(path), f"more than {_BYTES_MOST} bytes", _EXPECTED)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"byte {error.start} is not UTF-8", _EXPECTED) from error
    except OSError as error:
        raise BadInputError(str(path), (error.strerror or str(error)).lower(), _EXPECTED) from error


def _of_toml(text: str, path: Path) -> Scenario:
    data = {"name": path.stem} | parsed_toml(text, str(path), _EXPECTED)
    try:
        return Scenario.model_validate(data)
    except BadInputError as error:
        raise BadInputError(str(path), str(error)) from error
    except ValidationError as error:
        raise _as_bad_input(at_line(str(path), text, error.errors()[0]["loc"]), error) from None


def _of_python(text: str, path: Path) -> Scenario:
    if _OLD_TAIL in text:
        expected = "the file without the two lines that name it: SCENARIO = Scenario(…) is enough"
        raise BadInputError(str(path), f"{_OLD_TAIL} is no longer supported", expected)
    spec = importlib.util.spec_from_file_location(f"footfall_scenario_{path.stem}", path)
    assert spec is not None  # noqa: S101  the file is there and ends in .py
    assert spec.loader is not None  # noqa: S101  as above
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BadModelError:  # names the line of the file itself
        raise
    except BadInputError as error:
        raise BadInputError(str(path) + _line_in(error, path), str(error)) from error
    except ValidationError as error:
        raise _as_bad_input(str(path) + _line_in(error, path), error) from None
    except SyntaxError as error:
        raise BadInputError(f"{path}, line {error.lineno}", f"SyntaxError: {error.msg}", _EXPECTED) from error
    except (Exception, SystemExit) as error:
        reason = str(error).partition("\n")[0]
        where = str(path) + _line_in(error, path)
        raise BadInputError(where, f"{type(error).__name__}: {reason}", _EXPECTED) from error
    scenario = getattr(module, "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        raise BadInputError(str(path), "has no SCENARIO", "SCENARIO = Scenario(…)")
    return scenario


def _line_in(error: BaseException, path: Path) -> str:
    """Give `, line N` of the user's own file in which an error came up; empty where none did."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _as_bad_input(where: str, error: ValidationError) -> BadInputError:
    """Return the first mistake as one line: key, value, and what was expected."""
    first = error.errors()[0]
    is_of_outage = bool(first["loc"]) and first["loc"][0] == "outages"
    fields = OutagePart.model_fields if is_of_outage else Scenario.model_fields
    return BadInputError(*in_words(first, where, _EXPECTED, list(fields)))


def _multiplied(model: Model, pattern: str, factor: float, where: str) -> Model:
    found = [
        (path, float(leaf))
        for path, leaf in leaves(model)
        if isinstance(leaf, Number) and fnmatchcase(path, pattern)
    ]
    if not found:
        raise BadInputError(f"{where} {pattern}", "matches no number of the model", "a pattern of paths")
    for path, value in found:
        model = set_number(model, path, value * factor, where=where)
    return model

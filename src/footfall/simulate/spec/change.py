"""Change numbers, day profiles and words of a model: `--set path=value`, and outages of a scenario."""

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from footfall.records.errors import BadInputError
from footfall.records.numbers import NUMBER_MOST
from footfall.simulate.spec.assignment import FORMS, Assignment, Hours, new_values, read_assignment
from footfall.simulate.spec.base import Curve, Profile, Spec, leaves
from footfall.simulate.spec.channel import Outage
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Grade, Number
from footfall.simulate.spec.words import replaced, words


def set_number(model: Model, path: str, value: float, *, where: str = "--set") -> Model:
    """Give the model with one number (or one whole day profile) changed, all else the same.

    `path` is a path of `leaves(model)`; parts in the middle may be left out while it stays unique:
    `hotline.agents_factor` is `channels.hotline.station.agents_factor`.

    Raises:
        BadInputError: no number or several have this path, or the value is impossible there.
    """
    return assign(model, Assignment(path, (value,)), where=where)


def set_text(model: Model, text: str, *, where: str = "--set") -> Model:
    """`assign` what a text says: `path=value`, `path[08:00-18:00]=value`, `path=[…]`, `path*=factor`.

    Raises:
        BadInputError: it is not of such a form, or cannot be set.
    """
    return assign(model, _read(model, text, where), where=where)


def assign(model: Model, change: Assignment, *, where: str = "--set") -> Model:
    """Give the model with one number, day profile, or word changed, all else the same.

    Raises:
        BadInputError: no number or several have this path, or the value is impossible there.
    """
    path, values = change.path, change.values
    if isinstance(values, str):
        return set_word(model, path, values, where=where)
    full = resolve(model, path, where=where)
    for value in values:
        if not abs(value) <= NUMBER_MOST:
            expected = f"a number between -{NUMBER_MOST:g} and {NUMBER_MOST:g}"
            raise BadInputError(f"{where} {path}", f"{value:g} is out of range", expected)
    try:
        changed: Model = _replaced(model, full.split("."), change)
    except ValueError as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        problem = problem.removeprefix("Value error, ")
        at = f"[{change.hours}]" if change.hours else ""
        said = f"{values[0]:g}" if not change.is_list else f"a list of {len(values)}"
        said = f"a factor of {said}" if change.is_factor else said
        raise BadInputError(f"{where} {path}{at}", f"{said} cannot be set", _lower(problem)) from error
    return changed


def flattened(model: Model, text: str, *, where: str = "--set") -> str | None:
    """Say that a text sets a profile that varies over the day to one number; None where it does not.

    Raises:
        BadInputError: it is not of a form that `set_text` reads, or its path is none.
    """
    change = _read(model, text, where)
    if isinstance(change.values, str) or change.hours or change.is_factor or change.is_list:
        return None
    found = dict(leaves(model))[resolve(model, change.path, where=where)]
    if not isinstance(found, Profile) or min(found.values) == max(found.values):
        return None
    had = f"{min(found.values):g} to {max(found.values):g}"
    example = Assignment(change.path, change.values, Hours(8 * 60, 18 * 60))
    return (
        f"{change.path} was {had} over the day and is now {change.values[0]:g} all day; "
        f"to change some hours only, write {where} '{example}', to change all in proportion, "
        f"{where} '{change.path}*=1.2'"
    )


def _read(model: Model, text: str, where: str) -> Assignment:
    """Read a change; a text that is no number is one only where the path is that of a word."""
    change = read_assignment(text, where=where)
    is_plain = not (change.hours or change.is_factor or change.is_list)
    if is_plain and _word(model, change.path):
        return Assignment(change.path, change.value_text)
    if isinstance(change.values, str):
        raise BadInputError(f"{where} {text}", "not an assignment", FORMS)
    return change


def set_word(model: Model, path: str, word: str, *, where: str = "--set") -> Model:
    """Give the model with one of a station's words changed: `web.discipline` to `sharing`.

    Raises:
        BadInputError: no word has this path, or the field knows no such word.
    """
    found = _word(model, path)
    if not found:
        raise BadInputError(f"{where} {path}", "no such word in the model", "CHANNEL.FIELD of a station")
    channel, name, choices = found
    if word not in choices:
        raise BadInputError(f"{where} {path}", f"{word!r} cannot be set", " or ".join(choices))
    channels = tuple(
        known.model_copy(update={"station": replaced(known.station, name, word)})
        if known.name == channel
        else known
        for known in model.channels
    )
    return model.model_copy(update={"channels": channels})


def with_outage(model: Model, channel: str, starts_s: float, ends_s: float) -> Model:
    """Give the model whose channel fails every request from one second of the day to another.

    Raises:
        BadInputError: there is no such channel, or the times are impossible.
    """
    names = [known.name for known in model.channels]
    if channel not in names:
        raise BadInputError(f"outage of {channel}", "no such channel", " or ".join(names))
    if not 0 <= starts_s < ends_s:
        raise BadInputError(
            f"outage of {channel}", f"{starts_s:g} s to {ends_s:g} s", "a start before the end"
        )
    source = "what-if of the scenario"
    outage = Outage(starts_s=Number(starts_s, Grade.SET, source), ends_s=Number(ends_s, Grade.SET, source))
    channels = tuple(
        known.model_copy(update={"outages": (*known.outages, outage)}) if known.name == channel else known
        for known in model.channels
    )
    return model.model_copy(update={"channels": channels})


def resolve(model: Model, path: str, *, where: str = "--set") -> str:
    """Full path of the one number that a shortened path means.

    Raises:
        BadInputError: none or several are meant; the text names close or possible ones.
    """
    known = [full for full, _ in leaves(model)]
    if path in known:
        return path
    parts = path.split(".")
    fitting = [full for full in known if _is_shortened(parts, full.split("."))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise BadInputError(
            f"{where} {path}", f"means {len(fitting)} numbers", f"one of {', '.join(fitting[:4])} …"
        )
    close = get_close_matches(path, known, n=3, cutoff=0.3)
    hint = f"a number that `footfall show` lists, such as {', '.join(close or known[:3])}"
    raise BadInputError(f"{where} {path}", "no such number in the model", hint)


def _word(model: Model, path: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Channel, field and choices of the word that a path means: `web.discipline`, or the whole path."""
    for channel in model.channels:
        for name, choices in words(channel.station):
            if path in {f"{channel.name}.{name}", f"channels.{channel.name}.station.{name}"}:
                return channel.name, name, choices
    return None


def _is_shortened(parts: list[str], full: list[str]) -> bool:
    """Whether parts are some of full, in order, the last one last."""
    if parts[-1] != full[-1]:
        return False
    rest = iter(full)
    return all(part in rest for part in parts)


def _replaced(spec: Any, parts: list[str], change: Assignment) -> Any:  # noqa: ANN401  any part of a spec
    source = "set for this run"
    if isinstance(spec, Profile):
        return Profile(values=new_values(spec.values, change), grade=Grade.SET, source=source)
    if isinstance(spec, Curve):
        msg = "a single number: a measured curve is changed in its file"
        raise ValueError(msg)  # noqa: TRY004  `assign` makes one line of it
    if isinstance(spec, Number):
        if change.hours or change.is_list:
            msg = f"path=number: it is one number for the whole day ({spec:g}), not a profile"
            raise ValueError(msg)
        value = float(change.values[0])
        return Number(spec * value if change.is_factor else value, Grade.SET, source)
    first, rest = parts[0], parts[1:]
    if isinstance(spec, dict):
        return {
            key: _replaced(item, rest, change) if str(key) == first else item for key, item in spec.items()
        }
    if isinstance(spec, tuple):
        return tuple(
            _replaced(item, rest, change) if str(getattr(item, "name", position)) == first else item
            for position, item in enumerate(spec)
        )
    assert isinstance(spec, Spec)  # noqa: S101  `resolve` has found the path
    fields = {name: getattr(spec, name) for name in type(spec).model_fields}
    # Made anew rather than copied, so that the bounds of every field are checked again.
    return type(spec)(**fields | {first: _replaced(fields[first], rest, change)})


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

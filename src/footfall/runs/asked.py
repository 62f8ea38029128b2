"""What the command line asks of a run instead of its scenario's criteria, or in addition to them."""

from collections.abc import Sequence
from pathlib import Path

from footfall.criteria.lists import parse, read_criteria, with_episodes
from footfall.criteria.objects import Criterion
from footfall.workload.scenario import Scenario


def asked_of(
    scenario: Scenario,
    criteria: Path | None,
    more: Sequence[str | Criterion],
    longest_episode: str | None = None,
) -> Scenario:
    """Return the scenario with the criteria of a file instead of its own, if one is named, and with more.

    Raises:
        BadInputError: the file cannot be read, or a line is not a criterion.
    """
    asked = scenario.criteria if criteria is None else read_criteria(criteria)
    asked += parsed(more)
    return scenario.model_copy(update={"criteria": with_episodes(asked, longest_episode)})


def parsed(lines: Sequence[str | Criterion], where: str = "--criterion") -> tuple[Criterion, ...]:
    """Return criteria, each text parsed.

    Raises:
        BadInputError: a text is not a criterion.
    """
    return tuple(each if isinstance(each, Criterion) else parse(each, where) for each in lines)


CriteriaGiven = Sequence[str | Criterion] | Criterion | Path | str
"""A file of criteria, or criteria: objects, or texts with one a line."""


def file_or_criteria(given: CriteriaGiven | None) -> tuple[Path | None, tuple[str | Criterion, ...]]:
    """Return the file of criteria that is given, or the criteria themselves; nothing for None."""
    if given is None:
        return None, ()
    if isinstance(given, Path):
        return given, ()
    if isinstance(given, Criterion):
        return None, (given,)
    lines = given.splitlines() if isinstance(given, str) else given
    return None, tuple(each for each in lines if isinstance(each, Criterion) or each.strip())

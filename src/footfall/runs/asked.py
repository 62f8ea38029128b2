"""What the command line asks of a run instead of its scenario's criteria, or beside them."""

from collections.abc import Sequence
from pathlib import Path

from footfall.measure.grammar import declare_episodes, parse_criteria
from footfall.records.errors import BadInputError
from footfall.workload.scenario import Scenario


def asked_of(
    scenario: Scenario, criteria: Path | None, more: Sequence[str], longest_episode: str | None = None
) -> Scenario:
    """Give the scenario with the criteria of a file instead of its own, if one is named, and with more.

    Raises:
        BadInputError: the file cannot be read, or a line is no criterion.
    """
    lines = scenario.criteria
    if criteria is not None:
        where = f"--criteria {criteria}"
        try:
            text = criteria.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInputError(where, "cannot be read", "a text file") from error
        lines = tuple(each.text for each in parse_criteria(text, where))
        if not lines:
            raise BadInputError(where, "holds no criterion", "lines such as success(web.query) >= 97.8%")
    for line in more:
        if not parse_criteria(line, "--criterion"):
            raise BadInputError("--criterion", "is empty", "a line such as success(web.query) >= 97.8%")
    return scenario.model_copy(update={"criteria": declare_episodes((*lines, *more), longest_episode)})
